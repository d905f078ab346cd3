"""Looks for what is wrong in a whole state database."""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, exists, func, select

from bot.state.release import THIS, Release, revision, stored_tables
from bot.state.report import engine
from bot.state.schema import (
    active_generation,
    catalogue_changes,
    documents,
    generations,
    projections,
    revisions,
    texts,
)
from bot.state.sites import Site
from bot.state.stored import numbered, unpacked

_AGAIN = "restore a backup with `shirube db restore`"
_UPGRADE = "run `shirube db upgrade`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What a database is, how many rows it has, and a sentence for every problem."""

    engine: str
    revision: str
    rows: Mapping[str, int]
    problems: tuple[str, ...]


async def examine(site: Site, /, *, release: Release = THIS) -> Examined:
    """Read a whole database and say what is wrong with it.

    Raises `ConfigError` for one that is missing, foreign or of a later release.
    """

    def look(connection: Connection) -> Examined:
        found = revision(connection, where=site.name, remedy=site.remedy)
        if found is None:
            problems = [f"{site.name} is empty; `shirube sync` fills it"]
        elif found != release.head:
            release.require_known(found, where=site.name)
            older = f"the schema {found} is of an earlier release"
            problems = [f"{older}, this one needs {release.head}; {_UPGRADE}"]
        else:
            problems = [*_contradictions(connection), *_unreadable(connection)]
        return Examined(
            engine=engine(connection),
            revision=found or "none",
            rows=_counted(connection),
            problems=(*_damage(connection), *problems),
        )

    return await site.looked_at(look)


def _counted(connection: Connection) -> dict[str, int]:
    return {
        table.name: connection.execute(
            select(func.count()).select_from(table)
        ).scalar_one()
        for table in stored_tables(connection).sorted_tables
    }


def _damage(connection: Connection) -> Iterator[str]:
    """Ask SQLite whether its file is sound; PostgreSQL says so when it reads."""
    if connection.dialect.name != "sqlite":
        return
    for (line,) in connection.exec_driver_sql("PRAGMA integrity_check(10)"):
        if line != "ok":
            yield f"SQLite says: {line}; {_AGAIN}"
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        yield f"{len(broken)} rows refer to rows that are not there"


_LIVE = projections.c.live.is_not(None)

_RULES: tuple[tuple[Select[Any], str], ...] = (
    (
        select(func.count())
        .select_from(revisions)
        .where(
            ~exists().where(
                and_(
                    texts.c.document == revisions.c.document,
                    texts.c.revision == revisions.c.revision,
                )
            )
        ),
        "{count} revisions have lost their text",
    ),
    (
        select(func.count())
        .select_from(projections)
        .join(documents, documents.c.id == projections.c.document)
        .where(_LIVE, documents.c.access.is_(None)),
        "{count} documents are live but nobody's",
    ),
    (
        select(func.count())
        .select_from(projections)
        .join(documents, documents.c.id == projections.c.document)
        .where(_LIVE, documents.c.removed_at.is_not(None)),
        "{count} documents are live though they were removed",
    ),
)
"""What must count nothing, and what is wrong where it does."""


def _contradictions(connection: Connection) -> Iterator[str]:
    for statement, sentence in _RULES:
        count = connection.execute(statement).scalar_one()
        if count:
            yield f"{sentence.format(count=count)}; {_AGAIN}"
    for table in (active_generation, catalogue_changes):
        count = connection.scalar(select(func.count()).select_from(table))
        if count != 1:
            yield f"the table {table.name} has {count} rows, not one; {_AGAIN}"
    name = connection.scalar(select(active_generation.c.generation).limit(1))
    if name is not None:
        found = connection.scalar(
            select(generations.c.number).where(
                generations.c.number == numbered(name),
                generations.c.retired_at.is_(None),
            )
        )
        if found is None:
            yield f"the active generation {name} is not there; {_AGAIN}"


def _unreadable(connection: Connection) -> Iterator[str]:
    """Unpack every text; each carries a checksum."""
    bad = 0
    stored = connection.execute(
        select(texts.c.markdown), execution_options={"yield_per": 100}
    )
    for (blob,) in stored:
        try:
            unpacked(blob)
        except (zlib.error, UnicodeDecodeError):
            bad += 1
    if bad:
        yield f"{bad} texts cannot be unpacked; {_AGAIN}"
