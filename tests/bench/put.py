"""Measures what it costs to put one document into a small and a large index.

`python -m tests.bench.put [--small 10000] [--large 300000]`; takes some minutes.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from bot.backends.lance import open_index
from bot.core.model import Generation
from bot.core.ports import ChunkStore
from tests.bench.index_corpus import Corpus, fill, generation, quantile

DIMENSIONS = 64
"""Small vectors: the large index is built in minutes, and a put is a put."""

WARM_UP = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An index of some size, and how long each put into it took."""

    chunks: int
    store: ChunkStore
    seconds: list[float]

    async def put(self, build: Generation, corpus: Corpus, number: int) -> None:
        """Put one more document and keep the time."""
        records = corpus.document(10_000_000 + number)
        start = time.perf_counter()
        await self.store.put(build, records)
        self.seconds.append(time.perf_counter() - start)


async def run(folder: Path, sizes: Sequence[int], rounds: int) -> None:
    """Build an index of every size, put by turns, print."""
    build, corpus = generation(DIMENSIONS), Corpus(DIMENSIONS)
    candidates = []
    async with AsyncExitStack() as stack:
        for chunks in sizes:
            index = await stack.enter_async_context(open_index(folder / str(chunks)))
            await index.create(build)
            start = time.perf_counter()
            await fill(index, build, corpus, chunks)
            await index.maintain(build)
            print(f"{chunks} chunks built in {time.perf_counter() - start:.0f} s")
            candidates.append(Candidate(chunks=chunks, store=index, seconds=[]))
        for number in range(WARM_UP + rounds):
            for candidate in candidates:
                await candidate.put(build, corpus, number)
    print(f"{'chunks':>10}{'p50 ms':>10}{'p95 ms':>10}{'p50 ratio':>12}")
    smallest = quantile(candidates[0].seconds[WARM_UP:], 0.5)
    for candidate in candidates:
        seconds = candidate.seconds[WARM_UP:]
        middle, high = quantile(seconds, 0.5), quantile(seconds, 0.95)
        ratio = middle / smallest
        print(f"{candidate.chunks:10}{middle:10.1f}{high:10.1f}{ratio:12.2f}")


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=80)
    arguments = parser.parse_args()
    sizes = (arguments.small, arguments.large)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder), sizes, arguments.rounds))


if __name__ == "__main__":
    main()
