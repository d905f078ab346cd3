"""A staged state becomes chunks in one generation of the index."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.core.access import Access
from bot.core.errors import Unavailable
from bot.core.model import Chunk, ChunkRecord, DocumentId, Generation, Revision
from bot.core.ports import ChunkStore
from bot.core.sync import Staged
from bot.ingest.chunking import chunks, searched, tokens_of
from bot.ingest.parsing import sections
from bot.ingest.vectors import Vectors
from bot.text.tokens import analyzer

PUT = 400
"""Chunks a write."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Staged states with the chunks they become; `whole` says that no vector lacks."""

    states: Mapping[Revision, Staged]
    records: Sequence[ChunkRecord]
    whole: bool


@dataclass(frozen=True, slots=True)
class Projected:
    """How many chunks a batch wrote, and which documents have all their vectors."""

    chunks: int
    embedded: Mapping[DocumentId, bool]


class Projector:
    """Writes staged states into a generation and makes sure that they are there."""

    def __init__(
        self,
        *,
        store: ChunkStore,
        generation: Generation,
        vectors: Vectors | None,
    ) -> None:
        self.generation = generation
        self.vectors = vectors
        self._store = store
        self._analyse = analyzer(generation.spec.analyzer)

    async def project(
        self, states: Mapping[Revision, Staged], /, *, embed: bool
    ) -> Projected:
        """Put the chunks of these states, each under the access it was staged with.

        With `embed` their vectors are looked up or made first. Every chunk is in
        the index on return, else `Unavailable` is raised and nothing is lost.
        """
        return await self.put(await self.prepare(states, embed=embed))

    async def prepare(
        self, states: Mapping[Revision, Staged], /, *, embed: bool
    ) -> Prepared:
        """Cut states into chunks, with vectors if `embed`, and write nothing."""
        cut = await asyncio.to_thread(self._records, states)
        records = [record for rows in cut.values() for record in rows]
        if embed and self.vectors is not None:
            records = await self._with_vectors(self.vectors, records)
        whole = self.vectors is None or (embed and self.vectors.available)
        return Prepared(states, records, whole)

    async def put(self, prepared: Prepared, /) -> Projected:
        """Put what was prepared; as `project` in everything else."""
        records = prepared.records
        await self._put(records)
        waiting = {record.chunk.document for record in records if record.vector is None}
        return Projected(
            chunks=len(records),
            embedded={
                document: prepared.whole or document not in waiting
                for document, _ in prepared.states
            },
        )

    def _records(
        self, states: Mapping[Revision, Staged]
    ) -> dict[Revision, list[ChunkRecord]]:
        return {
            revision: [
                self._record(chunk, state.access) for chunk in cut(revision, state)
            ]
            for revision, state in states.items()
        }

    def _record(self, chunk: Chunk, access: Access) -> ChunkRecord:
        return ChunkRecord(
            chunk=chunk, tokens=tokens_of(chunk, self._analyse), access=access
        )

    async def _with_vectors(
        self, vectors: Vectors, records: Sequence[ChunkRecord]
    ) -> list[ChunkRecord]:
        made = await vectors.vectors([searched(record.chunk) for record in records])
        return [
            replace(record, vector=vector)
            for record, vector in zip(records, made, strict=True)
        ]

    async def _put(self, records: Sequence[ChunkRecord]) -> None:
        for start in range(0, len(records), PUT):
            await self._store.put(self.generation, records[start : start + PUT])
        ids = [record.chunk.id for record in records]
        missing = await self._store.missing(self.generation, ids) if ids else ()
        if missing:
            raise Unavailable(
                f"the index lost {len(missing)} of {len(ids)} chunks just written; "
                "run the sync again, and `shirube check` if it stays"
            )


async def ahead(
    projector: Projector,
    parts: Sequence[Sequence[Revision]],
    states: Callable[[Sequence[Revision]], Awaitable[Mapping[Revision, Staged]]],
    /,
) -> AsyncGenerator[Prepared, None]:
    """Yield parts ready to be put, the next one being made ready meanwhile.

    `states` reads a part. Close the generator: it waits for what it has begun.
    """

    async def ready(part: Sequence[Revision]) -> Prepared:
        return await projector.prepare(await states(part), embed=True)

    upcoming: asyncio.Future[Prepared] | None = None
    try:
        for part in parts:
            prepared = await upcoming if upcoming is not None else None
            upcoming = asyncio.ensure_future(ready(part))
            if prepared is not None:
                yield prepared
        if upcoming is not None:
            yield await upcoming
    finally:
        if upcoming is not None:
            upcoming.cancel()
            await asyncio.wait([upcoming])
            if not upcoming.cancelled():
                upcoming.exception()  # the reader left before it


def cut(revision: Revision, state: Staged) -> list[Chunk]:
    """Cut a stored state into its chunks; the same state gives the same chunks."""
    document, number = revision
    return chunks(
        document,
        number,
        state.title,
        sections(state.markdown, title=state.title),
        language=state.language,
    )
