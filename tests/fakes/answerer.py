"""A process that answers questions and dies, with a platform that is two files.

`python -m tests.fakes.answerer kill FOLDER [URL]` begins again and again, and is
killed at one more step each time, until nothing is left to do. `… race FOLDER WORKER
[URL]` takes what there is beside another process, and prints what it answered.
"""

import asyncio
import os
import signal
import sys
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path

from bot.core.inbox import Claim, Incoming
from bot.core.model import Outcome
from bot.state.store import State, open_state
from tests.contracts.state_questions import SURFACES, a_question, a_turn, at
from tests.contracts.state_records import NOW

STEPS = 9
MINUTE = timedelta(minutes=1)


def questions(threads: int, each: int) -> list[Incoming]:
    """Return questions of some threads, in no good order."""
    return [
        a_question(f"{thread}/{number}", asked=number * 10 + thread, thread=f"{thread}")
        for number in reversed(range(each))
        for thread in range(threads)
    ]


@dataclass
class Platform:
    """What people see, and which events were acknowledged; both outlive a process."""

    folder: Path

    def show(self, line: str) -> None:
        self._append("screen", line)

    def acknowledge(self, line: str) -> None:
        self._append("acknowledged", line)

    def lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def _append(self, name: str, line: str) -> None:
        with (self.folder / name).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")


class Answerer:
    """Accepts and answers until it has done so many steps; then it is killed."""

    def __init__(self, state: State, platform: Platform, *, steps: int) -> None:
        self.state = state
        self.platform = platform
        self.steps = steps

    def step(self) -> None:
        """Come to a point at which the process may die."""
        if not self.steps:
            os.kill(os.getpid(), signal.SIGKILL)
        self.steps -= 1

    async def run(self) -> None:
        worker = f"{os.getpid()}"
        await self.state.inbox_upkeep.recover(worker, surfaces=SURFACES)
        await self.accept()
        while claim := await self.state.questions.claim(
            worker, surfaces=SURFACES, now=NOW, until=NOW + MINUTE
        ):
            self.step()
            await self.answer(claim)
            self.step()

    async def accept(self) -> None:
        """Take what the platform delivers until it is acknowledged."""
        acknowledged = self.platform.lines("acknowledged")
        for question in questions(2, 3):
            if question.event not in acknowledged:
                await self.state.questions.accept(question, now=NOW)
                self.step()
                self.platform.acknowledge(question.event)
                self.step()

    async def answer(self, claim: Claim) -> None:
        """Show the answer once, whatever an earlier process came to."""
        text = claim.staged
        if text is None:
            text = f"{claim.incoming.origin.message} {claim.attempt}回目の答え"
            await self.state.questions.stage(claim, text)
            self.step()
        if not claim.posted:
            if text not in self.platform.lines("screen"):
                self.platform.show(text)
                self.step()
            await self.state.questions.posted(claim, text)
            self.step()
        turn = a_turn(f"{claim.incoming.origin.message}", answer=text)
        await self.state.questions.finish(claim, Outcome.ANSWERED, now=NOW, turn=turn)


async def begin(folder: Path, url: str | None, steps: int) -> None:
    """Work until killed, or until all is done."""
    async with open_state(folder, clock=lambda: NOW, url=url) as state:
        await Answerer(state, Platform(folder), steps=steps).run()


def kill(folder: Path, url: str | None) -> None:
    """Begin anew until a process comes to its end, and print how many did not."""
    for number in count():
        child = os.fork()
        if not child:
            asyncio.run(begin(folder, url, number % STEPS))
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code != -signal.SIGKILL:
            print(number)
            sys.exit(code)


async def race(folder: Path, worker: str, url: str | None) -> None:
    """Answer beside another process, and print every question and attempt."""
    async with open_state(folder, clock=lambda: NOW, url=url) as state:
        await state.line.any()
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        while await state.line.any():
            claim = await state.questions.claim(
                worker, surfaces=SURFACES, now=NOW, until=at(60)
            )
            if claim is not None:
                await state.questions.finish(claim, Outcome.ANSWERED, now=NOW)
                print(claim.incoming.origin.message, claim.attempt)


def main() -> None:
    """Read the arguments and run."""
    what, folder, *rest = sys.argv[1:]
    if what == "kill":
        kill(Path(folder), rest[0] if rest else None)
    else:
        url = rest[1] if len(rest) > 1 else None
        asyncio.run(race(Path(folder), rest[0], url))


if __name__ == "__main__":
    main()
