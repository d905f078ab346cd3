"""Runs the real Ollama server on a free port of the loopback interface."""

import hashlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, Signals

import httpx

VERSION = "0.24.0"

_LISTENING = re.compile(r"Listening on 127\.0\.0\.1:(\d+)")
_START = 30.0


class ServerFailedError(Exception):
    """The server did not come up; the text ends with its log."""


def cache() -> Path:
    """The folder that `.ci/servers` builds into."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("SHIRUBE_SERVERS") or home / "shirube" / "servers")


def find_binary() -> Path | None:
    """Return the server to run: the named one, the built one, the installed one."""
    if named := os.environ.get("SHIRUBE_TEST_OLLAMA"):
        return Path(named)
    built = cache() / f"ollama-{VERSION}" / "ollama"
    if built.exists():
        return built
    installed = shutil.which("ollama")
    return Path(installed) if installed else None


def find_minilm() -> Path | None:
    """Return the folder with the weights of MiniLM."""
    folder = cache() / "minilm-0.1.0"
    return folder if (folder / "model.safetensors").exists() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningOllama:
    """A server of our own, without any model at first."""

    url: str
    folder: Path
    pid: int

    def signal_runners(self, signal: Signals, /) -> None:
        """Signal the processes that hold the loaded models, one each."""
        for listed in Path(f"/proc/{self.pid}/task").glob("*/children"):
            for child in listed.read_text().split():
                os.kill(int(child), signal)

    def kill(self) -> None:
        """End the server and its models without a word to anybody."""
        self.signal_runners(SIGKILL)
        os.kill(self.pid, SIGKILL)

    def create(
        self,
        name: str,
        weights: Path,
        /,
        parameters: Mapping[str, object] | None = None,
    ) -> str:
        """Make a model of a GGUF file and return its name; replaces an older one.

        One thread, because two that wait for each other on a busy machine are a
        hundred times slower.
        """
        content = weights.read_bytes()
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        request = {
            "model": name,
            "files": {weights.name: digest},
            "parameters": {"num_thread": 1, **(parameters or {})},
            "stream": False,
        }
        with httpx.Client(base_url=self.url, trust_env=False, timeout=60) as client:
            client.post(f"/api/blobs/{digest}", content=content).raise_for_status()
            client.post("/api/create", json=request).raise_for_status()
        return name

    def remove(self, name: str, /) -> None:
        """Take a model away."""
        with httpx.Client(base_url=self.url, trust_env=False, timeout=60) as client:
            client.request(
                "DELETE", "/api/delete", json={"model": name}
            ).raise_for_status()


@contextmanager
def running(
    binary: Path, folder: Path, /, *, port: int = 0, **settings: str
) -> Iterator[RunningOllama]:
    """Start a server that keeps everything in `folder`, and stop it at the end.

    Settings are variables of its environment; port 0 is any that is free.
    """
    log = folder / "ollama.log"
    environment = {
        "HOME": str(folder),
        "PATH": os.environ.get("PATH", ""),
        "OLLAMA_HOST": f"127.0.0.1:{port}",
        "OLLAMA_MODELS": str(folder / "models"),
        "OLLAMA_NO_CLOUD": "1",
        "OLLAMA_NUM_PARALLEL": "1",
        "OLLAMA_MAX_LOADED_MODELS": "4",
        **settings,
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [binary, "serve"], env=environment, stdout=output, stderr=output
        )
    try:
        url = f"http://127.0.0.1:{_port(process, log)}"
        yield RunningOllama(url=url, folder=folder, pid=process.pid)
    finally:
        _stop(process)


def _port(process: "subprocess.Popen[bytes]", log: Path) -> int:
    """Read the port that the server chose from its log."""
    end = time.monotonic() + _START
    while time.monotonic() < end and process.poll() is None:
        if found := _LISTENING.search(log.read_text(errors="replace")):
            return int(found[1])
        time.sleep(0.02)
    raise ServerFailedError(log.read_text(errors="replace")[-2000:])


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
