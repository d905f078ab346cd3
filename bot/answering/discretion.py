"""Shows some of the sources, and nothing at all of the others.

What is left out here is not found, not read, not counted and not named by whoever is
given these views instead of the index and the catalogue: there is no other way to it.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, Protocol, TypeAlias

from bot.core.access import DENY, Access, Principal
from bot.core.model import (
    Chunk,
    DocumentId,
    Generation,
    GenerationId,
    Hit,
    LiveDocument,
    Revision,
    Vector,
    source_of,
)
from bot.core.ports import Catalogue, PassageIndex, Shelves
from bot.core.sync import SourceStatus

Shown: TypeAlias = Callable[[str], bool]
"""Says of the name of a source whether it is shown."""

WIDER: Final = 16
"""How many times as many hits are looked through where most are left out."""


class Books(Catalogue, Shelves, Protocol):
    """What may be shown now, and what there is to read."""


class ShownIndex:
    """An index in which some sources are not.

    Fewer hits than permitted matches may come where nearly all matches are left out.
    """

    def __init__(self, index: PassageIndex, shown: Shown, /) -> None:
        self._index = index
        self._shown = shown

    async def search_lexical(
        self,
        generation: Generation,
        tokens: Sequence[str],
        /,
        *,
        principals: AbstractSet[Principal],
        limit: int,
    ) -> list[Hit]:
        """Find chunks by their words."""

        async def search(count: int) -> list[Hit]:
            return await self._index.search_lexical(
                generation, tokens, principals=principals, limit=count
            )

        return await self._enough(search, limit)

    async def search_vector(
        self,
        generation: Generation,
        vector: Vector,
        /,
        *,
        principals: AbstractSet[Principal],
        limit: int,
    ) -> list[Hit]:
        """Find chunks by their vectors."""

        async def search(count: int) -> list[Hit]:
            return await self._index.search_vector(
                generation, vector, principals=principals, limit=count
            )

        return await self._enough(search, limit)

    async def neighbours(
        self,
        generation: Generation,
        revision: Revision,
        ordinals: range,
        /,
        *,
        principals: AbstractSet[Principal],
    ) -> list[Chunk]:
        """Return the permitted chunks of one revision with these ordinals."""
        if not self._shown(source_of(revision[0])):
            return []
        return await self._index.neighbours(
            generation, revision, ordinals, principals=principals
        )

    async def _enough(
        self, search: Callable[[int], Awaitable[list[Hit]]], limit: int
    ) -> list[Hit]:
        """Look wider until so many are left, or there are no more."""
        count = limit
        while True:
            hits = await search(count)
            kept = [hit for hit in hits if self._shown(source_of(hit.chunk.document))]
            if len(kept) >= limit or len(hits) < count or count >= WIDER * limit:
                return kept[:limit]
            count *= 2


class ShownBooks:
    """A catalogue in which some sources are not."""

    def __init__(self, books: Books, shown: Shown, /) -> None:
        self._books = books
        self._shown = shown

    async def live(
        self, generation: GenerationId, documents: Collection[DocumentId], /
    ) -> Mapping[DocumentId, LiveDocument]:
        """Return the live state of these documents."""
        asked = [name for name in documents if self._shown(source_of(name))]
        return await self._books.live(generation, asked) if asked else {}

    async def principals(self) -> frozenset[Principal]:
        """Return every principal that some live document's access names."""
        layers = (
            layer
            for accesses in (await self.rights()).values()
            for access in accesses
            for layer in access.layers
        )
        return frozenset[Principal]().union(*layers) - {DENY}

    async def sources(self) -> Sequence[SourceStatus]:
        """Say how every source that was ever synced stands."""
        known = await self._books.sources()
        return [each for each in known if self._shown(each.source)]

    async def rights(self) -> Mapping[str, Collection[Access]]:
        """Return what the live documents of every source ask of who reads them."""
        rights = await self._books.rights()
        return {name: rights[name] for name in rights if self._shown(name)}
