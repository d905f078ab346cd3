"""Changes who may see documents and hides what is gone: catalogue first."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from bot.core.access import Access
from bot.core.model import DocumentId, Generation, Revision, RunId
from bot.core.ports import ChunkStore, Ledger, Projection
from bot.core.sync import Known

TRANSACTION = 200
"""Documents changed at once."""


class Enforcer:
    """Brings access of one source's live documents to what the source wants.

    The catalogue is the authority and changes first. What the index filters by may
    lag behind it after a crash: the ledger knows, and the next run catches up.
    """

    def __init__(
        self,
        *,
        run: RunId,
        ledger: Ledger,
        projection: Projection,
        chunks: ChunkStore,
        generation: Generation,
        known: Mapping[DocumentId, Known],
    ) -> None:
        self._run = run
        self._ledger = ledger
        self._projection = projection
        self._chunks = chunks
        self._generation = generation
        self._indexed = {key: row.indexed_access for key, row in known.items()}

    def was_indexed(self, access: Mapping[DocumentId, Access], /) -> None:
        """Note that the chunks of these documents were just put under this access."""
        self._indexed |= {key: wanted.digest() for key, wanted in access.items()}

    async def enforce(self, access: Mapping[DocumentId, Access], /) -> None:
        """Make these accesses the ones that count, at once."""
        for part in _parts(list(access)):
            await self._ledger.set_access(self._run, {key: access[key] for key in part})
        await self.index(access)

    async def index(self, access: Mapping[DocumentId, Access], /) -> None:
        """Make the index filter by these accesses where it does not yet."""
        behind = {
            key: wanted
            for key, wanted in access.items()
            if self._indexed.get(key) != wanted.digest()
        }
        for part in _parts(list(behind)):
            await self._chunks.set_access(
                self._generation, {key: behind[key] for key in part}
            )
            digests = {key: behind[key].digest() for key in part}
            await self._projection.indexed(self._generation.id, access=digests)
            self._indexed |= digests

    async def remove(self, documents: Sequence[DocumentId], /) -> None:
        """Hide these documents at once; their chunks are collected later."""
        for part in _parts(documents):
            await self._ledger.remove(self._run, part)


async def collect(
    *, generation: Generation, projection: Projection, chunks: ChunkStore
) -> int:
    """Delete chunks that nobody can be shown any more; returns how many."""

    async def kept(revisions: Collection[Revision]) -> frozenset[Revision]:
        return await projection.kept(generation.id, revisions)

    deleted = 0
    while garbage := await projection.garbage(generation.id, limit=1000):
        deleted += await chunks.collect(generation, garbage, kept=kept)
        await projection.collected(generation.id, garbage)
    return deleted


def _parts(documents: Sequence[DocumentId]) -> Iterator[Sequence[DocumentId]]:
    for start in range(0, len(documents), TRANSACTION):
        yield documents[start : start + TRANSACTION]
