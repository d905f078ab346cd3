"""Asks two generations for the same documents, and says whether both find alike.

The rule: what was cut, analysed and embedded alike must be found again; what was
not must at least be found by its own words about as often as before.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from typing import TypeAlias

from bot.core.access import DENY, Access, Principal
from bot.core.errors import BotError
from bot.core.model import Chunk, Generation, Hit, Revision
from bot.core.ports import PassageIndex, Projection
from bot.ingest.chunking import searched
from bot.ingest.projecting import cut
from bot.ingest.vectors import Vectors
from bot.text.tokens import analyzer

LOOKED_AT = 200
"""Live documents that are looked at, spread over all of them."""

TOP = 10
"""So many of the best hits are looked for again."""

DEEP = 50
"""Among so many hits: scores of two engines differ in their last digits, and so may
the ranks of documents that are nearly the same."""

PLATEAU = 0.1
"""Hits that are worth hardly more than the last of so many are left out of it: of
documents that are equally good, which ones come back is chance."""

ALIKE = 0.9
"""The share of those hits that must be found again, on average."""

FEWER = 0.1
"""By how much the share of documents found by their own words may fall."""

ALONE = 0.8
"""That share where there is no old generation to compare with."""

_END = re.compile(r"[。．！？\n]|[.!?]\s")

Ask: TypeAlias = Callable[[Generation, "Sample", int], Awaitable[list[Hit] | None]]
"""Searches a generation for a sample as its readers; None where nothing is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A live document: its first chunk, and who may read it."""

    revision: Revision
    access: Access
    chunk: Chunk

    @property
    def holders(self) -> frozenset[Principal]:
        """Everybody whom some layer names; nobody where one layer is not known."""
        if any(DENY in layer for layer in self.access.layers):
            return frozenset()
        return frozenset(chain(*self.access.layers))

    @property
    def question(self) -> str:
        """The title and the first sentence."""
        first = _END.split(self.chunk.text.strip(), maxsplit=1)[0]
        return f"{self.chunk.title} {first[:120]}"


async def samples(generation: Generation, projection: Projection, /) -> list[Sample]:
    """Return live documents that have text, in an order that mixes all folders."""
    live = [each async for each in projection.live(generation.id)]
    mixed = sorted(live, key=lambda each: sha256(each[0].encode()).digest())
    states = await projection.states(mixed[:LOOKED_AT])
    cuts = [(key, state.access, cut(key, state)) for key, state in states.items()]
    return [
        Sample(revision=key, access=access, chunk=chunks[0])
        for key, access, chunks in cuts
        if chunks
    ]


class Recall:
    """Searches for samples in a new generation and, if there is one, in the old."""

    def __init__(
        self,
        new: Generation,
        old: Generation | None,
        /,
        *,
        search: PassageIndex,
        projection: Projection,
        vectors: Vectors | None,
    ) -> None:
        self._new = new
        self._old = old
        self._search = search
        self._projection = projection
        self._vectors = vectors

    async def words(self, chosen: Sequence[Sample], /) -> str | None:
        """Say what is wrong with the search by words, if something is."""
        return await self._judged("words", chosen, self._by_words, self._old)

    async def meaning(self, chosen: Sequence[Sample], /) -> str | None:
        """Say what is wrong with the search by vectors, if something is."""
        spec = self._new.spec.embedding
        if spec is None or self._vectors is None:
            return None
        same = self._old is not None and self._old.spec.embedding == spec
        # The vectors of another model say nothing of these.
        old = self._old if same else None
        return await self._judged("vectors", chosen, self._by_vector, old)

    # --- the two legs --------------------------------------------------------

    async def _by_words(
        self, generation: Generation, sample: Sample, limit: int
    ) -> list[Hit] | None:
        tokens = analyzer(generation.spec.analyzer)(sample.question)
        if not tokens:
            return None
        return await self._search.search_lexical(
            generation, tokens, principals=sample.holders, limit=limit
        )

    async def _by_vector(
        self, generation: Generation, sample: Sample, limit: int
    ) -> list[Hit] | None:
        if self._vectors is None:
            return None
        (vector,) = await self._vectors.vectors([searched(sample.chunk)])
        if vector is None:
            return None
        return await self._search.search_vector(
            generation, vector, principals=sample.holders, limit=limit
        )

    # --- the rule ------------------------------------------------------------

    async def _judged(
        self, leg: str, chosen: Sequence[Sample], ask: Ask, old: Generation | None
    ) -> str | None:
        try:
            return await self._compared(leg, chosen, ask, old)
        except BotError:
            if old is None or await self._reads(old, chosen, ask):
                raise
        # What it replaces cannot be read, which is no reason to keep that.
        return await self._compared(leg, chosen, ask, None)

    async def _reads(self, old: Generation, chosen: Sequence[Sample], ask: Ask) -> bool:
        try:
            await ask(old, chosen[0], 1)
        except BotError:
            return False
        return True

    async def _compared(
        self, leg: str, chosen: Sequence[Sample], ask: Ask, old: Generation | None
    ) -> str | None:
        if old is not None and self._alike(old):
            share = await self._again(chosen, ask, old)
            if share is None or share >= ALIKE:
                return None
            return (
                f"by {leg} it finds {share:.0%} of what {old.id} finds, "
                f"{ALIKE:.0%} at least are wanted"
            )
        share = await self._own(chosen, ask, self._new)
        before = None if old is None else await self._own(chosen, ask, old)
        least = ALONE if before is None else before - FEWER
        if share is None or share >= least:
            return None
        return (
            f"by {leg} {share:.0%} of the documents are found by their own title and "
            f"first sentence, {least:.0%} at least are wanted"
        )

    def _alike(self, old: Generation) -> bool:
        new = self._new.spec
        return (new.analyzer, new.chunker) == (old.spec.analyzer, old.spec.chunker)

    async def _again(
        self, chosen: Sequence[Sample], ask: Ask, old: Generation
    ) -> float | None:
        """Return the mean share of the old one's hits that are found again."""
        shares = []
        for sample in chosen:
            hits = await ask(old, sample, DEEP)
            before = (await self._shown(old, _outstanding(hits or ())))[:TOP]
            if before:
                after = await ask(self._new, sample, DEEP)
                # Copies of one text share a place, and which is named is chance.
                found = {_content(hit) for hit in after or ()}
                again = sum(_content(hit) in found for hit in before)
                shares.append(again / len(before))
        return sum(shares) / len(shares) if shares else None

    async def _own(
        self, chosen: Sequence[Sample], ask: Ask, generation: Generation
    ) -> float | None:
        """Return the share of documents that are found by their own words."""
        found = []
        for sample in chosen:
            hits = await ask(generation, sample, TOP)
            if hits is not None:
                titles = {hit.chunk.title for hit in hits}
                found.append(sample.chunk.title in titles)
        return sum(found) / len(found) if found else None

    async def _shown(
        self, generation: Generation, hits: Sequence[Hit]
    ) -> Sequence[Hit]:
        """Leave out what was replaced and lies in the index until it is collected."""
        revisions = {(hit.chunk.document, hit.chunk.revision) for hit in hits}
        kept = await self._projection.kept(generation.id, revisions)
        return [hit for hit in hits if (hit.chunk.document, hit.chunk.revision) in kept]


def _outstanding(hits: Sequence[Hit]) -> Sequence[Hit]:
    if len(hits) < DEEP:
        return hits  # there are no more
    best, last = hits[0].score, hits[-1].score
    return [hit for hit in hits if hit.score > last + PLATEAU * (best - last)]


def _content(hit: Hit) -> tuple[str, ...]:
    return (hit.chunk.title, *hit.chunk.heading_path, hit.chunk.text)
