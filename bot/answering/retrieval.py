"""Finds the passages for a question: two searches side by side, fused and checked."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from bot.answering import condense
from bot.answering.concurrently import together
from bot.answering.confidence import confidence
from bot.answering.fusion import Leg, relative
from bot.core.access import Principal
from bot.core.errors import ConfigError, Unavailable
from bot.core.model import (
    Chunk,
    ChunkId,
    Generation,
    Hit,
    LiveDocument,
    Passage,
    Question,
    Vector,
    source_of,
)
from bot.core.ports import Catalogue, Embedder, PassageIndex
from bot.text.tokens import analyzer

_QUERY_TOKENS: Final = 200
"""More words of one text than this make a search slow and no better."""

_CHECKED_AT_ONCE: Final = 36
"""Candidates whose documents are looked up in one call; mostly one is enough."""

_SHORT_FILTER: Final = 50
"""So many principals cost an index next to nothing; 2,000 cost 100 ms."""

_TELLING_TEXT: Final = 80
"""A shorter text may mean something else under another title."""


Orphans: TypeAlias = Callable[[int], object]


def uncounted(_: int, /) -> None:
    """Count nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is searched and how much is kept.

    A document or source that has used up its quota gives way to others, and only
    to others: where there are none, its next passages fill the remaining places.
    `patience` is how many seconds the embedding of a question may take.
    """

    candidates: int = 100
    passages: int = 12
    per_document: int = 5
    per_source: int = 9
    patience: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """What was found, best first, and how sure retrieval is that it fits.

    `degraded` says that the vector leg should have been searched and was not.
    """

    passages: tuple[Passage, ...]
    confidence: float
    queries: tuple[str, ...]
    degraded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """A question that is ready to be searched; without vectors lexically only."""

    generation: Generation
    audience: AbstractSet[Principal]
    principals: AbstractSet[Principal]
    tokens: Sequence[Sequence[str]]
    vectors: Sequence[Vector]
    orphans: set[ChunkId] = field(default_factory=set)
    """What was found and belongs to no live revision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the searches found, a list for each query."""

    lexical: Sequence[Sequence[Hit]]
    vector: Sequence[Sequence[Hit]]

    def legs(self, alpha: float) -> Iterator[Leg]:
        """Weigh the legs so that a chunk that is best in all of them scores 1."""
        share = alpha if self.vector else 0.0
        for weight, group in ((1 - share, self.lexical), (share, self.vector)):
            for hits in group:
                yield Leg(hits=hits, weight=weight / len(group))


class Retrieval:
    """Searches the index and lets through what the catalogue calls live.

    `orphans` is told how many chunks a search found that belong to nothing live.
    """

    def __init__(
        self,
        *,
        index: PassageIndex,
        catalogue: Catalogue,
        embedder: Embedder | None,
        limits: Limits | None = None,
        orphans: Orphans = uncounted,
    ) -> None:
        self._index = index
        self._catalogue = catalogue
        self._embedder = embedder
        self._limits = limits or Limits()
        self._orphans = orphans

    def over(self, index: PassageIndex, catalogue: Catalogue, /) -> "Retrieval":
        """Return the same over another index and another catalogue."""
        return Retrieval(
            index=index,
            catalogue=catalogue,
            embedder=self._embedder,
            limits=self._limits,
            orphans=self._orphans,
        )

    async def find(self, question: Question, generation: Generation, /) -> Retrieved:
        """Find passages that are live now and that the whole audience may see.

        Raises `Unavailable` where the index or the catalogue does not answer; a
        silent embedding host only makes the result `degraded`.
        """
        queries = condense.queries(question)
        if not question.audience.principals:
            return Retrieved(passages=(), confidence=0.0, queries=queries)
        analyse = analyzer(generation.spec.analyzer)
        alpha = generation.alpha.get(question.language, 0.0)
        vectors = await self._embed(queries, generation) if alpha else []
        audience = question.audience.principals
        search = _Search(
            generation=generation,
            audience=audience,
            principals=await self._in_use(audience),
            tokens=[_distinct(analyse(query)) for query in queries],
            vectors=vectors,
        )
        found, passages = await self._search(search, alpha)
        self._orphans(len(search.orphans))
        chosen = choose(passages, self._limits)
        return Retrieved(
            passages=chosen,
            confidence=confidence(
                queries,
                [passage.chunk for passage in chosen],
                [hit.chunk for hit in found.lexical[-1]],
                analyse,
            ),
            queries=queries,
            degraded=bool(alpha) and not vectors,
        )

    async def _in_use(self, audience: AbstractSet[Principal]) -> AbstractSet[Principal]:
        """Leave out what no document asks for: long filters make an index slow."""
        if len(audience) <= _SHORT_FILTER:
            return audience
        return audience & await self._catalogue.principals()

    async def _embed(
        self, queries: Sequence[str], generation: Generation
    ) -> list[Vector]:
        """Embed all queries; none where that fails or would not fit the index."""
        embedder, embedding = self._embedder, generation.spec.embedding
        if embedder is None or embedding is None:
            return []
        try:
            async with asyncio.timeout(self._limits.patience):
                vectors = await together(*map(embedder.embed_query, queries))
        except (Unavailable, ConfigError, TimeoutError):
            return []
        fit = all(len(vector) == embedding.dimensions for vector in vectors)
        return vectors if fit else []

    async def _search(
        self, search: _Search, alpha: float
    ) -> tuple[_Found, list[Passage]]:
        """Search wider and wider until enough is left or the index has no more."""
        limit = self._limits.candidates
        while True:
            found = await self._hits(search, limit)
            passages = await self._checked(search, found, alpha)
            short = all(len(hits) < limit for hits in (*found.lexical, *found.vector))
            if short or len(passages) >= self._limits.passages:
                return found, passages
            limit *= 2

    async def _hits(self, search: _Search, limit: int) -> _Found:
        generation, principals = search.generation, search.principals
        lexical = [
            self._index.search_lexical(
                generation, tokens, principals=principals, limit=limit
            )
            for tokens in search.tokens
        ]
        vector = [
            self._index.search_vector(
                generation, vector, principals=principals, limit=limit
            )
            for vector in search.vectors
        ]
        hits = await together(*lexical, *vector)
        return _Found(lexical=hits[: len(lexical)], vector=hits[len(lexical) :])

    async def _checked(
        self, search: _Search, found: _Found, alpha: float
    ) -> list[Passage]:
        """Return the best candidates that may be shown, equal texts only once."""
        scores = relative(found.legs(alpha))
        lexical, vector = _best(found.lexical), _best(found.vector)
        distinct: dict[str, Passage] = {}
        for ids in _parts(list(scores)):
            chunks = [(lexical.get(at) or vector[at]).chunk for at in ids]
            live = await self._live(search, chunks)
            for chunk in chunks:
                if document := live.get(chunk.id):
                    passage = Passage(
                        chunk=chunk,
                        document=document,
                        text=chunk.text,
                        score=scores[chunk.id],
                        lexical=_score(lexical.get(chunk.id)),
                        vector=_score(vector.get(chunk.id)),
                    )
                    distinct.setdefault(_sense(chunk), passage)
            if len(distinct) >= self._limits.passages:
                break
        return list(distinct.values())

    async def _live(
        self, search: _Search, chunks: Sequence[Chunk]
    ) -> Mapping[ChunkId, LiveDocument]:
        """Return the documents of those chunks that are live and permitted."""
        ids = {chunk.document for chunk in chunks}
        live = await self._catalogue.live(search.generation.id, ids)
        now = {
            chunk.id: live[chunk.document]
            for chunk in chunks
            if chunk.document in live
            and live[chunk.document].revision == chunk.revision
        }
        search.orphans.update(chunk.id for chunk in chunks if chunk.id not in now)
        return {
            chunk: document
            for chunk, document in now.items()
            if document.access.permits(search.audience)
        }


def choose(passages: Iterable[Passage], limits: Limits, /) -> tuple[Passage, ...]:
    """Keep the best passages within the quotas, best first."""
    within: list[Passage] = []
    beyond: list[Passage] = []
    used: Counter[str] = Counter()
    for passage in passages:
        document, source = passage.chunk.document, source_of(passage.chunk.document)
        free = used[document] < limits.per_document and used[source] < limits.per_source
        if free:
            used.update((document, source))
        (within if free else beyond).append(passage)
    chosen = (within + beyond)[: limits.passages]
    return tuple(sorted(chosen, key=lambda passage: (-passage.score, passage.chunk.id)))


def _distinct(tokens: Iterable[str]) -> list[str]:
    # A repeated token makes some engines rank differently from the others.
    return list(dict.fromkeys(tokens))[:_QUERY_TOKENS]


def _best(legs: Sequence[Sequence[Hit]]) -> dict[ChunkId, Hit]:
    best: dict[ChunkId, Hit] = {}
    for hits in legs:
        for hit in hits:
            known = best.get(hit.chunk.id)
            if known is None or known.score < hit.score:
                best[hit.chunk.id] = hit
    return best


def _score(hit: Hit | None) -> float | None:
    return None if hit is None else hit.score


def _parts(ids: Sequence[ChunkId]) -> Iterator[Sequence[ChunkId]]:
    for start in range(0, len(ids), _CHECKED_AT_ONCE):
        yield ids[start : start + _CHECKED_AT_ONCE]


def _sense(chunk: Chunk) -> str:
    """What makes a chunk say the same as another."""
    if len(chunk.text) >= _TELLING_TEXT:
        return chunk.text
    return "\n".join((chunk.title, *chunk.heading_path, chunk.text))
