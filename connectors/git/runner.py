"""Runs git: argument lists only, with limits, and with errors people understand."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from connectors.errors import SourceDenied, SourceError, SourceUnavailable
from connectors.git.environment import Access, environment

_TICK = 0.1
_PASSWORD = re.compile(r"(?<=://)[^/@\s]+@")
_NOISE = re.compile(
    r"^fatal: Could not read from remote repository\.$|"
    r"^Please make sure you have the correct access rights$|"
    r"^and the repository exists\.$|"
    r"^(?:fatal|error|remote|ERROR): ",
    re.MULTILINE,
)
_DENIED = re.compile(
    r"authentication failed|could not read (?:username|password)|permission denied|"
    r"access denied|returned error: 40[13]|host key verification failed|"
    r"dubious ownership",
    re.IGNORECASE,
)
_ADVICE = (
    (
        "prerequisite commits",
        "the bundle holds only a part; make a whole one with --all",
    ),
    ("shallow", "the copy is shallow; run git fetch --unshallow where it is made"),
    ("host key", "add the host to options.known_hosts"),
    ("dubious ownership", "let the account of this process own the repository"),
    ("could not resolve", "check the address, and the network of this machine"),
    ("failed to connect", "check the address, and the network of this machine"),
    ("returned error: 30", "the address moved; use the one it leads to"),
    ("redirect", "the address moved; use the one it leads to"),
    ("certificate", "name the certificate of your authority in options.ca_file"),
    ("not found", "check the address, and the rights of the token"),
    ("early eof", "the transfer broke off; sync again, or make the bundle again"),
    ("not appear to be a git", "give a repository, bare or not, or a bundle"),
    ("invalid gitfile", "give a repository, bare or not, or a bundle"),
    ("bundle", "the bundle is broken; make it again with git bundle create"),
    ("object", "if its copy is damaged, delete '*.git' in the cache of this source"),
    ("packfile", "if its copy is damaged, delete '*.git' in the cache of this source"),
    ("no space left", "make room on the disk of the cache"),
)


class Git:
    """Runs git for one source; closing it ends what still runs.

    `trusted` names repositories of other accounts that may be read all the same.
    """

    def __init__(
        self,
        source: str,
        access: Access,
        *,
        stop: threading.Event,
        trusted: Sequence[Path] = (),
    ) -> None:
        self._source = source
        self._access = access
        self._stop = stop
        self._running: list[subprocess.Popen[bytes]] = []
        self._folder = tempfile.TemporaryDirectory(prefix="shirube-git-")
        home = Path(self._folder.name)
        lines = [f'\tdirectory = "{_quoted(path)}"\n' for path in trusted]
        (home / "gitconfig").write_text("".join(["[safe]\n", *lines]), encoding="utf-8")
        self._home = home
        self._environment = environment(access, home)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every process and remove the temporary folder; twice if asked."""
        while self._running:
            _kill(self._running.pop())
        self._folder.cleanup()

    def check_stop(self) -> None:
        """Raise `SourceUnavailable` once the run is to stop."""
        if self._stop.is_set():
            raise self.unavailable("stopped")

    def unavailable(self, told: str, /) -> SourceUnavailable:
        """Return an error that names the source."""
        return SourceUnavailable(f"source '{self._source}': {told}")

    def run(self, *arguments: str, seconds: float = 60) -> bytes:
        """Run git to its end and return its output; raises `SourceError`."""
        self.check_stop()
        process = self._start(arguments, stderr=subprocess.PIPE)
        try:
            output, errors = self._communicate(process, arguments[0], seconds)
        finally:
            _kill(process)
        if process.returncode:
            raise self._explained(errors.decode("utf-8", "backslashreplace"))
        return output

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start git with pipes to talk to; `close` ends it."""
        process = self._start(arguments, stderr=subprocess.DEVNULL)
        self._running.append(process)
        return process

    def _start(self, arguments: Sequence[str], stderr: int) -> subprocess.Popen[bytes]:
        git = shutil.which("git")
        if git is None:
            raise self.unavailable("git is not installed; install it on this machine")
        return subprocess.Popen(  # noqa: S603 - a fixed program, every name checked
            [git, *arguments],
            cwd=self._home,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
        )

    def _communicate(
        self, process: subprocess.Popen[bytes], command: str, seconds: float
    ) -> tuple[bytes, bytes]:
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.communicate(timeout=_TICK)
            self.check_stop()
            if time.monotonic() > deadline:
                raise self.unavailable(
                    f"git {command} took longer than {seconds:g} seconds; "
                    "raise options.timeout if the repository is that large"
                )

    def _explained(self, errors: str) -> SourceError:
        text = self.scrubbed(errors)
        lines = [line.strip() for line in _NOISE.sub("", text).splitlines()]
        told = " ".join(line for line in lines if line)[:300] or "git failed"
        lower = text.lower()
        advice = next((say for sign, say in _ADVICE if sign in lower), None)
        if _DENIED.search(text):
            say = advice or "check options.token or options.ssh_key, and their rights"
            return SourceDenied(f"source '{self._source}': {told}; {say}")
        return self.unavailable(f"{told}; {advice}" if advice else told)

    def scrubbed(self, text: str, /) -> str:
        """Return a text of git's without anything secret."""
        for secret in self._access.secrets:
            text = text.replace(secret, "***")
        return _PASSWORD.sub("", text)


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process with everything it started, which may hold its pipes open."""
    if process.returncode is None:  # not waited for: the number is still its own
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
