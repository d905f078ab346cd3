"""Weighs `serve` before the fake Slack, at rest and over 2,000 questions.

python -m tests.bench slack_memory [--questions 2000] [--flood 500]

Once with the index in memory, once with the embedded one, without a model. Eight
people ask at a time until that is answered; then the next ones do, in other channels.
In the end one person asks very often. Fails when the second half of the questions
leaves more behind than is measured by chance, or when more of the flood is open than
one person may have.
"""

import argparse
import asyncio
import sys
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tests.bench.idle import megabytes
from tests.bench.slack_firm import QUESTIONS, rows, settle
from tests.fakes.slack import Clock, Slack, slack_server
from tests.fakes.slack.model import Channel
from tests.fakes.slack_house import SlackHouse, synced
from tests.fakes.slack_process import PATIENCE, answers, listening, process

BACKENDS = ("memory", "lance")
ASKED = (QUESTIONS[0], *[QUESTIONS[-1], "来年の社員旅行の行き先はどこですか？"] * 5)
"""One in eleven has an answer: that takes an edit, and Slack allows 50 a minute."""

PEOPLE = 400
AT_ONCE = 8
REST = 10.0
SAMPLES = 20
MAY_BE_OPEN = 2
LIMIT = 10.0
"""Megabytes per 1,000 questions; the allocator alone moves by as much as half."""


@dataclass(slots=True)
class Weighing:
    """Asks one question after the other, and weighs the process now and then."""

    slack: Slack
    people: list[str]
    rooms: list[Channel]
    pid: int
    asked: int = 0
    weights: list[tuple[int, float]] = field(default_factory=list)

    async def ask(self, number: int) -> None:
        """Ask a question and wait for its answer."""
        who = self.people[number % len(self.people)]
        room = self.rooms[number % len(self.rooms)]
        text = ASKED[number % len(ASKED)]
        said = await self.slack.say(who, room, f"@shirube {text}")
        await self.slack.until(lambda: answers(self.slack, said), within=PATIENCE)

    async def run(self, questions: int) -> None:
        """Ask so many questions, some at a time."""
        numbers = iter(range(questions))
        every = max(1, questions // SAMPLES)

        async def one_after_the_other() -> None:
            for number in numbers:
                await self.ask(number)
                self.asked += 1
                if self.asked % every == 0:
                    self.weights.append((self.asked, megabytes(self.pid)))

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(one_after_the_other())

    async def flood(self, questions: int) -> None:
        """Have one person ask so many questions, and wait until all are taken."""
        for number in range(questions):
            text = ASKED[number % len(ASKED)]
            await self.slack.say(self.people[0], self.rooms[0], f"@shirube {text}")
        await self.slack.until(
            lambda: all(sent.acked for sent in self.slack.deliveries_of("app_mention")),
            within=10 * PATIENCE,
        )

    def slope(self) -> float:
        """Return by how many megabytes 1,000 questions of the second half add."""
        later = self.weights[len(self.weights) // 2 :]
        asked, weights = zip(*later, strict=True)
        steepness, _ = np.polyfit(asked, weights, 1)
        return float(1_000 * steepness)


async def weighed(folder: Path, backend: str, wanted: argparse.Namespace) -> bool:
    """Serve, rest, ask, print, and say whether it stays as heavy as it is."""
    async with slack_server(clock=Clock(ticking=True)) as slack:
        slack.tiers.enforced = False
        people, rooms = settle(slack, PEOPLE)
        house = SlackHouse(folder, slack)
        house.configure()
        async with process(house, folder / "serve.log") as serving:
            await listening(slack)
            await asyncio.sleep(REST)
            idle = megabytes(serving.pid)
            weighing = Weighing(slack, people, rooms, serving.pid)
            await weighing.run(wanted.questions)
            before = megabytes(serving.pid)
            await weighing.flood(wanted.flood)
            left = sum(row.outcome is None for row in rows(folder))
            after = megabytes(serving.pid)
    slope = weighing.slope()
    print(f"{backend}: {idle:.0f} MB at rest")
    for asked, weight in weighing.weights[1::2]:
        print(f"  after {asked:5} questions {weight:6.1f} MB")
    print(f"  second half: {slope:+.1f} MB per 1,000 questions")
    print(
        f"  a flood of {wanted.flood}: {after - before:+.1f} MB, {left} open after it"
    )
    sys.stdout.flush()
    return slope < LIMIT and left <= MAY_BE_OPEN


def main(arguments: list[str]) -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=2_000)
    parser.add_argument("--flood", type=int, default=500)
    wanted = parser.parse_args(arguments)
    well = True
    for backend in BACKENDS:
        with TemporaryDirectory() as name:
            folder = synced(Path(name) / "会社", backend=backend)
            well &= asyncio.run(weighed(folder, backend, wanted))
    return int(not well)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
