"""What each generation of the index shows and still holds: the port `Projection`."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.model import DocumentId, GenerationId, Revision
from bot.core.sync import Staged
from bot.state.comparing import lagging
from bot.state.database import Database, uninterrupted
from bot.state.rows import (
    add_missing,
    count_change,
    discard,
    fetched,
    many,
    require_generation,
)
from bot.state.schema import (
    accesses,
    documents,
    garbage,
    projections,
    revisions,
    texts,
)
from bot.state.stored import METADATA, access, described, revision, unpacked

_PAGE = 1_000

_REVISIONS = select(
    projections.c.document,
    projections.c.generation,
    projections.c.live,
    projections.c.staged,
)

_SHOWN_SOMEWHERE = (
    select(projections.c.document)
    .where(
        projections.c.document == revisions.c.document,
        projections.c.live == revisions.c.revision,
    )
    .correlate(revisions)
    .exists()
)

_STATE: Select[Any] = (
    select(
        revisions.c.document,
        revisions.c.revision,
        revisions.c.version,
        revisions.c.content,
        texts.c.markdown,
        accesses.c.layers,
        *METADATA,
    )
    .join(
        texts,
        and_(
            texts.c.document == revisions.c.document,
            texts.c.revision == revisions.c.revision,
        ),
    )
    .join(documents, documents.c.id == revisions.c.document)
    .join(
        accesses,
        accesses.c.digest
        == func.coalesce(
            case((_SHOWN_SOMEWHERE, documents.c.access)), revisions.c.access
        ),
    )
)


def _state(key: Revision, row: Sequence[Any]) -> Staged:
    version, content, markdown, layers, *metadata = row
    return Staged(
        document=key[0],
        version=version,
        content=content,
        markdown=unpacked(markdown),
        access=access(layers),
        **described(metadata),
    )


class SqlProjection:
    """Keeps the projections in the state database."""

    def __init__(self, database: Database, /) -> None:
        self._database = database

    @uninterrupted
    async def indexed(
        self,
        generation: GenerationId,
        /,
        *,
        access: Mapping[DocumentId, str] | None = None,
        embedded: Collection[Revision] = (),
    ) -> None:
        """Record access digests that the index now filters by, and full vectors."""
        async with self._database.writing() as connection:
            await many(
                connection,
                update(projections).where(_this(generation)),
                [
                    {"document_": name, "indexed_access": digest}
                    for name, digest in (access or {}).items()
                ],
            )
            await many(
                connection,
                update(projections)
                .where(_this(generation), projections.c.live == bindparam("revision_"))
                .values(embedded=True),
                _keys(embedded),
            )

    async def staged(self, wanted: Revision, /) -> Staged | None:
        """Return one stored state with its Markdown; None when it is gone."""
        return (await self.states([wanted])).get(wanted)

    async def states(
        self, wanted: Collection[Revision], /
    ) -> Mapping[Revision, Staged]:
        """Return stored states with their Markdown; what is gone is left out."""
        names = {document for document, _ in wanted}
        numbers = {number for _, number in wanted}
        statement = _STATE.where(revisions.c.revision.in_(numbers))
        async with self._database.reading() as connection:
            rows = await fetched(connection, statement, revisions.c.document, names)
        found = {revision(row): row[2:] for row in rows}
        return {key: _state(key, found[key]) for key in wanted if key in found}

    async def live(self, generation: GenerationId, /) -> AsyncIterator[Revision]:
        """Walk the live revisions of a generation, ordered by document."""
        last = ""
        while True:
            statement = (
                select(projections.c.document, projections.c.live)
                .where(
                    projections.c.generation == generation,
                    projections.c.live.is_not(None),
                    projections.c.document > last,
                )
                .order_by(projections.c.document)
                .limit(_PAGE)
            )
            async with self._database.reading() as connection:
                rows = (await connection.execute(statement)).all()
            if not rows:
                return
            for row in rows:
                yield revision(row)
            last = rows[-1].document

    @uninterrupted
    async def adopt(
        self, generation: GenerationId, states: Mapping[Revision, tuple[str, bool]], /
    ) -> None:
        """Show revisions that are live elsewhere in this generation too."""
        async with self._database.writing() as connection:
            await require_generation(connection, generation)
            names = {name for name, _ in states}
            rows = await fetched(connection, _REVISIONS, projections.c.document, names)
            elsewhere = {(row.document, row.live) for row in rows}
            shown = {key: states[key] for key in states if key in elsewhere}
            await _show(connection, generation, shown)
            mine = [row for row in rows if row.generation == generation]
            replaced = {(row.document, row.live) for row in mine if row.live}
            kept = shown.keys() | {(row.document, row.staged) for row in mine}
            left = (states.keys() | replaced) - kept
            await discard(connection, [(generation, *each) for each in left])
            await count_change(connection)

    async def behind(
        self, generation: GenerationId, /, *, of: GenerationId, vectors: bool
    ) -> Sequence[Revision]:
        """Return what is live in `of` and is not so in this generation, by document."""
        statement = lagging(generation, of, vectors=vectors)
        async with self._database.reading() as connection:
            return sorted(map(revision, await connection.execute(statement)))

    async def unembedded(
        self, generation: GenerationId, /, *, source: str, limit: int
    ) -> Sequence[Revision]:
        """Return live revisions of a source that lack vectors, by document."""
        statement = _lacking(
            generation, source, projections.c.document, projections.c.live
        )
        async with self._database.reading() as connection:
            rows = await connection.execute(
                statement.order_by(projections.c.document).limit(limit)
            )
            return [revision(row) for row in rows]

    async def pending(self, generation: GenerationId, /, *, source: str) -> int:
        """Count the live documents of a source that lack vectors."""
        async with self._database.reading() as connection:
            count = await connection.scalar(_lacking(generation, source, func.count()))
            return count or 0

    async def kept(
        self, generation: GenerationId, wanted: Collection[Revision], /
    ) -> frozenset[Revision]:
        """Which of these revisions are live or staged in the generation now."""
        statement = _REVISIONS.where(projections.c.generation == generation)
        names = {document for document, _ in wanted}
        async with self._database.reading() as connection:
            rows = await fetched(connection, statement, projections.c.document, names)
        current = {
            (row.document, number) for row in rows for number in (row.live, row.staged)
        }
        return frozenset(each for each in wanted if each in current)

    async def garbage(
        self, generation: GenerationId, /, *, limit: int
    ) -> Sequence[Revision]:
        """Return revisions that are neither, and whose chunks may still be stored."""
        async with self._database.reading() as connection:
            rows = await connection.execute(
                select(garbage.c.document, garbage.c.revision)
                .where(garbage.c.generation == generation)
                .order_by(garbage.c.document, garbage.c.revision)
                .limit(limit)
            )
            return [revision(row) for row in rows]

    @uninterrupted
    async def collected(
        self, generation: GenerationId, gone: Collection[Revision], /
    ) -> None:
        """Forget garbage whose chunks are gone."""
        async with self._database.writing() as connection:
            await _forget_garbage(connection, generation, gone)


def _this(generation: GenerationId) -> ColumnElement[bool]:
    return and_(
        projections.c.generation == generation,
        projections.c.document == bindparam("document_"),
    )


def _keys(wanted: Collection[Revision]) -> list[dict[str, Any]]:
    return [{"document_": name, "revision_": number} for name, number in wanted]


def _lacking(
    generation: GenerationId, source: str, *columns: ColumnElement[Any]
) -> Select[Any]:
    return (
        select(*columns)
        .select_from(projections)
        .join(documents, documents.c.id == projections.c.document)
        .where(
            documents.c.source == source,
            projections.c.generation == generation,
            projections.c.live.is_not(None),
            projections.c.embedded.is_(False),
        )
    )


async def _show(
    connection: AsyncConnection,
    generation: GenerationId,
    states: Mapping[Revision, tuple[str, bool]],
) -> None:
    await add_missing(
        connection,
        projections,
        [{"document": name, "generation": generation} for name, _ in states],
    )
    await many(
        connection,
        update(projections)
        .where(_this(generation))
        .values(
            live=bindparam("live_"),
            indexed_access=bindparam("indexed_"),
            embedded=bindparam("embedded_"),
        ),
        [
            {
                "document_": name,
                "live_": number,
                "indexed_": digest,
                "embedded_": embedded,
            }
            for (name, number), (digest, embedded) in states.items()
        ],
    )
    await _forget_garbage(connection, generation, states)


async def _forget_garbage(
    connection: AsyncConnection, generation: GenerationId, gone: Collection[Revision]
) -> None:
    await many(
        connection,
        delete(garbage).where(
            garbage.c.generation == generation,
            garbage.c.document == bindparam("document_"),
            garbage.c.revision == bindparam("revision_"),
        ),
        _keys(gone),
    )
