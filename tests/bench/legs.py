"""Compares retrieval with both raw searches of the vendor's client, in the same run.

Checked are both searches, fused and held against the catalogue; retrieval also
condenses the question before, chooses passages and says how sure it is.

`python -m tests.bench legs [--backend lance|weaviate] [--chunks 13000 100000]
[--rounds 100] [--keep FOLDER]`; several sizes are asked by turns.
"""

import argparse
import asyncio
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from bot.answering.concurrently import together
from bot.core.model import Generation, Vector
from bot.core.ports import PassageIndex
from tests.bench import sites
from tests.bench.engines import LIMIT, Ask, Engine, opened
from tests.bench.index_corpus import READER, Corpus, quantile
from tests.bench.sites import DIMENSIONS, Wanted

WARM_UP = 20


def port_calls(index: PassageIndex, generation: Generation) -> Ask:
    """Return both searches, side by side, through the port."""

    async def ask(tokens: Sequence[str], vector: Vector) -> object:
        return await together(
            index.search_lexical(generation, tokens, principals=READER, limit=LIMIT),
            index.search_vector(generation, vector, principals=READER, limit=LIMIT),
        )

    return ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """An index of some size with its state, and the ways to ask it."""

    chunks: int
    ways: Mapping[str, Ask]
    seconds: defaultdict[str, list[float]]

    async def ask(self, tokens: Sequence[str], vector: Vector) -> None:
        """Ask the same in every way and keep the times."""
        for name, ask in self.ways.items():
            start = time.perf_counter()
            await ask(tokens, vector)
            self.seconds[name].append(time.perf_counter() - start)


async def site(
    stack: AsyncExitStack, engine: Engine, folder: Path, chunks: int
) -> Site:
    """Open index and state of that size, and build them if they are not there."""
    name = str(chunks)
    wanted = Wanted(folder=folder, name=name, chunks=chunks, corpus=Corpus(DIMENSIONS))
    built = await sites.built(stack, engine, wanted)
    ways = {
        "raw legs": await engine.raw_legs(name, built.generation, READER),
        "port calls": port_calls(built.index, built.generation),
        "checked": sites.checked(built, READER),
        "retrieval": sites.retrieval(built, READER),
    }
    return Site(chunks=chunks, ways=ways, seconds=defaultdict(list))


async def run(
    engine_name: str, folder: Path, sizes: Sequence[int], rounds: int
) -> None:
    """Open or build every size, ask all of them by turns, print."""
    corpus = Corpus(DIMENSIONS, seed=2)
    async with opened(engine_name, folder) as engine, AsyncExitStack() as stack:
        sites = [await site(stack, engine, folder, chunks) for chunks in sizes]
        for number in range(WARM_UP + rounds):
            tokens, vector = list(dict.fromkeys(corpus.tokens(12))), corpus.vector()
            for one in sites:
                if number == WARM_UP:
                    one.seconds.clear()
                await one.ask(tokens, vector)
    for one in sites:
        report(engine_name, one)
    if len(sites) > 1:
        smallest, largest = (
            quantile(one.seconds["retrieval"], 0.5) for one in (sites[0], sites[-1])
        )
        print(f"growth of the p50 of retrieval: {largest / smallest:.2f}")


def report(engine: str, site: Site) -> None:
    """Print a line for every way."""
    print(f"{engine}, {site.chunks} chunks, {DIMENSIONS} dimensions, 4 access layers")
    print(f"{'':12}{'p50 ms':>10}{'p95 ms':>10}{'p50 / raw':>12}{'p95 / raw':>12}")
    raw = site.seconds["raw legs"]
    for name, values in site.seconds.items():
        middle, high = quantile(values, 0.5), quantile(values, 0.95)
        print(
            f"{name:12}{middle:10.1f}{high:10.1f}"
            f"{middle / quantile(raw, 0.5):12.2f}{high / quantile(raw, 0.95):12.2f}"
        )


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", choices=("lance", "weaviate"), default="lance")
    parser.add_argument("--chunks", type=int, nargs="+", default=[13_000])
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--keep", type=Path, help="build here once, and ask again")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        asyncio.run(run(arguments.backend, folder, arguments.chunks, arguments.rounds))


if __name__ == "__main__":
    main()
