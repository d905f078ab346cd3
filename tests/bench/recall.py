"""Measures how many of the true nearest 100 the engines find, with real vectors.

`python -m tests.bench recall [--backend lance weaviate] [--questions 200] [--tuning]`:
paragraphs and sentences in English, embedded by MiniLM; people who may read all,
a tenth and a hundredth of them. With `--tuning` also what other settings would do.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from weaviate.classes.config import Reconfigure

from bot.backends.lance import rows as lance_rows
from bot.backends.memory import MemoryIndex
from bot.backends.weaviate import rows as weaviate_rows
from bot.backends.weaviate.schema import RESCORED, VECTOR
from bot.core.access import Principal
from bot.core.model import ChunkRecord, Generation, Hit, Vector
from bot.evaluation.trial import Index
from tests.bench import sentences
from tests.bench.engines import LIMIT, Engine, Lance, Weaviate, opened
from tests.bench.index_corpus import quantile
from tests.bench.minilm import embedding

LEAST = 0.98
SAME = 1e-6
"""Two chunks so close in similarity are as good as each other."""

NAME = "recall"

Nearest: TypeAlias = Callable[
    [Vector, AbstractSet[Principal]], Awaitable[Sequence[str]]
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """A question, the similarity of every chunk to it, and the 100th best of them."""

    vector: Vector
    principals: AbstractSet[Principal]
    similar: Mapping[str, float]
    limit: float

    def found(self, ids: Sequence[str]) -> float:
        """Return the share of the best that is among these."""
        good = sum(self.similar[one] >= self.limit - SAME for one in set(ids))
        return min(1.0, good / min(LIMIT, len(self.similar)))


async def exact(
    oracle: Index,
    build: Generation,
    vectors: Sequence[Vector],
    principals: AbstractSet[Principal],
) -> list[Sought]:
    """Ask the exact index for everything."""
    sought = []
    for vector in vectors:
        hits = await oracle.search_vector(
            build, vector, principals=principals, limit=1_000_000
        )
        sought.append(
            Sought(
                vector=vector,
                principals=principals,
                similar={hit.chunk.id: hit.score for hit in hits},
                limit=hits[:LIMIT][-1].score,
            )
        )
    return sought


def through_port(index: Index, build: Generation) -> Nearest:
    """Search as the bot does."""

    async def nearest(
        vector: Vector, principals: AbstractSet[Principal]
    ) -> Sequence[str]:
        hits: Sequence[Hit] = await index.search_vector(
            build, vector, principals=principals, limit=LIMIT
        )
        return [hit.chunk.id for hit in hits]

    return nearest


async def others(
    engine: Engine, build: Generation
) -> AsyncIterator[tuple[str, Nearest]]:
    """Yield other settings, each in force until the next one is asked for."""
    match engine:
        case Lance():
            for ef, refine in ((None, 0), (200, 1), (500, 0), (500, 1), (1000, 1)):
                yield (
                    f"ef {ef or 'default'}, refine {refine or 'never'}",
                    await lance_way(engine, build, ef, refine),
                )
        case Weaviate():
            room = await engine.room(NAME, build)
            for ef, rescored in (
                (-1, RESCORED),
                (-1, 20),
                (200, RESCORED),
                (500, RESCORED),
            ):
                await room.config.update(
                    vector_config=Reconfigure.Vectors.update(
                        name=VECTOR,
                        vector_index_config=Reconfigure.VectorIndex.hnsw(
                            ef=ef,
                            quantizer=Reconfigure.VectorIndex.Quantizer.rq(
                                rescore_limit=rescored
                            ),
                        ),
                    )
                )
                for filtered in (True, False):
                    how = "filtered" if filtered else "the graph, no filter"
                    yield (
                        f"ef {ef}, rescored {rescored}, {how}",
                        await weaviate_way(engine, build, filtered=filtered),
                    )


async def lance_way(
    engine: Lance, build: Generation, ef: int | None, refine: int
) -> Nearest:
    """Search LanceDB with other settings."""
    table = await engine.table(NAME, build)

    async def nearest(
        vector: Vector, principals: AbstractSet[Principal]
    ) -> Sequence[str]:
        query = table.query().nearest_to(lance_rows.vector_row(vector))
        query = query.column("vector").distance_type("cosine")
        query = query.ef(ef) if ef else query
        query = query.refine_factor(refine) if refine else query
        query = query.where(lance_rows.readable_by(principals))
        query = query.select(["id", "_distance"])
        found: list[str] = (await query.limit(LIMIT).to_arrow())["id"].to_pylist()
        return found

    return nearest


async def weaviate_way(
    engine: Weaviate, build: Generation, *, filtered: bool
) -> Nearest:
    """Search Weaviate with or without a filter: few objects are read one by one."""
    room = await engine.room(NAME, build)

    async def nearest(
        vector: Vector, principals: AbstractSet[Principal]
    ) -> Sequence[str]:
        found = await room.query.near_vector(
            vector.tolist(),
            target_vector=VECTOR,
            filters=weaviate_rows.readable_by(principals) if filtered else None,
            limit=LIMIT,
            return_properties=[],
        )
        return [str(one.uuid) for one in found.objects]

    return nearest


async def measured(way: Nearest, sought: Sequence[Sought]) -> tuple[float, str]:
    """Ask everything; return the mean recall and a line about it."""
    shares, seconds = [], []
    for one in sought:
        start = time.perf_counter()
        ids = await way(one.vector, one.principals)
        seconds.append(time.perf_counter() - start)
        shares.append(one.found(ids))
    mean, least = float(np.mean(shares)), min(shares)
    times = f"{quantile(seconds, 0.5):8.1f}{quantile(seconds, 0.95):8.1f}"
    return mean, f"{mean:8.4f}{least:8.2f}{times}"


async def run(
    backends: Sequence[str], questions: int, folder: Path, *, tuning: bool
) -> None:
    """Embed or look up, search exactly, then with every engine, and print."""
    async with embedding() as model:
        build = await sentences.generation(model)
        records = await sentences.records(model)
        texts = sentences.questions(questions)
        vectors = [await model.embedder.embed_query(text) for text in texts]
    oracle = MemoryIndex()
    await fill(oracle, build, records)
    sought = {
        name: await exact(oracle, build, vectors, principals)
        for name, principals in sentences.readers().items()
    }
    print(f"{len(records)} chunks, {questions} questions, recall@{LIMIT}")
    print(f"{'mean':>8}{'least':>8}{'p50 ms':>8}{'p95 ms':>8}")
    worst = 1.0
    for backend in backends:
        async with opened(backend, folder) as engine:
            index = await engine.index(NAME)
            await fill(index, build, records)
            for readable, asked in sought.items():
                mean, line = await measured(through_port(index, build), asked)
                worst = min(worst, mean)
                print(f"{line}  {backend}, as the bot asks, {readable} readable")
            if tuning:
                everything = next(iter(sought.values()))
                async for name, way in others(engine, build):
                    _, line = await measured(way, everything)
                    print(f"{line}  {backend}, {name}", flush=True)
    print(f"at least {LEAST}")
    if worst < LEAST:
        raise SystemExit("too little")


async def fill(index: Index, build: Generation, records: list[ChunkRecord]) -> None:
    """Make the index of all records."""
    await index.create(build)
    for start in range(0, len(records), 2_000):
        await index.put(build, records[start : start + 2_000])
    await index.maintain(build)


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--backend",
        choices=("lance", "weaviate"),
        nargs="+",
        default=["lance", "weaviate"],
    )
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--tuning", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(
            run(
                arguments.backend,
                arguments.questions,
                Path(folder),
                tuning=arguments.tuning,
            )
        )


if __name__ == "__main__":
    main()
