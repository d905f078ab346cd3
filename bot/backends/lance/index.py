"""The index ports on LanceDB tables."""

import asyncio
import contextlib
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import lancedb
from lancedb.table import AsyncTable

from bot.backends.lance import rows, upkeep
from bot.backends.lance.faults import faults
from bot.backends.lance.upkeep import Backlog
from bot.backends.records import (
    UNREADABLE,
    check_records,
    check_vector,
    nobody,
    spec_in,
)
from bot.core.access import Access, Principal
from bot.core.errors import ConfigError, Gone
from bot.core.model import (
    Chunk,
    ChunkId,
    ChunkRecord,
    DocumentId,
    Generation,
    GenerationId,
    Hit,
    Revision,
    Vector,
)
from bot.core.ports import Kept, Stored
from bot.core.reports import IndexReport

T = TypeVar("T")

BATCH = 200
"""Documents or revisions a statement names."""

IDS = 1_000
"""Chunk ids a statement names."""

# Vectors were checked; what is left are chunks that have none, which the vendor's
# merge calls bad and would refuse.
_AS_THEY_ARE = "null"


@asynccontextmanager
async def connect(folder: Path, cache: int, /) -> AsyncIterator["LanceIndex"]:
    """Open the database in a folder and close it again.

    Every read looks for a newer version first, so that what the sync process
    wrote is seen by the process that answers. Left alone, the engine keeps gigabytes
    of index parts, also of versions that are long gone.
    """
    session = lancedb.Session(
        index_cache_size_bytes=cache, metadata_cache_size_bytes=cache // 4
    )
    with faults(f"opening the index in {folder}"):
        try:
            connection = await lancedb.connect_async(
                folder, read_consistency_interval=timedelta(0), session=session
            )
        except ValueError as error:
            raise ConfigError(
                f"{folder} cannot hold the index; set another folder ({error})"
            ) from error
    with connection:
        yield LanceIndex(connection, folder)


