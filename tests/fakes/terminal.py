"""Runs the command `shirube` as a person would, in a folder of its own."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from bot.commands.line import app

ALONE = {"SHIRUBE_OLLAMA__CHAT_MODEL": "none", "SHIRUBE_OLLAMA__EMBED_MODEL": "none"}
"""No model host: the rest is what is tried."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        """Everything that was printed."""
        return self.out + self.err


@dataclass(frozen=True, slots=True)
class Terminal:
    """A folder with a settings file, and the command line in it."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=lambda: dict(ALONE))

    def configure(self, text: str) -> None:
        """Write shirube.toml."""
        path = self.folder / "shirube.toml"
        path.write_text(textwrap.dedent(text), encoding="utf-8")

    def write(self, name: str, text: str) -> Path:
        """Write a file of a source."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def run(self, *words: str, given: str = "") -> Ran:
        """Run a command to its end, in this process."""
        runner = CliRunner()
        with pytest.MonkeyPatch.context() as patch, _logging_restored():
            patch.chdir(self.folder)
            for name in os.environ:
                if name.startswith("SHIRUBE_"):
                    patch.delenv(name)
            for name, value in self.variables().items():
                patch.setenv(name, value)
            result = runner.invoke(app, list(words), input=given)
        return Ran(result.exit_code, result.stdout, result.stderr)

    @contextmanager
    def started(self, *words: str) -> Iterator["subprocess.Popen[str]"]:
        """Start a command, and kill it at the end if it still runs."""
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", *words],
            cwd=self.folder,
            env=self.variables(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    stream.close()

    def shell(self, line: str) -> "subprocess.CompletedProcess[str]":
        """Run a line of bash, in which `shirube` is the command, to its end."""
        function = f'shirube() {{ "{sys.executable}" -m bot "$@"; }}; '
        return subprocess.run(
            ["bash", "-c", function + line],
            cwd=self.folder,
            env=self.variables(),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def variables(self) -> dict[str, str]:
        """Return the environment of a command."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("SHIRUBE_")
        }
        here = str(Path(__file__).parents[2])
        return kept | {"PYTHONPATH": here, "LANG": "C.UTF-8"} | dict(self.environment)


@contextmanager
def _logging_restored() -> Iterator[None]:
    # A command sets the log of its process up, which is that of all tests here.
    before = structlog.get_config()
    try:
        yield
    finally:
        structlog.configure(**before)


def interrupt(process: "subprocess.Popen[str]", *, after: float) -> Ran:
    """Press Ctrl-C after some seconds, and wait for the end."""
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return Ran(process.returncode, out, err)
