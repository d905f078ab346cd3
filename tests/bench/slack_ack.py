"""Asks 50 questions a second in Slack while a sync runs, and waits for the acks.

python -m tests.bench slack_ack [--rate 50] [--seconds 20] [--postgres]

`shirube serve` answers meanwhile, on SQLite or a PostgreSQL of its own, without a
model. Fails when one ack in a hundred takes a second or when a question is not in the
inbox.
"""

import argparse
import asyncio
import math
import sqlite3
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

from tests.bench.idle import megabytes
from tests.bench.slack_firm import QUESTIONS, percentile, rows, settle
from tests.fakes import postgres_server
from tests.fakes.slack import Clock, Slack, slack_server
from tests.fakes.slack.delivery import Delivery
from tests.fakes.slack.model import Channel, Message
from tests.fakes.slack_house import SlackHouse, synced
from tests.fakes.slack_process import answers, environment, listening, process

Stored: TypeAlias = Callable[[], Collection[str]]
"""Returns the messages that are in the inbox."""

SCHEMA = "ack"
PEOPLE = 900
COMMITS = 200
LIMIT = 1.0
PATIENCE = 400.0
ENDING = 30.0
"""Seconds after which one looks how much waits for its answer."""


@dataclass(slots=True)
class Crowd:
    """People who ask all at once."""

    slack: Slack
    people: list[str]
    rooms: list[Channel]
    asked: list[Message] = field(default_factory=list)

    async def ask(self, number: int) -> None:
        """Ask one question."""
        who = self.people[number % len(self.people)]
        room = self.rooms[number % len(self.rooms)]
        text = QUESTIONS[number % len(QUESTIONS)]
        self.asked.append(await self.slack.say(who, room, f"@shirube {text}"))

    async def rush(self, rate: int, seconds: float) -> None:
        """Ask so many questions a second, whatever becomes of them."""
        begun = time.monotonic()
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
            await self.ask(number)

    def heard(self) -> bool:
        """Whether everything was acknowledged, or given up after four attempts."""
        return all(sent.acked or sent.given_up for sent in self.mentions())

    def mentions(self) -> list[Delivery]:
        """Return what was delivered."""
        return self.slack.deliveries_of("app_mention")


async def syncing(folder: Path, done: list[float]) -> None:
    """Read all documents anew, again and again, until cancelled."""
    while True:
        begun = time.monotonic()
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "sync", "--rebuild"),
            cwd=folder,
            env=environment(),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            await running.wait()
        finally:
            if running.returncode is None:
                running.kill()
                await running.wait()
        done.append(time.monotonic() - begun)


def bare_commits(folder: Path) -> list[float]:
    """Return how long the commit of one row takes, on that disk, with nothing else."""
    took = []
    with closing(sqlite3.connect(folder / "bare.db", isolation_level=None)) as bare:
        bare.execute("PRAGMA journal_mode = WAL")
        bare.execute("PRAGMA synchronous = FULL")
        bare.execute("CREATE TABLE questions (text TEXT)")
        for _ in range(COMMITS):
            begun = time.monotonic()
            bare.execute("BEGIN IMMEDIATE")
            bare.execute("INSERT INTO questions VALUES (?)", ["有給" * 100])
            bare.execute("COMMIT")
            took.append(time.monotonic() - begun)
    return took


async def measured(
    house: SlackHouse, crowd: Crowd, stored: Stored, wanted: argparse.Namespace
) -> bool:
    """Ask, print, and say whether it was good enough."""
    slack, syncs = house.slack, list[float]()
    async with process(house, house.folder / "serve.log") as serving:
        await listening(slack)
        async with asyncio.TaskGroup() as group:
            sync = group.create_task(syncing(house.folder, syncs))
            begun = time.monotonic()
            await crowd.rush(wanted.rate, wanted.seconds)
            took = time.monotonic() - begun
            await slack.until(crowd.heard, within=PATIENCE)
            sync.cancel()
        heaviest = megabytes(serving.pid)
        await asyncio.sleep(ENDING)
        waiting = sum(not answers(slack, said) for said in crowd.asked)
    waits = [
        (sent.acked_at or math.inf) - sent.attempts[0].at for sent in crowd.mentions()
    ]
    known = stored()
    lost = sum(said.ts not in known for said in crowd.asked)
    bare = 1000 * percentile(bare_commits(house.folder), 0.5)
    print(f"{len(waits)} questions in {took:.1f} s, {len(syncs)} whole syncs meanwhile")
    shares = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)]
    for name, share in shares:
        print(f"ack {name}   {1000 * percentile(waits, share):7.0f} ms")
    print(f"a bare commit on that disk {bare:.2f} ms")
    again = sum(len(d.attempts) > 1 for d in crowd.mentions())
    print(f"delivered again {again}, not in the inbox {lost}")
    print(f"still waiting for their answer {ENDING:.0f} s later: {waiting}")
    print(f"serve had {heaviest:.0f} MB when the last was acknowledged")
    return percentile(waits, 0.99) < LIMIT and not lost


async def run(folder: Path, stored: Stored, wanted: argparse.Namespace) -> bool:
    """Set up a Slack with a large firm and measure."""
    async with slack_server(clock=Clock(ticking=True)) as slack:
        slack.tiers.enforced = False
        people, rooms = settle(slack, PEOPLE)
        house = SlackHouse(folder, slack)
        house.configure()
        crowd = Crowd(slack, people, rooms)
        return await measured(house, crowd, stored, wanted)


@contextmanager
def installed(*, server: bool) -> Iterator[tuple[Path, Stored]]:
    """Make a folder whose documents were read, with the state in it or on a server."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory())) / "会社"
        if not server:
            synced(folder)
            yield folder, lambda: {row.message for row in rows(folder)}
            return
        binaries = postgres_server.find_binaries()
        if binaries is None:
            raise SystemExit("no PostgreSQL: apt-get install postgresql")
        postgres = stack.enter_context(postgres_server.running(binaries))
        postgres.make_schema(SCHEMA)
        synced(folder, state=postgres.url(SCHEMA))
        asked = f"SELECT message FROM {SCHEMA}.questions"
        yield folder, lambda: postgres.tell(asked).split()


def main(arguments: list[str]) -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--postgres", action="store_true")
    wanted = parser.parse_args(arguments)
    with installed(server=wanted.postgres) as (folder, stored):
        return int(not asyncio.run(run(folder, stored, wanted)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
