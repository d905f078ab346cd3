"""Statements that several ports share; each runs inside its caller's transaction."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    bindparam,
    delete,
    exists,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.access import Access
from bot.core.errors import Conflict
from bot.core.model import (
    DocumentId,
    Generation,
    GenerationId,
    RunId,
    source_of,
)
from bot.core.sync import RunState
from bot.state.schema import (
    accesses,
    active_generation,
    catalogue_changes,
    documents,
    garbage,
    generations,
    projections,
    revisions,
    sync_runs,
)
from bot.state.stored import GENERATION, layers, numbered
from bot.state.stored import generation as read_generation

Item = TypeVar("Item")

_VARIABLES = 500  # an older SQLite takes 999 in one statement


def pieces(items: Iterable[Item], /, *, most: int = _VARIABLES) -> Iterator[list[Item]]:
    """Cut into lists that fit one statement."""
    rest = iter(items)
    while piece := list(islice(rest, most)):
        yield piece


async def fetched(
    connection: AsyncConnection,
    statement: Select[Any],
    column: ColumnElement[Any],
    values: Collection[Any],
) -> list[Any]:
    """Return the rows of a statement whose `column` is one of `values`."""
    return [
        row
        for piece in pieces(values)
        for row in await connection.execute(statement.where(column.in_(piece)))
    ]


async def many(
    connection: AsyncConnection, statement: Any, values: Collection[Mapping[str, Any]]
) -> None:
    """Run a statement once for each of `values`; for none, not at all."""
    if values:
        await connection.execute(statement, list(values))


async def add_missing(
    connection: AsyncConnection, table: Table, values: Collection[Mapping[str, Any]]
) -> None:
    """Insert rows; those whose key is there already are left as they are."""
    await connection.run_sync(insert_missing, table, values)


def insert_missing(
    connection: Connection, table: Table, values: Collection[Mapping[str, Any]]
) -> None:
    """Insert rows; those whose key is there already are left as they are."""
    if values:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        statement = dialect.insert(table).on_conflict_do_nothing()
        connection.execute(statement, list(values))


# --- runs --------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRun:
    """The run on whose behalf something is written."""

    source: str
    generation: GenerationId

    def owns(self, names: Iterable[DocumentId], /) -> None:
        """Raise `ValueError` for a document of another source."""
        for name in names:
            if source_of(name) != self.source:
                raise ValueError(f"{name!r} is not a document of {self.source!r}")


async def open_run(connection: AsyncConnection, run: RunId, /) -> OpenRun:
    """Return the run; `Conflict` once it is closed. Who writes is alone."""
    row = (
        await connection.execute(
            select(sync_runs.c.source, sync_runs.c.generation).where(
                sync_runs.c.number == numbered(run),
                sync_runs.c.state == RunState.RUNNING,
            )
        )
    ).one_or_none()
    if row is None:
        raise Conflict(f"sync run {run} is over: a newer one has taken its place")
    return OpenRun(source=row.source, generation=row.generation)


async def require_generation(
    connection: AsyncConnection, generation: GenerationId, /
) -> None:
    """Raise `Conflict` for a generation that never was or was retired."""
    found = await connection.scalar(
        select(generations.c.number).where(
            generations.c.number == numbered(generation),
            generations.c.retired_at.is_(None),
        )
    )
    if found is None:
        raise Conflict(f"there is no generation {generation} any more")


async def active(connection: AsyncConnection, /) -> Generation | None:
    """Return the generation that answers questions."""
    name = await connection.scalar(select(active_generation.c.generation))
    if name is None:
        return None
    row = await connection.execute(
        select(*GENERATION).where(generations.c.number == numbered(name))
    )
    return read_generation(row.one())


async def cancel_runs(
    connection: AsyncConnection, where: ColumnElement[bool], *, now: datetime
) -> None:
    """Fence off the open runs that match."""
    await connection.execute(
        update(sync_runs)
        .where(where, sync_runs.c.state == RunState.RUNNING)
        .values(state=RunState.CANCELLED.value, finished_at=now)
    )


# --- documents ---------------------------------------------------------------


async def remember_access(
    connection: AsyncConnection, values: Collection[Access], /
) -> None:
    """Store layers under their digest."""
    await add_missing(
        connection,
        accesses,
        [
            {"digest": digest, "layers": layers(access)}
            for digest, access in {each.digest(): each for each in values}.items()
        ],
    )


async def remember_documents(
    connection: AsyncConnection, source: str, names: Collection[DocumentId]
) -> None:
    """Make rows for new documents; one that was removed begins as a new one."""
    await add_missing(
        connection,
        documents,
        [{"id": name, "source": source, "next_revision": 1} for name in names],
    )
    for piece in pieces(names):
        await connection.execute(
            update(documents)
            .where(documents.c.id.in_(piece), documents.c.removed_at.is_not(None))
            .values(removed_at=None)
        )


async def count_change(connection: AsyncConnection, /) -> None:
    """Note that other principals may be in use from now on."""
    await connection.execute(
        update(catalogue_changes).values(number=catalogue_changes.c.number + 1)
    )


_NEEDED = exists().where(
    projections.c.document == revisions.c.document,
    or_(
        projections.c.live == revisions.c.revision,
        projections.c.staged == revisions.c.revision,
    ),
)

_DROP_UNNEEDED = delete(revisions).where(
    revisions.c.document == bindparam("document_"),
    revisions.c.revision == bindparam("revision_"),
    ~_NEEDED,
)


async def drop_unneeded(connection: AsyncConnection, /) -> None:
    """Delete every revision that no generation shows or stages."""
    await connection.execute(delete(revisions).where(~_NEEDED))


async def discard(
    connection: AsyncConnection,
    left: Collection[tuple[GenerationId, DocumentId, int | None]],
    /,
) -> None:
    """Call revisions garbage; where no generation needs them, their texts go.

    The projections must have let go of them already. None is no revision.
    """
    rows = [
        {"generation": generation, "document": document, "revision": number}
        for generation, document, number in left
        if number is not None
    ]
    await add_missing(connection, garbage, rows)
    await many(
        connection,
        _DROP_UNNEEDED,
        [{"document_": row["document"], "revision_": row["revision"]} for row in rows],
    )
