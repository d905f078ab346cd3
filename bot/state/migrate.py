"""Brings the state database to the schema of this release, once, after a backup."""

import fcntl
import os
import sqlite3
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Final

from bot.core.errors import ConfigError, Conflict
from bot.state.engine import setting_up
from bot.state.faults import BACKUPS, mapped
from bot.state.locks import taken
from bot.state.schema import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The revision of the schema that a release uses, and the steps that lead to it."""

    head: str
    scripts: Path


THIS: Final = Release(head="0001", scripts=Path(__file__).parent / "migrations")


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
    # Most starts have nothing to migrate and need not wait for this import.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(release.scripts).replace("%", "%%"))
    if before is not None:
        scripts = ScriptDirectory.from_config(config)
        if before not in {script.revision for script in scripts.walk_revisions()}:
            raise ConfigError(
                f"{path} was written by a newer Shirube (schema {before}); install "
                "that release again, or put a backup of this one in its place"
            )
        _back_up(path, before, clock)
    with setting_up(path, synchronous="FULL") as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, release.head)


def _back_up(path: Path, revision: str, clock: Clock) -> None:
    stamp = clock().astimezone(UTC)
    name = BACKUPS.format(name=path.name).replace(
        "*", f"{stamp:%Y%m%dT%H%M%SZ}.{revision}"
    )
    partial = path.with_name(f"{name}.partial")
    partial.unlink(missing_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("VACUUM INTO ?", [str(partial)])
    finally:
        connection.close()
    with partial.open("rb") as copy:
        os.fsync(copy.fileno())
    partial.replace(path.with_name(name))
