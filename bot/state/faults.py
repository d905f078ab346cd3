"""What the database can do wrong, as errors that say what to do next."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from bot.core.errors import BotError, ConfigError, ReadOnly, Unavailable
from bot.state.filesystem import is_full, no_room

BACKUPS = "{name}.*.backup"
"""The names of the copies that are made before a database is migrated."""


class Damaged(ConfigError):
    """The file is no database any more."""


def backups(path: Path, /) -> list[Path]:
    """Return the backups of a database, the newest last."""
    return sorted(path.parent.glob(BACKUPS.format(name=path.name)))


def _damaged(path: Path, /) -> Damaged:
    """Say that the file is no database any more, and what to put in its place."""
    found = backups(path)
    remedy = (
        f"put its newest backup {found[-1]} in its place"
        if found
        else "sync again: all but the conversations comes back"
    )
    return Damaged(
        f"the state database {path} is damaged; stop Shirube, move the file and those "
        f"named {path.name}-wal and {path.name}-shm away, then {remedy}"
    )


def _translated(path: Path, code: int) -> BotError | None:
    fault: BotError | None = None
    match code & 0xFF:
        case sqlite3.SQLITE_FULL:
            fault = no_room(path)
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            fault = ReadOnly(f"{path} cannot be written; check its owner and rights")
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            fault = Unavailable(f"{path} stayed locked by another process")
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            fault = _damaged(path)
        case sqlite3.SQLITE_CANTOPEN:
            fault = ConfigError(f"{path} cannot be opened; check its owner and rights")
        case sqlite3.SQLITE_IOERR if is_full(path):
            fault = no_room(path)
        case sqlite3.SQLITE_IOERR | sqlite3.SQLITE_NOMEM:
            fault = Unavailable(f"{path} cannot be read or written; check that disk")
    return fault


def is_locked(error: DBAPIError, /) -> bool:
    """Whether another process has a lock that only one can have."""
    code: int = getattr(error.orig, "sqlite_errorcode", 0)
    return code & 0xFF == sqlite3.SQLITE_BUSY


@contextmanager
def mapped(path: Path, /) -> Iterator[None]:
    """Turn what SQLite reports of `path` into the errors of the house."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        fault = _translated(path, getattr(cause, "sqlite_errorcode", 0))
        if fault is None:
            raise
        raise fault from error