class LanceIndex:
    """`PassageIndex`, `ChunkStore` and `IndexGenerations` in one folder.

    Any number of processes may read; one may write. Writes of this object wait
    for each other, because the engine fails one of two that overlap.
    """

    def __init__(self, connection: lancedb.AsyncConnection, folder: Path) -> None:
        self._connection = connection
        self._folder = folder
        self._tables: dict[GenerationId, AsyncTable] = {}
        self._backlogs: defaultdict[GenerationId, Backlog] = defaultdict(Backlog)
        self._writing = asyncio.Lock()

    async def _table(self, generation: Generation) -> AsyncTable:
        table = self._tables.get(generation.id)
        if table is None:
            table = await self._opened(generation)
            self._tables[generation.id] = table
        return table

    async def _opened(self, generation: Generation) -> AsyncTable:
        table = await self._found(generation.id)
        if table is None:
            raise Gone(
                f"the index in {self._folder} has no generation {generation.id!r}; "
                "run `shirube sync`"
            )
        await self._check_spec(table, generation)
        return table

    async def _found(self, generation: GenerationId) -> AsyncTable | None:
        try:
            return await self._connection.open_table(generation)
        except ValueError as error:
            if "was not found" in str(error):
                return None
            raise

    async def _check_spec(self, table: AsyncTable, generation: Generation) -> None:
        stored = rows.described_in(await table.schema())
        wanted = rows.described(generation.spec)
        if stored != wanted:
            raise ConfigError(
                f"generation {generation.id!r} in {self._folder} was built as "
                f"{stored}, not as {wanted}; run `shirube sync` to build a new one"
            )

    @asynccontextmanager
    async def _reading(self, generation: Generation) -> AsyncIterator[AsyncTable]:
        with faults(f"reading the index in {self._folder}"):
            yield await self._table(generation)

    @asynccontextmanager
    async def _written(self, generation: Generation) -> AsyncIterator[AsyncTable]:
        async with self._writing:
            with faults(f"writing the index in {self._folder}"):
                yield await self._table(generation)

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
        """Find chunks by BM25; a token that is given twice counts once."""
        text = " ".join(dict.fromkeys(tokens))
        if not text or nobody(principals):
            return []
        async with self._reading(generation) as table:
            found = await (
                table.query()
                .nearest_to_text(text, columns="tokens")
                .where(rows.readable_by(principals))
                .select([*rows.CHUNK_COLUMNS, "_score"])
                .limit(limit)
                .to_arrow()
            )
        return rows.hits(found, found["_score"].to_pylist())

    async def search_vector(
        self,
        generation: Generation,
        vector: Vector,
        /,
        *,
        principals: AbstractSet[Principal],
        limit: int,
    ) -> list[Hit]:
        """Find chunks by cosine similarity."""
        embedding = generation.spec.embedding
        if embedding is None or nobody(principals):
            return []
        check_vector(vector, embedding.dimensions)
        async with self._reading(generation) as table:
            # The graph works on 8-bit vectors and gives twice the distance; refining
            # reads the true vectors of what it found. `ef` 500 finds 99 % of the
            # true 100 where the default finds 95 %, in the same time.
            found = await (
                table.query()
                .nearest_to(rows.vector_row(vector))
                .column("vector")
                .distance_type("cosine")
                .ef(max(500, 2 * limit))
                .refine_factor(1)
                .where(rows.readable_by(principals))
                .select([*rows.CHUNK_COLUMNS, "_distance"])
                .limit(limit)
                .to_arrow()
            )
        return rows.hits(found, [1 - away for away in found["_distance"].to_pylist()])

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
        if not ordinals or nobody(principals):
            return []
        conditions = (
            rows.of_revisions([revision]),
            rows.with_ordinals(ordinals),
            rows.readable_by(principals),
        )
        async with self._reading(generation) as table:
            query = table.query().where(" AND ".join(conditions))
            found = await query.select(list(rows.CHUNK_COLUMNS)).to_arrow()
        chunks = (chunk for chunk in rows.chunks(found) if chunk.ordinal in ordinals)
        return sorted(chunks, key=lambda chunk: chunk.ordinal)

    # --- ChunkStore ----------------------------------------------------------

    async def put(
        self, generation: Generation, records: Sequence[ChunkRecord], /
    ) -> None:
        """Add or replace chunks, all or none."""
        check_records(generation, records)
        if not records:
            return
        batch = rows.rows(records, rows.schema(generation.spec))
        async with self._written(generation) as table:
            merge = table.merge_insert("id").when_matched_update_all()
            merge = merge.when_not_matched_insert_all()
            await merge.execute(batch, on_bad_vectors=_AS_THEY_ARE)
            await self._backlogs[generation.id].add(table, batch.num_rows)

    async def missing(
        self, generation: Generation, ids: Collection[ChunkId], /
    ) -> frozenset[ChunkId]:
        """Say which of these chunks are not stored."""
        stored: set[ChunkId] = set()
        async with self._reading(generation) as table:
            for batch in _batches(ids, IDS):
                query = table.query().where(rows.with_ids(batch)).select(["id"])
                stored.update((await query.to_arrow())["id"].to_pylist())
        return frozenset(ids) - stored

    async def set_access(
        self, generation: Generation, access: Mapping[DocumentId, Access], /
    ) -> int:
        """Change who finds the chunks of these documents, in few statements."""
        changed = 0
        for batch in _batches(access, BATCH):
            async with self._written(generation) as table:
                found = await table.query().where(rows.of_documents(batch)).to_arrow()
                if found.num_rows:
                    merge = table.merge_insert("id").when_matched_update_all()
                    changes = rows.with_access(found, access)
                    await merge.execute(changes, on_bad_vectors=_AS_THEY_ARE)
                    await self._backlogs[generation.id].add(table, found.num_rows)
                    changed += found.num_rows
        return changed

    async def collect(
        self, generation: Generation, revisions: Collection[Revision], /, *, kept: Kept
    ) -> int:
        """Delete the chunks of the revisions that `kept` does not name."""
        deleted = 0
        for batch in _batches(set(revisions), BATCH):
            async with self._writing:
                doomed = set(batch) - await kept(batch)
                if doomed:
                    deleted += await self._delete(generation, doomed)
        return deleted

    async def _delete(self, generation: Generation, doomed: set[Revision]) -> int:
        with faults(f"writing the index in {self._folder}"):
            table = await self._table(generation)
            # The stub of the vendor does not know the count.
            result: Any = await table.delete(rows.of_revisions(doomed))
            return int(result.num_deleted_rows)

    # --- IndexGenerations ----------------------------------------------------

    async def create(self, generation: Generation, /) -> None:
        """Make the table of a generation with its indexes."""
        async with self._writing:
            with faults(f"writing the index in {self._folder}"):
                table = await self._found(generation.id)
                if table is None:
                    table = await self._connection.create_table(
                        generation.id, schema=rows.schema(generation.spec)
                    )
                await self._check_spec(table, generation)
                await upkeep.complete(table)
                self._tables[generation.id] = table

    async def drop(self, generation: Generation, /) -> None:
        """Delete the table of a generation."""
        async with self._writing:
            self._tables.pop(generation.id, None)
            self._backlogs.pop(generation.id, None)
            with faults(f"writing the index in {self._folder}"):
                await self._connection.drop_table(generation.id, ignore_missing=True)

    async def stored(self) -> Sequence[Stored]:
        """Return every table; one that cannot be read says nothing of itself."""
        with faults(f"reading the index in {self._folder}"):
            names = await upkeep.table_names(self._connection)
        return [await self._described(GenerationId(name)) for name in sorted(names)]

    async def _described(self, generation: GenerationId) -> Stored:
        spec, chunks = UNREADABLE, None
        with contextlib.suppress(OSError, RuntimeError, ValueError):
            table = await self._connection.open_table(generation)
            spec = spec_in(rows.described_in(await table.schema()))
            chunks = await table.count_rows()
        return Stored(
            generation=Generation(id=generation, spec=spec),
            chunks=chunks,
            size=await asyncio.to_thread(_size, self._folder / f"{generation}.lance"),
        )

    async def scan(
        self, generation: Generation, /
    ) -> AsyncIterator[tuple[ChunkId, Revision]]:
        """Walk every chunk of one version of the table."""
        async with self._reading(generation) as table:
            query = table.query().select(["id", "document", "revision"])
            async for batch in await query.to_batches():
                for chunk, document, revision in zip(
                    *(column.to_pylist() for column in batch.columns), strict=True
                ):
                    yield chunk, (document, revision)

    async def maintain(self, generation: Generation, /) -> None:
        """Compact the files, bring every index up to date, forget old versions.

        Until then what was written since the last time is searched row by row.
        """
        async with self._written(generation) as table:
            await upkeep.complete(table)
            await upkeep.optimize(table)
            self._backlogs[generation.id].clear()
            if generation.spec.embedding is not None:
                await upkeep.index_vectors(table)

    # --- IndexInspection -----------------------------------------------------

    async def report(self, generation: Generation | None, /) -> IndexReport:
        """Say which engine it is, where, and how much room it takes."""
        del generation  # all of them lie in one folder
        return IndexReport(
            engine=f"LanceDB {version('lancedb')}",
            place=str(self._folder),
            size=await asyncio.to_thread(_size, self._folder),
            read_only=not os.access(self._folder, os.W_OK),
        )

    async def rights(self) -> None:
        """Return None: there is no server."""


def _size(folder: Path) -> int:
    """Add up the files; one that is deleted meanwhile counts nothing."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            total += path.lstat().st_size
    return total


def _batches(values: Iterable[T], size: int) -> Iterable[list[T]]:
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch
