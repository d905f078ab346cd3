"""Puts a corpus through the product's own chunking, analyzer and index."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from itertools import chain
from typing import Final, Protocol

from bot.core.access import OPEN, PUB, Audience, Principal
from bot.core.model import (
    DocumentId,
    EmbeddingSpec,
    Generation,
    GenerationId,
    GenerationSpec,
    Language,
    LiveDocument,
    Revision,
    document_id,
)
from bot.core.ports import (
    ChunkStore,
    Embedder,
    IndexGenerations,
    PassageIndex,
    VectorCache,
)
from bot.core.sync import SourceStatus, Staged
from bot.evaluation.files import CorpusRow
from bot.ingest.chunking import CHUNKER
from bot.ingest.generations import PAIRS, first_paragraph
from bot.ingest.probe import alpha
from bot.ingest.projecting import Projector
from bot.ingest.vectors import Vectors
from bot.text.language import detect
from bot.text.tokens import ANALYZER

EVERYBODY: Final = Audience(principals=frozenset({PUB}))
THEN: Final = datetime(2026, 1, 1, tzinfo=UTC)

_SOURCE: Final = "eval"
_REVISION: Final = 1
_TOGETHER: Final = 50


class Stage(StrEnum):
    """What an evaluation is doing."""

    INDEXING = "indexing"
    ASKING = "asking"


class Progress(Protocol):
    """Is told how far a stage is; must return quickly."""

    def __call__(self, stage: Stage, /, *, done: int, total: int) -> None:
        """`total` is known from the first call on."""


def silent(stage: Stage, /, *, done: int, total: int) -> None:
    """Say nothing."""


class Index(PassageIndex, ChunkStore, IndexGenerations, Protocol):
    """An index that is read, written and made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """What makes a trial hybrid; without it the search is lexical."""

    embedder: Embedder
    cache: VectorCache


class WholeCorpus:
    """A `Catalogue` in which the documents of a corpus are live and stay so."""

    def __init__(self, documents: Mapping[DocumentId, LiveDocument], /) -> None:
        self._documents = documents

    @property
    def documents(self) -> Collection[DocumentId]:
        """The ids of all documents."""
        return self._documents.keys()

    async def live(
        self, generation: GenerationId, documents: Collection[DocumentId], /
    ) -> Mapping[DocumentId, LiveDocument]:
        """Return those that are in the corpus."""
        del generation
        known = self._documents.keys() & set(documents)
        return {document: self._documents[document] for document in known}

    async def principals(self) -> frozenset[Principal]:
        """Return what the access of the documents names."""
        accesses = {document.access for document in self._documents.values()}
        layers = chain.from_iterable(access.layers for access in accesses)
        return frozenset(chain.from_iterable(layers))

    async def sources(self) -> Sequence[SourceStatus]:
        """Return nothing: a corpus is not synced."""
        return ()


class OneGeneration:
    """The `ActiveGeneration` of a trial: there is one, and it stays."""

    def __init__(self, generation: Generation, /) -> None:
        self._generation = generation

    async def active(self) -> Generation:
        """Return the trial's generation."""
        return self._generation


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A corpus that can be asked."""

    index: Index
    catalogue: WholeCorpus
    generation: Generation
    embedder: Embedder | None
    chunks: int

    @property
    def documents(self) -> Collection[DocumentId]:
        """Everything in the corpus."""
        return self.catalogue.documents

    @property
    def generations(self) -> OneGeneration:
        """The port by which answering finds the generation."""
        return OneGeneration(self.generation)


def corpus_id(document: DocumentId, /) -> str:
    """Return the id that the corpus gave a document."""
    return document.removeprefix(f"{_SOURCE}:")


async def build(
    corpus: Sequence[CorpusRow],
    /,
    *,
    index: Index,
    embedding: Embedding | None = None,
    name: str = "eval",
    progress: Progress = silent,
) -> Trial:
    """Index a corpus as a sync would, and probe the embedding model if there is one.

    The generation `name` of the index is made anew.
    """
    spec = await embedding.embedder.spec() if embedding else None
    generation = _generation(name, spec)
    await index.drop(generation)
    await index.create(generation)
    vectors = _vectors(embedding, spec)
    projector = Projector(store=index, generation=generation, vectors=vectors)
    states = [_staged(row) for row in corpus]
    chunks = 0
    for part in _parts(states):
        progress(Stage.INDEXING, done=states.index(part[0]), total=len(states))
        revisions = {_revision(state): state for state in part}
        projected = await projector.project(revisions, embed=vectors is not None)
        chunks += projected.chunks
    await index.maintain(generation)
    progress(Stage.INDEXING, done=len(states), total=len(states))
    return Trial(
        index=index,
        catalogue=WholeCorpus({state.document: _live(state) for state in states}),
        generation=await _probed(generation, states, embedding),
        embedder=embedding.embedder if embedding else None,
        chunks=chunks,
    )


def _generation(name: str, spec: EmbeddingSpec | None) -> Generation:
    return Generation(
        id=GenerationId(name),
        spec=GenerationSpec(
            analyzer=ANALYZER, chunker=CHUNKER, backend="eval", embedding=spec
        ),
    )


def _vectors(embedding: Embedding | None, spec: EmbeddingSpec | None) -> Vectors | None:
    if embedding is None or spec is None:
        return None
    return Vectors(cache=embedding.cache, embedder=embedding.embedder, spec=spec)


async def _probed(
    generation: Generation, states: Sequence[Staged], embedding: Embedding | None
) -> Generation:
    if embedding is None:
        return generation
    samples: dict[Language, list[tuple[str, str]]] = {}
    for state in states:
        pairs = samples.setdefault(state.language, [])
        paragraph = first_paragraph(state.markdown)
        fresh = state.title not in {title for title, _ in pairs}
        if paragraph and fresh and len(pairs) < PAIRS:
            pairs.append((state.title, paragraph))
    return replace(generation, alpha=await alpha(samples, embedding.embedder))


def _staged(row: CorpusRow) -> Staged:
    return Staged(
        document=document_id(_SOURCE, row.id),
        version="1",
        content=row.id,
        markdown=row.text,
        access=OPEN,
        title=row.title,
        language=detect(row.text),
    )


def _revision(state: Staged) -> Revision:
    return state.document, _REVISION


def _live(state: Staged) -> LiveDocument:
    return LiveDocument(
        id=state.document,
        revision=_REVISION,
        access=state.access,
        title=state.title,
        language=state.language,
    )


def _parts(states: Sequence[Staged]) -> Iterator[Sequence[Staged]]:
    for start in range(0, len(states), _TOGETHER):
        yield states[start : start + _TOGETHER]
