"""Syncs a small index again and again, and watches memory and files.

`MALLOC_ARENA_MAX=2 python -m tests.bench.soak [--documents 2000] [--seconds 100]`

Without the setting, glibc keeps several hundred MB of freed memory in its arenas.
"""

import argparse
import asyncio
import resource
import tempfile
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np

from bot.backends.lance import open_index, upkeep
from bot.backends.lance.index import LanceIndex
from bot.core.model import Generation, Revision, document_id
from tests.bench.index_corpus import READER, Corpus, fill, generation

DIMENSIONS = 128
CACHE = 64 * 2**20
"""A small cache is full soon, so that a short run shows what comes after that."""

CHANGED = 10
"""Documents that a small sync changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """How the process and the folder stood after some syncs."""

    syncs: int
    megabytes: float
    files: int
    milliseconds: float


async def forget_all(revisions: Collection[Revision]) -> frozenset[Revision]:
    """Answer as a catalogue in which none of them is live."""
    del revisions
    return frozenset()


async def sync(
    index: LanceIndex, build: Generation, corpus: Corpus, number: int, documents: int
) -> None:
    """Put new revisions of a few documents, drop the old ones, keep up, ask."""
    changed = [(number * CHANGED + n) % documents for n in range(CHANGED)]
    revision = 2 + number * CHANGED // documents
    for document in changed:
        await index.put(build, corpus.document(document, revision))
    old = [(document_id("bench", str(n)), revision - 1) for n in changed]
    await index.collect(build, old, kept=forget_all)
    await index.maintain(build)
    for _ in range(10):
        await index.search_lexical(
            build, corpus.tokens(12), principals=READER, limit=100
        )
        await index.search_vector(build, corpus.vector(), principals=READER, limit=100)


def sample(folder: Path, syncs: int, seconds: float) -> Sample:
    """Look at the process (as Linux shows it) and the folder."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Sample(
        syncs=syncs,
        megabytes=pages * resource.getpagesize() / 2**20,
        files=sum(path.is_file() for path in folder.rglob("*")),
        milliseconds=seconds * 1000,
    )


async def run(folder: Path, documents: int, seconds: float) -> list[Sample]:
    """Sync until the time is up and return a sample for every tenth sync."""
    build, corpus = generation(DIMENSIONS), Corpus(DIMENSIONS)
    samples: list[Sample] = []
    end = time.perf_counter() + seconds
    async with open_index(folder, cache=CACHE) as index:
        await index.create(build)
        await fill(index, build, corpus, documents * 5)
        await index.maintain(build)
        number = 0
        while time.perf_counter() < end:
            start = time.perf_counter()
            await sync(index, build, corpus, number, documents)
            number += 1
            if number % 10 == 0:
                taken = time.perf_counter() - start
                samples.append(await asyncio.to_thread(sample, folder, number, taken))
    return samples


def report(samples: Sequence[Sample]) -> None:
    """Print some samples and the slope of the second half."""
    print(f"{'syncs':>8}{'RSS MB':>10}{'files':>8}{'sync ms':>10}")
    for entry in samples[:: max(1, len(samples) // 12)]:
        print(
            f"{entry.syncs:8}{entry.megabytes:10.0f}{entry.files:8}"
            f"{entry.milliseconds:10.0f}"
        )
    later = samples[len(samples) // 2 :]
    syncs = [entry.syncs for entry in later]
    memory, _ = np.polyfit(syncs, [entry.megabytes for entry in later], 1)
    files, _ = np.polyfit(syncs, [entry.files for entry in later], 1)
    print(
        "second half, per 100 syncs: "
        f"{memory * 100:+.1f} MB RSS, {files * 100:+.1f} files"
    )


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=100)
    parser.add_argument(
        "--retention", type=float, default=10, help="seconds that old versions stay"
    )
    arguments = parser.parse_args()
    # An hour's worth of versions would hide in a short run whether any ever go.
    upkeep.RETENTION = timedelta(seconds=arguments.retention)
    with tempfile.TemporaryDirectory() as folder:
        report(asyncio.run(run(Path(folder), arguments.documents, arguments.seconds)))


if __name__ == "__main__":
    main()
