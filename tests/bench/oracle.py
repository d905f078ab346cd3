"""Tells whether time tells that there is a document which may not be seen.

python -m tests.bench oracle [--runs 200]

Three installations with as many documents each: in one of them some documents that
nobody may see are about what is asked, in the other two about something else. They are
asked in turn. What comes must be the same, and how long it takes must not tell the
first from the second better than the second from its twin, within what noise makes.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bot import telemetry
from bot.backends import lance
from bot.core.model import Declined, Finished
from tests.fakes.house import House, house
from tests.fakes.source import MemorySource, Page

OPEN, HIDDEN = 200, 40
BOARD = (frozenset({"grp:board"}),)
QUESTIONS = ("出張の宿泊費はいくらまでですか", "合併の相手はどの会社ですか")
NOISE = 0.1


def pages(topic: str) -> dict[str, Page]:
    """Return open documents, and hidden ones about a topic."""
    shown = {
        f"p{n}": Page(f"規程{n}", f"第{n}条。出張の宿泊費は1泊{n}千円までとする。")
        for n in range(OPEN)
    }
    hidden = {
        f"h{n}": Page(f"覚書{n}", f"{topic}。覚書の第{n}項に定める。", BOARD)
        for n in range(HIDDEN)
    }
    return shown | hidden


def said(ended: Finished | Declined) -> str:
    """Return what somebody reads."""
    return ended.text if isinstance(ended, Declined) else ended.answer.text


def told_apart(first: list[float], second: list[float]) -> float:
    """Return how often the slower one is of the second kind; 0.5 by chance."""
    pairs = [(one < other) + (one == other) / 2 for one in first for other in second]
    return sum(pairs) / len(pairs)


async def measured(homes: Sequence[House], text: str, runs: int) -> bool:
    """Ask all of them in turn; print, and say whether they are alike."""
    times: list[list[float]] = [[] for _ in homes]
    heard: set[str] = set()
    for run in range(runs):
        for place in range(len(homes)):
            which = (place + run) % len(homes)
            begun = time.perf_counter()
            heard.add(said(await homes[which].ask(text)))
            times[which].append(time.perf_counter() - begun)
    hidden, other, twin = times
    chance, noise = told_apart(hidden, other), told_apart(other, twin)
    medians = ", ".join(f"{1_000 * median(each):.1f}" for each in times)
    print(f"{text}: {len(heard)} answer(s); medians {medians} ms")
    print(f"  guessed right: {chance:.1%}; the same of the twins: {noise:.1%}")
    return len(heard) == 1 and abs(chance - 0.5) <= abs(noise - 0.5) + NOISE


async def run(folder: Path, runs: int) -> bool:
    """Read the libraries and ask them."""
    about, other = "合併の相手は甲社である", "駐車場の区画は乙番である"
    async with AsyncExitStack() as stack:
        homes = []
        for number, topic in enumerate((about, other, other)):
            place = folder / f"{number}"
            index = await stack.enter_async_context(lance.open_index(place / "索引"))
            home = await stack.enter_async_context(house(place, index=index))
            await home.sync(MemorySource(pages(topic)))
            homes.append(home)
        alike = [await measured(homes, question, runs) for question in QUESTIONS]
    return all(alike)


def main(arguments: list[str]) -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    wanted = parser.parse_args(arguments)
    telemetry.set_up(verbose=False)
    with TemporaryDirectory() as name:
        return int(not asyncio.run(run(Path(name), wanted.runs)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
