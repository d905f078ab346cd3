"""Processes that serve, in a folder of their own, and what they did to the wall."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

SECONDS = 2.0
"""How long the lease lasts here."""

PATIENCE = 25.0
COMMAND = (sys.executable, "-m", "tests.fakes.served")
SETTINGS = """\
[index]
backend = "memory"

[ollama]
chat_model = "none"
embed_model = "none"

[serve]
port = 0
"""


@dataclass(frozen=True, slots=True)
class Served:
    """A process that serves, and what it logged."""

    process: "subprocess.Popen[bytes]"
    log: Path

    def lines(self, event: str) -> list[dict[str, object]]:
        """Everything of one kind that it logged."""
        written = self.log.read_text(encoding="utf-8").splitlines()
        read = [json.loads(line) for line in written if line.startswith("{")]
        return [line for line in read if line["event"] == event]

    def logged(self, event: str, *, times: int = 1) -> dict[str, object]:
        """Wait for a line of the log."""
        until(lambda: len(self.lines(event)) >= times, log=self.log)
        return self.lines(event)[times - 1]

    def get(self, path: str, *, patience: float = 5.0) -> tuple[int, str]:
        """Ask it over HTTP."""
        port = self.logged("serve.listening")["port"]
        try:
            with urlopen(f"http://127.0.0.1:{port}/{path}", timeout=patience) as got:
                return got.status, got.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()

    def ready(self) -> dict[str, object]:
        """What it says of itself."""
        status, body = self.get("readyz")
        said: dict[str, object] = json.loads(body)
        assert (status == 200) is said["ready"]
        return said

    def part(self, name: str) -> str:
        """What it says of one of its parts; nothing before it has looked."""
        parts: dict[str, Any] = json.loads(self.get("readyz")[1])["parts"]
        return str(parts[name]["text"]) if name in parts else ""

    def reasons(self) -> list[str]:
        reasons = self.ready()["reasons"]
        assert isinstance(reasons, list)
        return reasons

    def alive(self) -> bool:
        """Whether it answers a probe in time."""
        try:
            return self.get("healthz", patience=0.5)[0] == 200
        except TimeoutError:
            return False

    def tell(self, what: signal.Signals) -> None:
        self.process.send_signal(what)

    def ended(self) -> int:
        """Wait for its end; returns how it ended."""
        return self.process.wait(timeout=PATIENCE)


@dataclass(frozen=True, slots=True)
class House:
    """A folder with settings, in which processes serve."""

    folder: Path
    url: str | None = None

    @contextmanager
    def served(self, word: str = "well", **variables: str) -> Iterator[Served]:
        """Start a process; it is killed at the end if it still runs."""
        log = self.folder / f"{time.monotonic_ns()}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [*COMMAND, str(self.folder), str(SECONDS), word],
                env=self._environment() | variables,
                cwd=self.folder,
                stderr=file,
            )
        try:
            yield Served(process, log)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()

    def sent(self) -> list[tuple[int, float]]:
        """Who sent something, and when."""
        return [
            (line["pid"], line["at"]) for line in self._wall() if line["what"] == "sent"
        ]

    def answered(self) -> list[int]:
        return [line["pid"] for line in self._wall() if line["what"] == "answered"]

    def sender(self) -> int | None:
        """Who sends now."""
        before = len(self.sent())
        time.sleep(0.1)
        new = {pid for pid, _ in self.sent()[before:]}
        assert len(new) <= 1
        return new.pop() if new else None

    def _wall(self) -> list[dict[str, Any]]:
        wall = self.folder / "wall.jsonl"
        if not wall.exists():
            return []
        return [json.loads(line) for line in wall.read_text().splitlines()]

    def _environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("SHIRUBE_")
        }
        here = str(Path(__file__).parents[2])
        kept |= {"PYTHONPATH": here, "LANG": "C.UTF-8"}
        return kept | ({"SHIRUBE_STATE__URL": self.url} if self.url else {})


def until(holds: Callable[[], bool], *, log: Path | None = None) -> None:
    """Wait until something holds."""
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(log.read_text() if log else "it never did")
        time.sleep(0.02)


def turns(house: House) -> list[int]:
    """Who sent, in the order of time; each is there once for every turn it had."""
    order: list[int] = []
    for pid, _ in sorted(house.sent(), key=lambda line: line[1]):
        if not order or order[-1] != pid:
            order.append(pid)
    return order
