"""The index: reads as somebody, writes by one writer, generations side by side."""

from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Mapping,
    Sequence,
)
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from bot.core.access import Access, Principal
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
from bot.core.reports import IndexReport, Rights


class PassageIndex(Protocol):
    """Reads one generation of the index, always as somebody.

    Only chunks whose indexed access layers are all met by `principals` are
    returned; without principals nothing is, and no call is made. Hits come best
    first, ties by chunk id; if `limit` permitted matches exist, `limit` come back.
    The index is not the authority: what it returns is checked against `Catalogue`.
    """

    async def search_lexical(
        self,
        generation: Generation,
        tokens: Sequence[str],
        /,
        *,
        principals: AbstractSet[Principal],
        limit: int,
    ) -> list[Hit]:
        """BM25 (k1 1.2, b 0.75) over the token column; no tokens, no hits."""

    async def search_vector(
        self,
        generation: Generation,
        vector: Vector,
        /,
        *,
        principals: AbstractSet[Principal],
        limit: int,
    ) -> list[Hit]:
        """Cosine similarity; chunks without a vector are not found.

        Raises `ConfigError` for a vector of another dimension.
        """

    async def neighbours(
        self,
        generation: Generation,
        revision: Revision,
        ordinals: range,
        /,
        *,
        principals: AbstractSet[Principal],
    ) -> list[Chunk]:
        """The permitted chunks of one revision with these ordinals, in order."""


Kept: TypeAlias = Callable[[Collection[Revision]], Awaitable[AbstractSet[Revision]]]
"""Asks the catalogue which of these revisions are live or staged now."""


class ChunkStore(Protocol):
    """Writes one generation of the index; one writer at a time.

    Raises `ReadOnly` where the store refuses writes and `PartialWrite` where some
    of a batch was not stored; every call may be repeated.
    """

    async def put(
        self, generation: Generation, records: Sequence[ChunkRecord], /
    ) -> None:
        """Add chunks and touch no other id; the same id again replaces its row.

        Visible to readers on return. Raises `ConfigError`, storing nothing, for a
        vector of another dimension or one that is not finite and non-zero.
        """

    async def missing(
        self, generation: Generation, ids: Collection[ChunkId], /
    ) -> frozenset[ChunkId]:
        """Which of these chunks are not stored."""

    async def set_access(
        self, generation: Generation, access: Mapping[DocumentId, Access], /
    ) -> int:
        """Change who finds the chunks of these documents; returns chunks changed."""

    async def collect(
        self, generation: Generation, revisions: Collection[Revision], /, *, kept: Kept
    ) -> int:
        """Delete the chunks of those revisions that `kept` does not name.

        `kept` is asked before every deletion. Returns the chunks deleted.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A physical generation that is there, whether or not the state knows of it.

    `generation` says what it was built as, as far as that can be read: the parts of
    its spec are empty in a room that is damaged. `chunks` is None where they could
    not be counted, `size` (in bytes) where the engine does not tell it.
    """

    generation: Generation
    chunks: int | None = None
    size: int | None = None


class IndexGenerations(Protocol):
    """Makes, walks and keeps up the physical generations; all are idempotent."""

    async def create(self, generation: Generation, /) -> None:
        """Make room for a generation; an existing one is left as it is.

        Raises `ConfigError` where its room holds something else.
        """

    async def drop(self, generation: Generation, /) -> None:
        """Delete a generation with all its chunks, whatever it was built as."""

    async def stored(self) -> Sequence[Stored]:
        """Return every generation that is there, by id; the chunks are counted."""

    def scan(
        self, generation: Generation, /
    ) -> AsyncIterator[tuple[ChunkId, Revision]]:
        """Walk every stored chunk, in no order."""

    async def maintain(self, generation: Generation, /) -> None:
        """Compact and index what has been written since the last time."""


class IndexInspection(Protocol):
    """Looks at the engine as the operator would; changes nothing."""

    async def report(self, generation: Generation | None, /) -> IndexReport:
        """Say what the engine is, and how it keeps this generation."""

    async def rights(self) -> Rights | None:
        """Say what the key in use may do; None for an engine without a server."""
