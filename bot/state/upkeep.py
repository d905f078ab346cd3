"""What an operator does to a whole state database, whichever engine it is on."""

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import (
    Connection,
    DateTime,
    LargeBinary,
    Table,
    false,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.types import TypeEngine

from bot.core.errors import ConfigError
from bot.state import archive
from bot.state.release import THIS, Release, every_table, revision, stored_tables
from bot.state.schema import generations
from bot.state.sites import Site

_SINGLE_ROWS = frozenset({"active_generation", "catalogue_changes"})
"""Tables that a new database has one row in."""

RESTORED: Final = "the state database was restored from a backup"
"""Why the index is built anew after a restoration."""

_LEAP = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgraded:
    """From which revision to which, and where a copy of the earlier state lies."""

    before: str | None
    after: str
    copy: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """How many rows a table has now, and where a copy of what was there lies."""

    rows: Mapping[str, int]
    copy: Path | None


async def upgrade(
    site: Site, /, *, copies: Path, now: datetime, release: Release = THIS
) -> Upgraded:
    """Bring a database to the schema of this release, after a backup."""

    def act(connection: Connection) -> Upgraded:
        before = _revision(site, connection)
        copy = None
        if before is not None and before != release.head:
            release.require_known(before, where=site.name)
            copy = site.copied(connection, before, copies, now=now)
        if before != release.head:
            release.upgrade(connection)
        return Upgraded(before=before, after=release.head, copy=copy)

    return await site.changed(act)


async def back_up(site: Site, folder: Path, /, *, now: datetime) -> Path:
    """Copy one state of a database into a dated file; it may be in use."""

    def act(connection: Connection) -> Path:
        found = _revision(site, connection)
        if found is None:
            raise ConfigError(f"{site.name} is empty; there is nothing to back up")
        return site.copied(connection, found, folder, now=now)

    return await site.looked_at(act)


async def restore(
    site: Site,
    file: Path,
    /,
    *,
    copies: Path,
    now: datetime,
    replace: bool = False,
    release: Release = THIS,
) -> Restored:
    """Put a backup in the place of what a database holds, all of it or nothing.

    A backup of an earlier release is brought up to date. Raises `ConfigError` for a
    database that is not empty, unless it may `replace` it; then it is copied first.
    """

    def act(connection: Connection) -> Restored:
        with archive.opened(file) as backup:
            release.require_known(backup.revision, where=file)
            copy = _emptied(site, connection, copies, now=now, replace=replace)
            release.upgrade(connection, to=backup.revision)
            rows = _filled(connection, backup)
        release.upgrade(connection)
        _count_on(connection)
        _distrust_index(connection, now)
        return Restored(rows=rows, copy=copy)

    return await site.changed(act)


def _revision(site: Site, connection: Connection) -> str | None:
    return revision(connection, where=site.name, remedy=site.remedy)


def _emptied(
    site: Site, connection: Connection, copies: Path, *, now: datetime, replace: bool
) -> Path | None:
    before = _revision(site, connection)
    if before is None:
        return None
    copy = None
    if _holds_something(connection):
        if not replace:
            raise ConfigError(
                f"{site.name} is not empty; --force replaces it, after a backup"
            )
        copy = site.copied(connection, before, copies, now=now)
    every_table(connection).drop_all(connection)
    return copy


def _holds_something(connection: Connection) -> bool:
    return any(
        connection.execute(select(table).limit(1)).first() is not None
        for table in stored_tables(connection).sorted_tables
        if table.name not in _SINGLE_ROWS
    )


def _filled(connection: Connection, backup: archive.Backup) -> dict[str, int]:
    tables = stored_tables(connection).tables
    for name in _SINGLE_ROWS & tables.keys():
        connection.execute(tables[name].delete())
    counts: dict[str, int] = {}
    for name, rows in backup.rows():
        if name not in tables:
            raise ConfigError(f"the backup has a table {name!r} that nobody knows")
        connection.execute(insert(tables[name]), _typed(tables[name], rows))
        counts[name] = counts.get(name, 0) + len(rows)
    return counts


def _typed(table: Table, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give values the types of their columns, whatever engine they come from."""
    read = {column.name: _reader(column.type) for column in table.columns}
    return [{name: read[name](value) for name, value in row.items()} for row in rows]


def _reader(kind: TypeEngine[Any]) -> Callable[[Any], Any]:
    match kind:
        case DateTime():
            return _moment
        case LargeBinary():
            return _bytes
    return lambda value: value


def _moment(value: str | datetime | None) -> datetime | None:
    if value is None:
        return None
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    # SQLite keeps no zone; what was stored is UTC.
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _bytes(value: str | bytes | None) -> bytes | None:
    return base64.b64decode(value) if isinstance(value, str) else value


def _count_on(connection: Connection) -> None:
    """Have PostgreSQL number new rows from where those that were put in end."""
    if connection.dialect.name != "postgresql":
        return
    for table in stored_tables(connection).sorted_tables:
        for column in table.primary_key.columns:
            if column.server_default is None:
                continue
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            last = select(func.coalesce(func.max(column), 0)).scalar_subquery()
            connection.execute(select(func.setval(sequence, last + 1, false())))


def _distrust_index(connection: Connection, now: datetime) -> None:
    """Have the next sync build the index anew, under a number never used before.

    The index may hold chunks of a later state, under revisions that are about to be
    given out again; they would pass for live ones.
    """
    here = generations.c
    connection.execute(
        update(generations).where(here.retired_at.is_(None)).values(rebuild=RESTORED)
    )
    last = connection.scalar(select(func.max(here.number))) or 0
    connection.execute(
        insert(generations).values(
            number=last + _LEAP,
            spec="{}",
            alpha="{}",
            created_at=now,
            retired_at=now,
        )
    )
