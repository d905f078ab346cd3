"""A whole schema on a PostgreSQL server: made, changed and copied in one step."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, NullPool, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.errors import ConfigError, Conflict
from bot.state import archive
from bot.state.postgres.address import Address
from bot.state.postgres.engine import (
    IN_USE,
    READING,
    PostgresDatabase,
    connected,
    engine,
    key,
)
from bot.state.postgres.faults import mapped
from bot.state.release import THIS, Release, revision

Result = TypeVar("Result")

_SETTING_UP = "setting up"


class ServerSite:
    """A schema of a PostgreSQL server."""

    remedy = (
        "make a schema for Shirube with CREATE SCHEMA shirube, and add "
        "?search_path=shirube to state.url"
    )

    def __init__(self, address: Address, /) -> None:
        self._address = address
        self.name = address.name

    async def looked_at(self, look: Callable[[Connection], Result], /) -> Result:
        """Read one state of it."""
        async with self._connection(**READING) as connection:
            return await connection.run_sync(look)

    async def changed(self, act: Callable[[Connection], Result], /) -> Result:
        """Write in one transaction while nobody uses it, on whatever host."""
        async with self._connection() as connection:
            await _alone_with(connection, _SETTING_UP)
            free = func.pg_try_advisory_xact_lock(key(IN_USE))
            if not await connection.scalar(select(free)):
                raise Conflict(
                    f"another Shirube uses {self.name}; stop it first, on every host"
                )
            return await connection.run_sync(act)

    async def made(self, release: Release, /) -> None:
        """Make the tables, unless another process was faster."""

        def make(connection: Connection) -> None:
            if revision(connection, where=self.name, remedy=self.remedy) is None:
                release.upgrade(connection)

        async with self._connection() as connection:
            await _alone_with(connection, _SETTING_UP)
            await connection.run_sync(make)

    def copied(
        self, connection: Connection, revision: str, folder: Path, /, *, now: datetime
    ) -> Path:
        """Back up what `connection` sees, in the portable form."""
        copy = archive.dump(connection, revision, folder, now=now)
        # A table that a cursor of this transaction reads cannot be changed.
        connection.exec_driver_sql("CLOSE ALL")
        return copy

    @asynccontextmanager
    async def _connection(self, **options: object) -> AsyncIterator[AsyncConnection]:
        """Open a connection of its own, whose statements may take long."""
        own = engine(lambda: connected(self._address), poolclass=NullPool)
        try:
            with mapped(self._address):
                async with own.execution_options(**options).begin() as connection:
                    await connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                    yield connection
        finally:
            await own.dispose()


async def _alone_with(connection: AsyncConnection, lock: str) -> None:
    await connection.execute(select(func.pg_advisory_xact_lock(key(lock))))


async def make_ready(database: PostgresDatabase, /, *, release: Release = THIS) -> None:
    """Make the tables in an empty schema, and refuse one of another release.

    A server may be used from several hosts, so that an older schema is left to
    `shirube db upgrade`. Raises `ConfigError`.
    """
    site = ServerSite(database.address)
    async with database.reading() as connection:
        found = await connection.run_sync(
            lambda sync: revision(sync, where=site.name, remedy=site.remedy)
        )
    if found is None:
        await site.made(release)
    elif found != release.head:
        release.require_known(found, where=site.name)
        raise ConfigError(
            f"{site.name} has the schema {found} of an earlier release, this one "
            f"needs {release.head}; stop Shirube on every host, then run "
            "`shirube db upgrade`"
        )
