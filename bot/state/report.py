"""Says what the state database is, without reading what it holds."""

import os
from pathlib import Path

from sqlalchemy import Connection, text

from bot.core.reports import Connections, DatabaseReport
from bot.state.release import revision
from bot.state.sites import Site


async def report(site: Site, /) -> DatabaseReport:
    """Ask a database for everything that `check` shows of it."""

    def look(connection: Connection) -> DatabaseReport:
        found = revision(connection, where=site.name, remedy=site.remedy)
        file = connection.dialect.name == "sqlite"
        return DatabaseReport(
            engine=engine(connection),
            schema=found or "none",
            place=site.name,
            size=_file_size(Path(site.name)) if file else _server_size(connection),
            read_only=not os.access(site.name, os.W_OK)
            if file
            else bool(connection.scalar(text("SELECT pg_is_in_recovery()"))),
            connections=None if file else _connections(connection),
        )

    return await site.looked_at(look)


def engine(connection: Connection, /) -> str:
    """Return the name and the version of what runs the database."""
    if connection.dialect.name == "sqlite":
        version = connection.exec_driver_sql("SELECT sqlite_version()").scalar_one()
        return f"SQLite {version}"
    version = connection.exec_driver_sql("SHOW server_version").scalar_one()
    return f"PostgreSQL {version.split()[0]}"


def _file_size(path: Path) -> int:
    """Add the write-ahead log, which may be larger than the file itself."""
    parts = (path, path.with_name(f"{path.name}-wal"))
    return sum(part.stat().st_size for part in parts if part.exists())


_SIZE = text("""
SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class
WHERE relkind = 'r'
  AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
""")

# What others do is hidden from us; how many they are is not.
_CONNECTIONS = text("""
SELECT (SELECT sum(numbackends) FROM pg_stat_database),
       current_setting('max_connections')::int
       - current_setting('superuser_reserved_connections')::int
""")


def _server_size(connection: Connection) -> int:
    return int(connection.execute(_SIZE).scalar_one())


def _connections(connection: Connection) -> Connections:
    used, most = connection.execute(_CONNECTIONS).one()
    return Connections(used=int(used), most=int(most))
