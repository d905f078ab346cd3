"""`shirube serve` with a platform of the tests, as a process of its own.

`python -m tests.fakes.served FOLDER SECONDS [WORD]`: the settings lie in FOLDER, the
lease lasts SECONDS, and WORD says how the platform behaves.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from bot.app import App
from bot.commands.serve import served
from bot.commands.terminal import guarded
from bot.core.errors import ConfigError, Conflict, Unavailable
from bot.core.inbox import Kind
from bot.core.model import Outcome
from bot.core.ports import Tenure
from bot.ops import readiness
from bot.state.store import uptime
from bot.telemetry.metrics import Metrics

EVERY = 0.01
LOOKING = 0.5
SENDING = 0.5
"""Seconds that a send may take."""

BLOCKED = 2.5
ANSWERING = 1.0


class Board:
    """A wall that everybody writes to, who did and when: it shows two senders."""

    name = "board"

    def __init__(self, wall: Path, word: str, metrics: Metrics) -> None:
        self._wall = wall
        self._word = word
        self._metrics = metrics
        self._runs = 0
        self._answered = asyncio.Event()

    async def run(self, tenure: Tenure, /) -> None:
        """Send as often as the tenure allows."""
        self._runs += 1
        self._behave()
        self._metrics.question_opened(self.name)
        while True:
            with suppress(Conflict):
                async with tenure.sending(SENDING):
                    self._write("sent")
            await asyncio.sleep(EVERY)

    async def drain(self) -> None:
        """Answer the question that is open."""
        await asyncio.sleep(600 if self._word == "endless" else ANSWERING)
        self._metrics.question_finished(
            self.name, Outcome.ANSWERED, asked=Kind.MENTION, seconds=ANSWERING
        )
        self._write("answered")

    def troubles(self) -> Sequence[str]:
        """Say that all is well."""
        return ()

    def _behave(self) -> None:
        match self._word:
            case "unreachable" if self._runs == 1:
                raise Unavailable("the board cannot be reached")
            case "refused":
                raise ConfigError("board.token was revoked; set another one")
            case "broken":
                raise LookupError("a mistake in the code")
            case "blocking":
                asyncio.get_running_loop().call_later(0.5, time.sleep, BLOCKED)

    def _write(self, what: str) -> None:
        line = {"pid": os.getpid(), "at": uptime(), "what": what}
        file = os.open(self._wall, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, (json.dumps(line) + "\n").encode())
        os.close(file)


def main() -> None:
    """Serve until a signal comes."""
    folder, seconds, word = Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3]

    def plug(_: App, metrics: Metrics) -> Board:
        return Board(folder / "wall.jsonl", word, metrics)

    readiness.EVERY = LOOKING
    config = folder / "shirube.toml"
    plugs = [] if word == "alone" else [plug]
    sys.exit(guarded(lambda: served(config, plugs=plugs, lease_seconds=seconds)))


if __name__ == "__main__":
    main()
