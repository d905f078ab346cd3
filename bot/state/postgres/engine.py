"""How a PostgreSQL database is connected to, read and written."""

import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

import asyncpg
from sqlalchemy import Connection, event, func, literal, select, true
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.sql.elements import ColumnElement

from bot.core.errors import ConfigError
from bot.state.postgres.address import Address
from bot.state.postgres.faults import mapped
from bot.state.together import Change, Together

Result = TypeVar("Result")

CONNECTIONS: Final = 8
"""How many connections one process holds at most, without the one of a lock."""

READING: Final[dict[str, Any]] = {
    "isolation_level": "REPEATABLE READ",
    "postgresql_readonly": True,
}
"""Execution options of an engine whose transactions read one state."""

IN_USE: Final = "in use"
"""Held, shared, by every connection of a process that works with the database."""

_CONNECT_SECONDS = 10.0
_ANSWER_SECONDS = 90.0  # the server itself gives up before: statement_timeout
_POOL_SECONDS = 10.0
_SHORTEST = 0.01

# A search path of several schemas would find tables of others, and ours nowhere else.
_SETTLE = """
SELECT set_config('search_path', quote_ident(current_schema()), false),
       current_setting('server_encoding')
WHERE current_schema() IS NOT NULL
"""
_NUMBER = "SELECT hashtextextended(current_schema() || $1, 0)"


def key(name: str, /) -> ColumnElement[Any]:
    """Return the number of an advisory lock: each schema has its own ones."""
    return func.hashtextextended(func.current_schema() + literal(f" shirube {name}"), 0)


_ALONE: Final = func.pg_advisory_xact_lock(key("writing"))
"""Waits for those who write; each statement after it sees all that they wrote."""


async def number(connection: Any, name: str, /) -> Any:
    """Return the number of an advisory lock, for a connection of the driver."""
    return await connection.fetchval(_NUMBER, f" shirube {name}")


async def connected(address: Address, /, *, patience: float | None = None) -> Any:
    """Open a connection of the driver, in the one schema that we use.

    `patience` is how many seconds a statement may take. Raises what the driver
    raises, and `ConfigError` for a database that we cannot use.
    """
    connection = await asyncpg.connect(
        address.dsn, timeout=_CONNECT_SECONDS, command_timeout=patience
    )
    try:
        _require_usable(address, await connection.fetchrow(_SETTLE))
    except BaseException:
        connection.terminate()
        raise
    return connection


def _require_usable(address: Address, settled: Any) -> None:
    if settled is None:
        raise ConfigError(
            f"{address} has no schema to write to; make it with CREATE SCHEMA, or "
            "correct search_path in state.url"
        )
    if settled[1] != "UTF8":
        raise ConfigError(
            f"{address} stores text as {settled[1]}; make a database with createdb "
            "--encoding=UTF8 --template=template0"
        )


async def _sharing(address: Address) -> Any:
    """Open a connection that keeps others from changing the schema."""
    connection = await connected(address, patience=_ANSWER_SECONDS)
    try:
        lock = await number(connection, IN_USE)
        await connection.execute("SELECT pg_advisory_lock_shared($1)", lock)
    except BaseException:
        connection.terminate()
        raise
    return connection


def engine(connect: Callable[[], Any], /, **options: Any) -> AsyncEngine:
    """Return an engine over connections that `connect` opens."""
    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        hide_parameters=True,  # they are texts of documents and questions
        **options,
    )


def _require_open(connection: Any, _record: object, _proxy: object) -> None:
    """Have the pool connect anew where the server was restarted meanwhile.

    The driver knows of an end without asking; to ask each time takes three journeys.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError


class PostgresDatabase:
    """One schema of a PostgreSQL server: many readers, one writer at a time.

    Who writes is alone in the whole schema, as on SQLite, whatever process it runs
    in; that is what makes its checks and its changes one step.
    """

    def __init__(self, address: Address, /) -> None:
        self.address = address
        self.engine = engine(
            lambda: _sharing(address),
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_timeout=_POOL_SECONDS,
        )
        event.listen(self.engine.sync_engine, "checkout", _require_open)
        self._reader = self.engine.execution_options(**READING)
        self._together = Together(self._changed)

    @property
    def failing(self) -> bool:
        """Whether the last change could not be written."""
        return self._together.failing

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Read one state of the database; takes no lock."""
        with mapped(self.address):
            async with self._reader.begin() as connection:
                yield connection

    async def look(self, reads: Callable[[Connection], Result], /) -> Result:
        """Read one state of the database; on the connection of `reading`."""
        async with self.reading() as connection:
            return await connection.run_sync(reads)

    async def change(self, writes: Change[Result], /) -> Result:
        """Have `writes` write, with others that wait."""
        return await self._together.make(writes)

    async def _changed(
        self, changes: Sequence[Change[Any]], /, *, by: float
    ) -> Sequence[Any]:
        async with self.aside() as connection:
            left = max(by - time.monotonic(), _SHORTEST)
            patience = func.set_config("lock_timeout", f"{1000 * left:.0f}ms", true())
            await connection.execute(select(patience, _ALONE))
            return [await connection.run_sync(change) for change in changes]

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Write all of it, or nothing if an error comes out."""
        async with self._together.turn, self.aside() as connection:
            await connection.execute(select(_ALONE))
            yield connection

    @asynccontextmanager
    async def aside(self) -> AsyncIterator[AsyncConnection]:
        """Write rows that nothing else touches, waiting for nobody who writes."""
        with mapped(self.address):
            async with self.engine.begin() as connection:
                yield connection

    async def wipe(self) -> None:
        """Leave it to the server, whose vacuum and log are its own affair."""

    async def close(self) -> None:
        """Close every connection."""
        with contextlib.suppress(OSError):
            await self.engine.dispose()
