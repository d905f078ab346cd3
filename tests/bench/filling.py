"""Compares filling Weaviate with stored texts and vectors with the bare client.

`python -m tests.bench filling [--chunks 13000]`: the same rows go into three
collections by turns, 50 documents of 4 chunks at a time, five times a turn: by the
vendor's `insert_many`, by `put`, and by all that a build does, from the stored document
and the remembered vector to the chunk that was seen to be there.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from array import array
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TypeAlias

import numpy as np

from bot.backends.weaviate import rows
from bot.core.model import (
    ChunkRecord,
    EmbeddingSpec,
    Generation,
    Language,
    Revision,
    Vector,
    document_id,
)
from bot.core.ports import VectorCache
from bot.core.sync import Staged
from bot.ingest.building import TOGETHER
from bot.ingest.chunking import searched, tokens_of
from bot.ingest.projecting import Projector, ahead, cut
from bot.ingest.vectors import Vectors
from bot.state.store import open_state
from bot.text.tokens import ANALYZER, analyzer
from tests.bench.engines import Weaviate, opened
from tests.bench.index_corpus import ACCESS, generation
from tests.bench.sites import now

DIMENSIONS = 384
SECTIONS = 4
KANJI = 150
PARTS = 5
"""How often a turn writes, so that a build has something to prepare meanwhile."""

LEAST = 0.9
WARM_UP = 1
BARE = "insert_many of the vendor's client"

States: TypeAlias = Mapping[Revision, Staged]


class Anything:
    """An embedder that gives every text a direction of its own at once."""

    def __init__(self, spec: EmbeddingSpec) -> None:
        self._spec = spec
        self._random = np.random.default_rng(1)

    async def spec(self) -> EmbeddingSpec:
        """Return the spec of the generation."""
        return self._spec

    async def embed_documents(self, texts: Sequence[str], /) -> list[Vector | None]:
        """Return a random vector for each."""
        return [await self.embed_query(text) for text in texts]

    async def embed_query(self, text: str, /) -> Vector:
        """Return a random vector."""
        del text
        values = self._random.standard_normal(self._spec.dimensions)
        return array("f", (values / np.linalg.norm(values)).tolist())


@dataclass(frozen=True, slots=True)
class Part:
    """Some documents, as they are stored and as the chunks they become."""

    states: States
    records: Sequence[ChunkRecord]
    rows: Sequence[rows.Row]


Writing: TypeAlias = Callable[[Sequence[Part]], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to write the parts of a turn, and how long each turn took."""

    name: str
    write: Writing
    seconds: list[float] = field(default_factory=list)


def states(first: int) -> States:
    """Return pages of some sections of random characters, a chunk each."""
    found = {}
    for number in range(first, first + TOGETHER):
        words = np.random.default_rng(number).integers(
            0x4E00, 0x5200, size=(SECTIONS, KANJI)
        )
        parts = [
            f"## 手順{number}の{n}\n\n" + "".join(map(chr, row)) + "。"
            for n, row in enumerate(words)
        ]
        name = document_id("bench", str(number))
        found[name, 1] = Staged(
            document=name,
            version="1",
            content="1",
            markdown="\n\n".join(parts),
            access=ACCESS,
            title=f"手順書{number}",
            language=Language.JA,
        )
    return found


async def part(first: int, vectors: Vectors) -> Part:
    """Make documents, and have their vectors remembered."""
    pages = states(first)
    analyse = analyzer(ANALYZER)
    records = [
        ChunkRecord(chunk=chunk, tokens=tokens_of(chunk, analyse), access=ACCESS)
        for revision, state in pages.items()
        for chunk in cut(revision, state)
    ]
    made = await vectors.vectors([searched(record.chunk) for record in records])
    records = [
        replace(record, vector=vector)
        for record, vector in zip(records, made, strict=True)
    ]
    return Part(pages, records, rows.rows(records))


def each(write: Callable[[Part], Awaitable[object]]) -> Writing:
    """Write one part after the other."""

    async def all_of(parts: Sequence[Part]) -> None:
        for one in parts:
            await write(one)

    return all_of


def building(projector: Projector) -> Writing:
    """Write as a build does: the next part is made ready meanwhile."""

    async def all_of(parts: Sequence[Part]) -> None:
        pages = dict(chain.from_iterable(one.states.items() for one in parts))

        async def states(revisions: Sequence[Revision]) -> States:
            return {revision: pages[revision] for revision in revisions}

        named = [list(one.states) for one in parts]
        async with aclosing(ahead(projector, named, states)) as prepared:
            async for one in prepared:
                await projector.put(one)

    return all_of


async def ways(
    engine: Weaviate, build: Generation, cache: VectorCache, spec: EmbeddingSpec
) -> list[Way]:
    """Make a collection for each way of filling it."""
    for name in ("bare", "put", "build"):
        await (await engine.index(name)).create(build)
    bare = await engine.room("bare", build)
    put = await engine.index("put")
    remembered = Vectors(cache=cache, embedder=None, spec=spec)
    projector = Projector(
        store=await engine.index("build"), generation=build, vectors=remembered
    )
    return [
        Way(name=BARE, write=each(lambda one: bare.data.insert_many(one.rows))),
        Way(name="put", write=each(lambda one: put.put(build, one.records))),
        Way(name="build, from the stored document on", write=building(projector)),
    ]


async def run(folder: Path, chunks: int) -> None:
    """Write everything in every way by turns, and print."""
    build = generation(DIMENSIONS)
    spec = build.spec.embedding
    assert spec is not None
    async with opened("weaviate", folder) as engine, AsyncExitStack() as stack:
        assert isinstance(engine, Weaviate)
        state = await stack.enter_async_context(open_state(folder / "s", clock=now))
        making = Vectors(cache=state.vectors, embedder=Anything(spec), spec=spec)
        rivals = await ways(engine, build, state.vectors, spec)
        written = 0
        for number in range(chunks // (PARTS * TOGETHER * SECTIONS) + WARM_UP):
            first = number * PARTS * TOGETHER
            parts = [await part(first + n * TOGETHER, making) for n in range(PARTS)]
            written += sum(len(one.records) for one in parts) * (number >= WARM_UP)
            # Nobody always goes first.
            for way in rivals[number % 3 :] + rivals[: number % 3]:
                start = time.perf_counter()
                await way.write(parts)
                way.seconds.append(time.perf_counter() - start)
    report(rivals, written)


def report(rivals: Sequence[Way], written: int) -> None:
    """Print chunks a second, and how many of the bare client's that is."""
    print(
        f"{written} chunks, {DIMENSIONS} dimensions, "
        f"{PARTS} × {TOGETHER * SECTIONS} a turn"
    )
    print(f"{'chunks/s':>10}{'of bare':>10}{'median':>10}")
    totals = {way.name: way.seconds[WARM_UP:] for way in rivals}
    bare = totals[BARE]
    for name, seconds in totals.items():
        share = sum(bare) / sum(seconds)
        middle = statistics.median(bare) / statistics.median(seconds)
        print(f"{written / sum(seconds):10.0f}{share:10.2f}{middle:10.2f}  {name}")
    print(f"at least {LEAST}")
    slowest = max(statistics.median(seconds) for seconds in totals.values())
    if statistics.median(bare) / slowest < LEAST:
        raise SystemExit("too slow")


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=13_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder), arguments.chunks))


if __name__ == "__main__":
    main()
