"""Brings the state database to the schema of this release, once, after a backup."""

import fcntl
import sqlite3
from datetime import datetime
from pathlib import Path

from bot.core.errors import ConfigError, Conflict
from bot.state.copies import kept
from bot.state.engine import setting_up
from bot.state.faults import BACKUPS, mapped
from bot.state.locks import taken
from bot.state.release import THIS, Release
from bot.state.schema import Clock


def bring_up_to_date(
    path: Path, lock: int, /, *, clock: Clock, release: Release = THIS
) -> None:
    """Make or migrate the database, and hold `lock` shared from then on.

    `lock` is an open lock file that every process holds while it uses the database;
    processes take turns to call this, so that two which start together both get in.
    Raises `Conflict` if the database must be migrated while another uses it, and
    `ConfigError` for one that a newer release wrote or that is not ours.
    """
    with mapped(path):
        before = _revision(path)
        if before != release.head:
            if not taken(lock, fcntl.LOCK_EX):
                raise Conflict(
                    f"{path} must be brought up to date, but another Shirube "
                    "uses it; stop that one first"
                )
            _migrate(path, before, clock, release)
    taken(lock, fcntl.LOCK_SH)


def _revision(path: Path) -> str | None:
    """Return the revision a file is at; None for one that is not there or empty."""
    if not path.exists():
        return None
    connection = sqlite3.connect(path)
    try:
        tables = {
            name
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'"
            )
        }
        if not tables:
            return None
        if "alembic_version" not in tables:
            raise ConfigError(f"{path} is not a database of Shirube; move it away")
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row else None
    finally:
        connection.close()


def _migrate(path: Path, before: str | None, clock: Clock, release: Release) -> None:
    if before is not None:
        release.require_known(before, where=path)
        back_up(path, before, path.parent, now=clock())
    with setting_up(path, synchronous="FULL") as connection:
        release.upgrade(connection)


def back_up(path: Path, revision: str, folder: Path, /, *, now: datetime) -> Path:
    """Copy a database as it is now into a dated file that only its owner can read."""

    def write(target: Path) -> None:
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.execute("VACUUM INTO ?", [str(target)])
        finally:
            connection.close()

    pattern = BACKUPS.format(name=path.name).replace("*", f"*.{revision}")
    return kept(folder, pattern, write, now=now)
