"""Compares retrieval with the two raw searches of LanceDB, in the same run.

`python -m tests.bench.legs [--chunks 100000] [--rounds 100]`
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import lancedb
from lancedb.table import AsyncTable

from bot.answering.concurrently import together
from bot.answering.retrieval import Retrieval
from bot.backends.lance import open_index, rows
from bot.core.access import Audience
from bot.core.model import (
    ConversationId,
    EmbeddingSpec,
    Generation,
    Language,
    Link,
    Question,
    Vector,
    document_id,
)
from bot.core.ports import Catalogue, PassageIndex
from bot.core.sync import Staged
from bot.state.store import State, open_state
from tests.bench.index_corpus import (
    ACCESS,
    CHUNKS_A_DOCUMENT,
    READER,
    Corpus,
    fill,
    generation,
    quantile,
)

CANDIDATES = 100
DIMENSIONS = 384
WARM_UP = 20


def now() -> datetime:
    """Return a time for what asks for one."""
    return datetime.now(UTC)


async def publish(state: State, build: Generation, chunks: int) -> None:
    """Make every document of the corpus live in the state database."""
    run = await state.runs.begin("bench", generation=build.id, now=now())
    for part in batched(range(chunks // CHUNKS_A_DOCUMENT), 200):
        names = [document_id("bench", str(number)) for number in part]
        staged = [
            Staged(
                document=name,
                version="1",
                content="1",
                markdown="休暇",
                access=ACCESS,
                title="就業規則",
                language=Language.JA,
                link=Link(page="https://wiki.example/規則"),
                updated_at=now(),
            )
            for name in names
        ]
        await state.ledger.stage(run, staged)
        await state.ledger.publish(run, dict.fromkeys(names, True))


def batched(numbers: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """Cut a sequence into parts."""
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]


class Given:
    """An embedder that takes no time: it gives the vector that it was given."""

    def __init__(self, spec: EmbeddingSpec) -> None:
        self._spec = spec
        self.vector = Vector("f")

    async def spec(self) -> EmbeddingSpec:
        """Return the spec of the generation."""
        return self._spec

    async def embed_documents(self, texts: Sequence[str], /) -> list[Vector | None]:
        """Return the vector for each."""
        return [self.vector for _ in texts]

    async def embed_query(self, text: str, /) -> Vector:
        """Return the vector."""
        del text
        return self.vector


Ask = Callable[[Sequence[str], Vector], Awaitable[object]]


def raw_legs(table: AsyncTable) -> Ask:
    """Return both searches, side by side, as the vendor's client gives them."""
    permitted, columns = rows.readable_by(READER), list(rows.CHUNK_COLUMNS)

    async def ask(tokens: Sequence[str], vector: Vector) -> object:
        text = table.query().nearest_to_text(" ".join(tokens), columns="tokens")
        near = table.query().nearest_to(rows.vector_row(vector)).column("vector")
        near = near.distance_type("cosine").ef(500).refine_factor(1)
        return await together(
            text.where(permitted)
            .select([*columns, "_score"])
            .limit(CANDIDATES)
            .to_list(),
            near.where(permitted)
            .select([*columns, "_distance"])
            .limit(CANDIDATES)
            .to_list(),
        )

    return ask


def port_calls(index: PassageIndex, generation: Generation) -> Ask:
    """Return both searches, side by side, through the port."""

    async def ask(tokens: Sequence[str], vector: Vector) -> object:
        return await together(
            index.search_lexical(
                generation, tokens, principals=READER, limit=CANDIDATES
            ),
            index.search_vector(
                generation, vector, principals=READER, limit=CANDIDATES
            ),
        )

    return ask


def retrieval(index: PassageIndex, catalogue: Catalogue, generation: Generation) -> Ask:
    """Return the whole retrieval: condensed, searched, fused, checked, chosen."""
    if generation.spec.embedding is None:
        raise ValueError("the benchmark compares two legs")
    embedder = Given(generation.spec.embedding)
    finder = Retrieval(index=index, catalogue=catalogue, embedder=embedder)

    async def ask(tokens: Sequence[str], vector: Vector) -> object:
        embedder.vector = vector
        question = Question(
            id="q",
            text=" ".join(tokens),
            language=Language.JA,
            audience=Audience(principals=READER),
            asked_at=datetime(2026, 4, 1, tzinfo=UTC),
            conversation=ConversationId("c"),
        )
        return await finder.find(question, generation)

    return ask


async def measure(
    ways: Mapping[str, Ask], corpus: Corpus, rounds: int
) -> dict[str, list[float]]:
    """Ask the same questions in every way, by turns."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(WARM_UP + rounds):
        tokens, vector = list(dict.fromkeys(corpus.tokens(12))), corpus.vector()
        for name, ask in ways.items():
            start = time.perf_counter()
            await ask(tokens, vector)
            if number >= WARM_UP:
                seconds[name].append(time.perf_counter() - start)
    return seconds


async def run(folder: Path, chunks: int, rounds: int) -> None:
    """Build index and state, measure, print."""
    corpus = Corpus(DIMENSIONS)
    async with AsyncExitStack() as stack:
        state = await stack.enter_async_context(open_state(folder / "s", clock=now))
        index = await stack.enter_async_context(open_index(folder / "i"))
        build = await a_build(state)
        await publish(state, build, chunks)
        start = time.perf_counter()
        await index.create(build)
        await fill(index, build, corpus, chunks)
        stored = time.perf_counter()
        await index.maintain(build)
        kept_up = time.perf_counter()
        raw = stack.enter_context(
            await lancedb.connect_async(
                folder / "i", read_consistency_interval=timedelta(0)
            )
        )
        ways = {
            "raw legs": raw_legs(await raw.open_table(build.id)),
            "port calls": port_calls(index, build),
            "retrieval": retrieval(index, state.catalogue, build),
        }
        seconds = await measure(ways, corpus, rounds)
    print(f"put {stored - start:.1f} s, maintain {kept_up - stored:.1f} s")
    report(seconds, chunks)


async def a_build(state: State) -> Generation:
    """Register the generation with the weights that a probe would have found."""
    wanted = generation(DIMENSIONS)
    build = await state.generations.create(wanted.spec)
    return replace(build, alpha=wanted.alpha)


def report(seconds: Mapping[str, Sequence[float]], chunks: int) -> None:
    """Print a line for every way."""
    print(f"{chunks} chunks, {DIMENSIONS} dimensions, 4 access layers")
    print(f"{'':12}{'p50 ms':>10}{'p95 ms':>10}{'p50 / raw':>12}{'p95 / raw':>12}")
    raw = seconds["raw legs"]
    for name, values in seconds.items():
        middle, high = quantile(values, 0.5), quantile(values, 0.95)
        print(
            f"{name:12}{middle:10.1f}{high:10.1f}"
            f"{middle / quantile(raw, 0.5):12.2f}{high / quantile(raw, 0.95):12.2f}"
        )


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=13_000)
    parser.add_argument("--rounds", type=int, default=100)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder), arguments.chunks, arguments.rounds))


if __name__ == "__main__":
    main()
