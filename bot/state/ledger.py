"""What the sources hold: the port `Ledger`."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.access import Access
from bot.core.errors import Conflict
from bot.core.model import DocumentId, GenerationId, RunId
from bot.core.sync import Known, Staged
from bot.state.database import Database, uninterrupted
from bot.state.known import KNOWN, known
from bot.state.rows import (
    count_change,
    discard,
    fetched,
    many,
    open_run,
    pieces,
    remember_access,
    remember_documents,
)
from bot.state.schema import Clock, documents, projections, revisions, texts
from bot.state.stored import description, packed

BATCH = 200
"""How many documents are published in one transaction at most."""

_READABLE = {"attempts": 0, "retry_at": None, "error": None, "failed_version": None}

_THIS_DOCUMENT = documents.c.id == bindparam("document_")
_THIS_REVISION = and_(
    revisions.c.document == bindparam("document_"),
    revisions.c.revision == bindparam("revision_"),
)


def _this_projection(generation: GenerationId) -> ColumnElement[bool]:
    return and_(
        projections.c.generation == generation,
        projections.c.document == bindparam("document_"),
    )


class _Standing(NamedTuple):
    document: DocumentId
    live: int | None
    staged: int | None
    content: str | None
    access: str | None


async def _standing(
    connection: AsyncConnection,
    generation: GenerationId,
    names: Collection[DocumentId],
    *,
    read: ColumnElement[Any],
) -> dict[DocumentId, _Standing]:
    """Where documents stand, with the content and access of the revision `read`."""
    statement = (
        select(
            projections.c.document,
            projections.c.live,
            projections.c.staged,
            revisions.c.content,
            revisions.c.access,
        )
        .outerjoin(
            revisions,
            and_(
                revisions.c.document == projections.c.document,
                revisions.c.revision == read,
            ),
        )
        .where(projections.c.generation == generation)
    )
    rows = await fetched(connection, statement, projections.c.document, names)
    return {row.document: _Standing(*row) for row in rows}


class SqlLedger:
    """Keeps the ledger in the state database."""

    def __init__(self, database: Database, /, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def known(self, run: RunId, /) -> Mapping[DocumentId, Known]:
        """Everything the ledger holds of the run's source, removed ones left out."""
        async with self._database.reading() as connection:
            mine = await open_run(connection, run)
            rows = await connection.execute(
                KNOWN, {"source": mine.source, "generation": mine.generation}
            )
            return {row[0]: known(row) for row in rows}

    @uninterrupted
    async def stage(
        self, run: RunId, states: Sequence[Staged], /
    ) -> Mapping[DocumentId, int]:
        """Store new states and return their revisions."""
        batch = {each.document: each for each in states}
        blobs = await asyncio.to_thread(_pack, batch)
        async with self._database.writing() as connection:
            mine = await open_run(connection, run)
            mine.owns(batch)
            await remember_access(connection, [each.access for each in batch.values()])
            await remember_documents(connection, mine.source, batch)
            before = await _standing(
                connection, mine.generation, batch, read=projections.c.staged
            )
            again = _same(batch, before, "staged")
            fresh = await _take_numbers(connection, batch.keys() - again.keys())
            await many(
                connection,
                update(revisions).where(_THIS_REVISION),
                [_keyed(batch[name], number) for name, number in again.items()],
            )
            await _store(connection, batch, fresh, blobs)
            await _point(connection, mine.generation, fresh, before)
            return again | fresh

    @uninterrupted
    async def publish(self, run: RunId, embedded: Mapping[DocumentId, bool], /) -> None:
        """Make staged revisions live; the value says whether all have vectors."""
        if len(embedded) > BATCH:
            raise ValueError(f"{len(embedded)} documents; at most {BATCH} a call")
        async with self._database.writing() as connection:
            mine = await open_run(connection, run)
            mine.owns(embedded)
            rows = await _standing(
                connection, mine.generation, embedded, read=projections.c.staged
            )
            for name in embedded:
                if name not in rows or rows[name].staged is None:
                    raise Conflict(f"no revision of {name} is staged")
            await _go_live(connection, mine.generation, rows, embedded)

    @uninterrupted
    async def touch(self, run: RunId, states: Sequence[Staged], /) -> None:
        """Take over version, link, dates and labels where the content is the same."""
        batch = {each.document: each for each in states}
        async with self._database.writing() as connection:
            mine = await open_run(connection, run)
            mine.owns(batch)
            before = await _standing(
                connection, mine.generation, batch, read=projections.c.live
            )
            same = _same(batch, before, "live")
            await many(
                connection,
                update(revisions).where(_THIS_REVISION),
                [
                    {"document_": name, "revision_": number} | description(batch[name])
                    for name, number in same.items()
                ],
            )
            await _abandon(connection, mine.generation, [before[name] for name in same])
            await _forgive(connection, same)

    @uninterrupted
    async def set_access(
        self, run: RunId, access: Mapping[DocumentId, Access], /
    ) -> None:
        """Change who may see documents, at once, in every generation."""
        async with self._database.writing() as connection:
            mine = await open_run(connection, run)
            mine.owns(access)
            await remember_access(connection, access.values())
            await many(
                connection,
                update(documents).where(
                    _THIS_DOCUMENT, documents.c.removed_at.is_(None)
                ),
                [
                    {"document_": name, "access": each.digest()}
                    for name, each in access.items()
                ],
            )
            await count_change(connection)

    @uninterrupted
    async def remove(self, run: RunId, names: Collection[DocumentId], /) -> None:
        """Hide documents at once, in every generation; their revisions are garbage."""
        async with self._database.writing() as connection:
            mine = await open_run(connection, run)
            mine.owns(names)
            for piece in pieces(names):
                await _hide(connection, piece, now=self._clock())
            await count_change(connection)


