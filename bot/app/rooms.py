"""The index of an installation: every generation in the backend it was built in."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import replace
from typing import Protocol, TypeAlias

from bot.core.access import Access, Principal
from bot.core.errors import ConfigError
from bot.core.model import (
    Chunk,
    ChunkId,
    ChunkRecord,
    DocumentId,
    Generation,
    Hit,
    Revision,
    Vector,
)
from bot.core.ports import (
    ChunkStore,
    IndexGenerations,
    IndexInspection,
    Kept,
    PassageIndex,
    Stored,
)
from bot.core.reports import IndexReport, Rights


class Index(PassageIndex, ChunkStore, IndexGenerations, IndexInspection, Protocol):
    """What an index backend is."""


Opener: TypeAlias = Callable[[], AbstractAsyncContextManager[Index]]


class Rooms:
    """Every index port over several backends: each generation names its own.

    A backend is opened at its first use and closed with the stack. What names no
    generation goes to the `preferred` backend, where new ones are built.
    """

    def __init__(
        self, openers: Mapping[str, Opener], stack: AsyncExitStack, /, *, preferred: str
    ) -> None:
        self._openers = openers
        self._stack = stack
        self._preferred = preferred
        self._opened: dict[str, Index] = {}
        self._opening = asyncio.Lock()

    async def at(self, backend: str, /) -> Index:
        """Return a backend, opened; `ConfigError` for one that there is not."""
        async with self._opening:
            if backend not in self._opened:
                if backend not in self._openers:
                    raise ConfigError(
                        f"there is no index backend {backend!r} in this release; "
                        "`shirube index build` builds the index in one that there is"
                    )
                opening = self._openers[backend]()
                self._opened[backend] = await self._stack.enter_async_context(opening)
            return self._opened[backend]

    async def stored_at(self, backend: str, /) -> Sequence[Stored]:
        """Return every generation that one backend holds."""
        found = await (await self.at(backend)).stored()
        return [replace(each, generation=_at(backend, each)) for each in found]

    async def _of(self, generation: Generation) -> Index:
        return await self.at(generation.spec.backend)

    # --- PassageIndex --------------------------------------------------------

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
        index = await self._of(generation)
        return await index.search_lexical(
            generation, tokens, principals=principals, limit=limit
        )

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
        index = await self._of(generation)
        return await index.search_vector(
            generation, vector, principals=principals, limit=limit
        )

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
        index = await self._of(generation)
        return await index.neighbours(
            generation, revision, ordinals, principals=principals
        )

    # --- ChunkStore ----------------------------------------------------------

    async def put(
        self, generation: Generation, records: Sequence[ChunkRecord], /
    ) -> None:
        """Add or replace chunks."""
        await (await self._of(generation)).put(generation, records)

    async def missing(
        self, generation: Generation, ids: Collection[ChunkId], /
    ) -> frozenset[ChunkId]:
        """Say which of these chunks are not stored."""
        return await (await self._of(generation)).missing(generation, ids)

    async def set_access(
        self, generation: Generation, access: Mapping[DocumentId, Access], /
    ) -> int:
        """Change who finds the chunks of these documents."""
        return await (await self._of(generation)).set_access(generation, access)

    async def collect(
        self, generation: Generation, revisions: Collection[Revision], /, *, kept: Kept
    ) -> int:
        """Delete the chunks of the revisions that `kept` does not name."""
        index = await self._of(generation)
        return await index.collect(generation, revisions, kept=kept)

    # --- IndexGenerations ----------------------------------------------------

    async def create(self, generation: Generation, /) -> None:
        """Make room for a generation in its backend."""
        await (await self._of(generation)).create(generation)

    async def drop(self, generation: Generation, /) -> None:
        """Delete a generation from its backend."""
        await (await self._of(generation)).drop(generation)

    async def stored(self) -> Sequence[Stored]:
        """Return what the preferred backend holds, and those in use."""
        names = dict.fromkeys([self._preferred, *self._opened])
        return [each for name in names for each in await self.stored_at(name)]

    async def scan(
        self, generation: Generation, /
    ) -> AsyncIterator[tuple[ChunkId, Revision]]:
        """Walk every stored chunk of a generation."""
        index = await self._of(generation)
        async for each in index.scan(generation):
            yield each

    async def maintain(self, generation: Generation, /) -> None:
        """Compact and index what has been written."""
        await (await self._of(generation)).maintain(generation)

    # --- IndexInspection -----------------------------------------------------

    async def report(self, generation: Generation | None, /) -> IndexReport:
        """Say what the engine is, and how it keeps this generation."""
        backend = generation.spec.backend if generation else self._preferred
        return await (await self.at(backend)).report(generation)

    async def rights(self) -> Rights | None:
        """Say what the key of the preferred backend may do."""
        return await (await self.at(self._preferred)).rights()


def _at(backend: str, found: Stored) -> Generation:
    """A room is where it was found, whatever was written on it."""
    spec = replace(found.generation.spec, backend=backend)
    return replace(found.generation, spec=spec)
