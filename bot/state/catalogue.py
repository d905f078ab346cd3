"""What may be shown now: the port `Catalogue`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, case, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.access import DENY, Access, Principal
from bot.core.model import DocumentId, Generation, GenerationId, LiveDocument
from bot.core.sync import SourceStatus, SyncRun
from bot.state.ageing import Ageing
from bot.state.database import Database
from bot.state.rows import active, pieces
from bot.state.schema import (
    accesses,
    catalogue_changes,
    documents,
    projections,
    revisions,
    sources,
    sync_runs,
)
from bot.state.stored import METADATA, RUN, access, live_document, run

_LIVE: Select[Any] = (
    select(projections.c.document, projections.c.live, accesses.c.layers, *METADATA)
    .join(documents, documents.c.id == projections.c.document)
    .join(accesses, accesses.c.digest == documents.c.access)
    .join(
        revisions,
        and_(
            revisions.c.document == projections.c.document,
            revisions.c.revision == projections.c.live,
        ),
    )
    .where(
        documents.c.removed_at.is_(None),
        projections.c.generation == bindparam("generation"),
        projections.c.document.in_(bindparam("names", expanding=True)),
    )
)

_READ = select(sources.c.name, sources.c.last_success)

_IN_USE = select(accesses.c.layers).where(
    exists()
    .where(documents.c.access == accesses.c.digest)
    .where(projections.c.document == documents.c.id)
    .where(projections.c.live.is_not(None))
)

_NEWEST_RUNS = select(*RUN).where(
    sync_runs.c.number.in_(
        select(func.max(sync_runs.c.number)).group_by(sync_runs.c.source)
    )
)

_FAILING = (
    select(documents.c.source, func.count())
    .where(documents.c.attempts > 0, documents.c.removed_at.is_(None))
    .group_by(documents.c.source)
)

_SHOWN = (
    select(
        documents.c.source,
        func.count(),
        func.sum(case((projections.c.embedded, 0), else_=1)),
    )
    .join(projections, projections.c.document == documents.c.id)
    .where(projections.c.live.is_not(None))
    .group_by(documents.c.source)
)


_RIGHTS = (
    select(documents.c.source, accesses.c.layers)
    .distinct()
    .join(accesses, accesses.c.digest == documents.c.access)
    .join(projections, projections.c.document == documents.c.id)
    .where(documents.c.removed_at.is_(None), projections.c.live.is_not(None))
)


class SqlCatalogue:
    """Reads the catalogue from the state database."""

    def __init__(self, database: Database, /, *, ageing: Ageing | None = None) -> None:
        self._database = database
        self._ageing = ageing or Ageing()
        self._in_use: tuple[int | None, frozenset[Principal]] = (None, frozenset())

    async def live(
        self, generation: GenerationId, names: Collection[DocumentId], /
    ) -> Mapping[DocumentId, LiveDocument]:
        """The live state of these documents; what is not live is left out."""
        if not names:
            return {}

        def reads(connection: Connection) -> dict[DocumentId, LiveDocument]:
            found = (
                live_document(row)
                for piece in pieces(names)
                for row in connection.execute(
                    _LIVE, {"generation": generation, "names": piece}
                )
            )
            return self._aged(found, connection)

        return await self._database.look(reads)

    def _aged(
        self, found: Iterable[LiveDocument], connection: Connection
    ) -> dict[DocumentId, LiveDocument]:
        """Leave out what too much time has passed for."""
        if not self._ageing.valid:
            return {document.id: document for document in found}
        read = dict(map(tuple, connection.execute(_READ)))
        seen = (self._ageing.seen(each, read.get(each.source)) for each in found)
        return {document.id: document for document in seen if document is not None}

    async def principals(self) -> frozenset[Principal]:
        """Every principal that some live document's access names."""

        def reads(connection: Connection) -> tuple[int | None, frozenset[Principal]]:
            number = connection.scalar(select(catalogue_changes.c.number))
            if number == self._in_use[0]:
                return self._in_use
            return number, _named(connection.scalars(_IN_USE))

        self._in_use = await self._database.look(reads)
        return self._in_use[1]

    async def sources(self) -> Sequence[SourceStatus]:
        """How every source that was ever synced stands."""
        async with self._database.reading() as connection:
            names = (
                await connection.execute(select(sources).order_by(sources.c.name))
            ).all()
            runs = {
                each.source: each
                for each in map(run, await connection.execute(_NEWEST_RUNS))
            }
            failing = dict(map(tuple, await connection.execute(_FAILING)))
            shown = await _shown(connection, await active(connection))
        return [
            _status(row, shown.get(row.name, (0, 0)), failing.get(row.name, 0), runs)
            for row in names
        ]

    async def rights(self) -> Mapping[str, Collection[Access]]:
        """Return what the live documents of every source ask of who reads them."""
        async with self._database.reading() as connection:
            generation = await active(connection)
            if generation is None:
                return {}
            rows = await connection.execute(
                _RIGHTS.where(projections.c.generation == generation.id)
            )
        found: dict[str, list[Access]] = {}
        for source, layers in rows:
            found.setdefault(source, []).append(access(layers))
        return found


def _named(texts: Iterable[str]) -> frozenset[Principal]:
    layers = (layer for text in texts for layer in access(text).layers)
    return frozenset[Principal]().union(*layers) - {DENY}


async def _shown(
    connection: AsyncConnection, generation: Generation | None
) -> dict[str, tuple[int, int]]:
    """Count live documents by source, and those of them that lack vectors."""
    if generation is None:
        return {}
    rows = await connection.execute(
        _SHOWN.where(projections.c.generation == generation.id)
    )
    wanted = generation.spec.embedding is not None
    return {
        source: (count, lacking if wanted else 0) for source, count, lacking in rows
    }


def _status(
    row: Any,
    shown: tuple[int, int],
    failing: int,
    runs: Mapping[str, SyncRun],
) -> SourceStatus:
    count, pending = shown
    return SourceStatus(
        source=row.name,
        documents=count,
        pending_vectors=pending,
        failing=failing,
        last_run=runs.get(row.name),
        last_success=row.last_success,
    )