def _pack(batch: Mapping[DocumentId, Staged]) -> dict[DocumentId, bytes]:
    return {name: packed(each.markdown) for name, each in batch.items()}


def _same(
    batch: Mapping[DocumentId, Staged],
    before: Mapping[DocumentId, _Standing],
    name: str,
) -> dict[DocumentId, int]:
    """The revisions (live or staged) whose content is that of the new state."""
    return {
        document: getattr(row, name)
        for document, row in before.items()
        if row.content == batch[document].content
    }


def _keyed(state: Staged, number: int) -> dict[str, Any]:
    return {
        "document_": state.document,
        "revision_": number,
        "access": state.access.digest(),
        **description(state),
    }


async def _take_numbers(
    connection: AsyncConnection, names: Collection[DocumentId]
) -> dict[DocumentId, int]:
    statement = select(documents.c.id, documents.c.next_revision)
    rows = await fetched(connection, statement, documents.c.id, names)
    for piece in pieces(names):
        await connection.execute(
            update(documents)
            .where(documents.c.id.in_(piece))
            .values(next_revision=documents.c.next_revision + 1)
        )
    return dict(rows)


async def _store(
    connection: AsyncConnection,
    batch: Mapping[DocumentId, Staged],
    numbers: Mapping[DocumentId, int],
    blobs: Mapping[DocumentId, bytes],
) -> None:
    await many(
        connection,
        insert(revisions),
        [
            {
                "document": name,
                "revision": number,
                "content": batch[name].content,
                "access": batch[name].access.digest(),
                **description(batch[name]),
            }
            for name, number in numbers.items()
        ],
    )
    await many(
        connection,
        insert(texts),
        [
            {"document": name, "revision": number, "markdown": blobs[name]}
            for name, number in numbers.items()
        ],
    )


async def _point(
    connection: AsyncConnection,
    generation: GenerationId,
    numbers: Mapping[DocumentId, int],
    before: Mapping[DocumentId, _Standing],
) -> None:
    """Have a generation stage new revisions; those staged before are abandoned."""
    await many(
        connection,
        insert(projections),
        [
            {"document": name, "generation": generation, "staged": number}
            for name, number in numbers.items()
            if name not in before
        ],
    )
    await many(
        connection,
        update(projections).where(_this_projection(generation)),
        [
            {"document_": name, "staged": number}
            for name, number in numbers.items()
            if name in before
        ],
    )
    await discard(
        connection,
        [(generation, name, before[name].staged) for name in numbers if name in before],
    )


async def _go_live(
    connection: AsyncConnection,
    generation: GenerationId,
    rows: Mapping[DocumentId, _Standing],
    embedded: Mapping[DocumentId, bool],
) -> None:
    await many(
        connection,
        update(projections)
        .where(_this_projection(generation))
        .values(
            live=projections.c.staged,
            staged=None,
            indexed_access=bindparam("indexed_"),
            embedded=bindparam("embedded_"),
        ),
        [
            {"document_": name, "indexed_": row.access, "embedded_": embedded[name]}
            for name, row in rows.items()
        ],
    )
    await many(
        connection,
        update(documents)
        .where(_THIS_DOCUMENT)
        .values(access=func.coalesce(documents.c.access, bindparam("wanted_"))),
        [{"document_": name, "wanted_": row.access} for name, row in rows.items()],
    )
    await _forgive(connection, rows)
    await count_change(connection)
    await discard(
        connection, [(generation, name, row.live) for name, row in rows.items()]
    )


async def _abandon(
    connection: AsyncConnection, generation: GenerationId, rows: Sequence[_Standing]
) -> None:
    left = [row for row in rows if row.staged is not None]
    await many(
        connection,
        update(projections).where(_this_projection(generation)).values(staged=None),
        [{"document_": row.document} for row in left],
    )
    await discard(connection, [(generation, row.document, row.staged) for row in left])


async def _forgive(connection: AsyncConnection, names: Collection[DocumentId]) -> None:
    """Forget earlier failures of documents that could be read."""
    for piece in pieces(names):
        await connection.execute(
            update(documents)
            .where(documents.c.id.in_(piece), documents.c.attempts > 0)
            .values(_READABLE)
        )


async def _hide(
    connection: AsyncConnection, names: Sequence[DocumentId], *, now: datetime
) -> None:
    rows = (
        await connection.execute(
            select(projections).where(projections.c.document.in_(names))
        )
    ).all()
    await connection.execute(
        delete(projections).where(projections.c.document.in_(names))
    )
    await discard(
        connection,
        [
            (row.generation, row.document, revision)
            for row in rows
            for revision in (row.live, row.staged)
        ],
    )
    await connection.execute(
        update(documents)
        .where(documents.c.id.in_(names), documents.c.removed_at.is_(None))
        .values(removed_at=now, access=None, **_READABLE)
    )
