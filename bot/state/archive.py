"""Backups of a state database, each restorable into every engine."""

import base64
import gzip
import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

from sqlalchemy import Connection, NullPool, create_engine, select
from sqlalchemy.exc import DBAPIError

from bot.core.errors import ConfigError
from bot.state.copies import kept
from bot.state.release import revision, stored_tables

FORMAT: Final = "shirube-state-1"
"""What the first line of a portable backup says it is."""

_TOGETHER = 200
_GZIP, _SQLITE = b"\x1f\x8b", b"SQLite format 3\0"
_END = ""

Rows: TypeAlias = Iterator[tuple[str, list[dict[str, Any]]]]
"""The name of a table and some of its rows; a table comes after those it refers to."""


class Backup(Protocol):
    """What was backed up."""

    @property
    def revision(self) -> str:
        """The schema it was written with."""

    def rows(self) -> Rows:
        """Walk everything; raises `ConfigError` where the file is damaged."""


def dump(
    connection: Connection, revision: str, folder: Path, /, *, now: datetime
) -> Path:
    """Write what a connection sees as compressed lines of JSON.

    The first line says what it is, the last one how many rows there are; a line
    between is a row, under the name of its table.
    """

    def write(target: Path) -> None:
        with gzip.open(target, "wt", encoding="utf-8", newline="\n") as file:
            for line in _lines(connection, revision):
                text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
                file.write(f"{text}\n")

    return kept(folder, f"state.*.{revision}.jsonl.gz", write, now=now)


def _lines(connection: Connection, revision: str) -> Iterator[object]:
    yield {"format": FORMAT, "schema": revision}
    count = 0
    for table in stored_tables(connection).sorted_tables:
        found = connection.execute(
            select(table), execution_options={"yield_per": _TOGETHER}
        )
        for row in found.mappings():
            yield [table.name, {name: _plain(value) for name, value in row.items()}]
            count += 1
    yield [_END, {"rows": count}]


def _plain(value: object) -> object:
    match value:
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case datetime():
            return value.isoformat()
    return value


@contextmanager
def opened(path: Path, /) -> Iterator[Backup]:
    """Open a backup, whichever engine it was made on.

    Raises `ConfigError` for a file that is none.
    """
    try:
        with path.open("rb") as file:
            head = file.read(len(_SQLITE))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    if head == _SQLITE:
        with _copy(path) as copy:
            yield copy
    elif head.startswith(_GZIP):
        yield Portable(path)
    else:
        raise ConfigError(f"{path} is no backup of `shirube db backup`")


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    try:
        yield
    except (DBAPIError, EOFError, OSError, ValueError, TypeError, zlib.error) as error:
        raise ConfigError(f"{path} is damaged; take another backup") from error


class Portable:
    """A file that `dump` wrote."""

    def __init__(self, path: Path, /) -> None:
        self._path = path
        with self._lines() as lines:
            head = next(lines, None)
        if not isinstance(head, dict) or head.get("format") != FORMAT:
            raise ConfigError(f"{path} is no backup of `shirube db backup`")
        self.revision = str(head["schema"])

    def rows(self) -> Rows:
        """Walk everything, and see at the end that nothing is missing."""
        count, expected = 0, None
        with self._lines() as lines:
            next(lines)
            for table, group in groupby(lines, key=itemgetter(0)):
                if table == _END:
                    expected = [end["rows"] for _, end in group][-1]
                    continue
                for rows in _batches(row for _, row in group):
                    count += len(rows)
                    yield table, rows
        if count != expected:
            raise ConfigError(f"{self._path} is not whole; take another backup")

    @contextmanager
    def _lines(self) -> Iterator[Iterator[Any]]:
        with (
            _whole(self._path),
            gzip.open(self._path, "rt", encoding="utf-8") as file,
        ):
            yield map(json.loads, file)


class Copy:
    """A SQLite file, read through a connection."""

    def __init__(self, path: Path, connection: Connection, /) -> None:
        self._path = path
        self._connection = connection
        remedy = "take a backup of `shirube db backup`"
        found = revision(connection, where=path, remedy=remedy)
        if found is None:
            raise ConfigError(f"{path} is empty; take another backup")
        self.revision = found

    def rows(self) -> Rows:
        """Walk everything."""
        with _whole(self._path):
            for table in stored_tables(self._connection).sorted_tables:
                found = self._connection.execute(select(table))
                for rows in _batches(found.mappings()):
                    yield table.name, rows


@contextmanager
def _copy(path: Path) -> Iterator[Copy]:
    address = f"{path.resolve().as_uri()}?mode=ro"
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(address, uri=True),
        poolclass=NullPool,
    )
    with _whole(path):
        connection = engine.connect()
        copy = Copy(path, connection)
    with connection:
        yield copy


def _batches(rows: Iterable[Any]) -> Iterator[list[dict[str, Any]]]:
    rest = iter(rows)
    while batch := list(islice(rest, _TOGETHER)):
        yield [dict(row) for row in batch]
