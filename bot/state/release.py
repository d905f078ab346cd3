"""The schema of this release, and the steps that lead to it on every engine."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, MetaData, column, inspect, select, table

from bot.core.errors import ConfigError
from bot.state.schema import metadata

if TYPE_CHECKING:
    from alembic.config import Config

TRANSIENT: Final = frozenset({"leases"})
"""Tables whose rows mean nothing to another day."""

_VERSION = "alembic_version"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The revision of the schema that a release uses, and the steps that lead to it."""

    head: str
    scripts: Path

    def knows(self, revision: str, /) -> bool:
        """Say whether a revision is one of ours or of an earlier release."""
        # Most starts have nothing to migrate and need not wait for this import.
        from alembic.script import ScriptDirectory

        scripts = ScriptDirectory.from_config(_config(self))
        return revision in {script.revision for script in scripts.walk_revisions()}

    def require_known(self, revision: str, /, *, where: object) -> None:
        """Raise `ConfigError` for a revision of a later release."""
        if not self.knows(revision):
            raise ConfigError(
                f"{where} was written by a newer Shirube (schema {revision}); install "
                "that release again, or put a backup of this one in its place"
            )

    def upgrade(self, connection: Connection, /, *, to: str | None = None) -> None:
        """Go the steps to a revision, in the transaction of the connection."""
        from alembic import command

        config = _config(self)
        config.attributes["connection"] = connection
        command.upgrade(config, to or self.head)


THIS: Final = Release(head="0007", scripts=Path(__file__).parent / "migrations")


def _config(release: Release) -> "Config":
    from alembic.config import Config

    config = Config()
    scripts = str(release.scripts).replace("%", "%%")
    config.set_main_option("script_location", scripts)
    return config


def revision(connection: Connection, /, *, where: object, remedy: str) -> str | None:
    """Return the revision that a database is at; None for one without tables.

    Raises `ConfigError`, with a remedy, for the database of something else.
    """
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    if _VERSION not in tables:
        raise ConfigError(f"{where} is not a database of Shirube; {remedy}")
    found = connection.scalar(
        select(column("version_num")).select_from(table(_VERSION))
    )
    return None if found is None else str(found)


def stored_tables(connection: Connection, /) -> MetaData:
    """Read which of our tables there are at whatever revision, for what is kept."""
    return _tables(connection, frozenset(metadata.tables) - TRANSIENT)


def every_table(connection: Connection, /) -> MetaData:
    """Read which of our tables there are."""
    return _tables(connection, frozenset(metadata.tables) | {_VERSION})


def _tables(connection: Connection, names: frozenset[str]) -> MetaData:
    found = MetaData()
    found.reflect(connection, only=lambda name, _: name in names)
    return found
