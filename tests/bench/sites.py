"""An index of random chunks with the state that calls them live, to be asked."""

import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bot.answering.retrieval import Retrieval, _Search
from bot.core.access import Audience, Principal
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
from bot.core.sync import Staged
from bot.evaluation.trial import Index
from bot.state.store import State, open_state
from tests.bench.engines import Ask, Engine
from tests.bench.index_corpus import CHUNKS_A_DOCUMENT, Corpus, fill, generation

DIMENSIONS = 384


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """An index and its state."""

    index: Index
    state: State
    generation: Generation


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What an index is to hold, and where it is kept to be asked again."""

    folder: Path
    name: str
    chunks: int
    corpus: Corpus

    def place(self, what: str, engine: Engine) -> Path:
        """Return where something of it lies."""
        folder = self.folder / self.name
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{what}-{engine.name}"


async def built(stack: AsyncExitStack, engine: Engine, wanted: Wanted) -> Built:
    """Open the index of that name, and build it if it is not there."""
    state = await stack.enter_async_context(
        open_state(wanted.place("state", engine), clock=now)
    )
    site = Built(
        index=await engine.index(wanted.name),
        state=state,
        generation=await a_build(state),
    )
    done = wanted.place("built", engine)
    if not done.exists():
        await publish(state, site.generation, wanted.corpus, wanted.chunks)
        start = time.perf_counter()
        await site.index.create(site.generation)
        await fill(site.index, site.generation, wanted.corpus, wanted.chunks)
        stored = time.perf_counter()
        await site.index.maintain(site.generation)
        kept_up = time.perf_counter()
        print(f"put {stored - start:.1f} s, maintain {kept_up - stored:.1f} s")
        done.touch()
    return site


async def a_build(state: State) -> Generation:
    """Register the generation with the weights that a probe would have found."""
    wanted = generation(DIMENSIONS)
    spare = await state.generations.spare()
    build = spare[0] if spare else await state.generations.create(wanted.spec)
    return replace(build, alpha=wanted.alpha)


def now() -> datetime:
    """Return a time for what asks for one."""
    return datetime.now(UTC)


async def publish(state: State, build: Generation, corpus: Corpus, chunks: int) -> None:
    """Make every document of the corpus live in the state database."""
    run = await state.runs.begin("bench", generation=build.id, now=now())
    for part in batched(range(chunks // CHUNKS_A_DOCUMENT), 200):
        staged = [
            Staged(
                document=document_id("bench", str(number)),
                version="1",
                content="1",
                markdown="休暇",
                access=corpus.access(number),
                title="就業規則",
                language=Language.JA,
                link=Link(page="https://wiki.example/規則"),
                updated_at=now(),
            )
            for number in part
        ]
        names = [one.document for one in staged]
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


def retrieval(site: Built, principals: frozenset[Principal]) -> Ask:
    """Return the whole retrieval: condensed, searched, fused, checked, chosen."""
    embedding = site.generation.spec.embedding
    if embedding is None:
        raise ValueError("the benchmark compares two legs")
    embedder = Given(embedding)
    finder = Retrieval(
        index=site.index, catalogue=site.state.catalogue, embedder=embedder
    )

    async def ask(tokens: Sequence[str], vector: Vector) -> object:
        embedder.vector = vector
        question = Question(
            id="q",
            text=" ".join(tokens),
            language=Language.JA,
            audience=Audience(principals=principals),
            asked_at=datetime(2026, 4, 1, tzinfo=UTC),
            conversation=ConversationId("c"),
        )
        return await finder.find(question, site.generation)

    return ask


def checked(site: Built, principals: frozenset[Principal]) -> Ask:
    """Return what retrieval does of it: both legs, fused, checked in the catalogue."""
    finder = Retrieval(index=site.index, catalogue=site.state.catalogue, embedder=None)

    async def ask(tokens: Sequence[str], vector: Vector) -> object:
        search = _Search(
            generation=site.generation,
            audience=principals,
            principals=principals,
            tokens=[tokens],
            vectors=[vector],
        )
        return await finder._search(search, 0.5)

    return ask
