"""How a SQLite file is opened, read and written."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeAlias, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bot.state.faults import mapped

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

Synchronous: TypeAlias = Literal["FULL", "NORMAL"]

_BUSY_TIMEOUT_MS = 5_000
_WRITES = "shirube_writes"

# The driver begins no transaction by itself; `prepare` does.
CONNECT: dict[str, Any] = {"isolation_level": None}

WRITES: dict[str, Any] = {_WRITES: True}
"""Execution options of an engine whose transactions write."""


def prepare(engine: Engine, /, *, synchronous: Synchronous) -> None:
    """Have an engine open its connections our way and begin its transactions itself.

    A transaction that reads first and writes later fails at once, whatever the busy
    timeout, when somebody else wrote in between; so those that write say it first.
    """

    @event.listens_for(engine, "connect")
    def pragmas(connection: DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute(f"PRAGMA synchronous = {synchronous}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def address(path: Path, /, *, driver: str) -> URL:
    """Return the URL of a SQLite file; no character of the path is special."""
    return URL.create(driver, database=str(path))


def uninterrupted(
    method: Callable[Parameters, Coroutine[Any, Any, Result]], /
) -> Callable[Parameters, Coroutine[Any, Any, Result]]:
    """Have a method that writes run to its end before a cancellation gets through.

    A driver's connection that is dropped in the middle of a transaction keeps the
    write lock for as long as anything refers to the statement it was running.
    """

    @wraps(method)
    async def run(*args: Parameters.args, **options: Parameters.kwargs) -> Result:
        writing = asyncio.ensure_future(method(*args, **options))
        interruption: asyncio.CancelledError | None = None
        while not writing.done():
            try:
                await asyncio.wait([writing])
            except asyncio.CancelledError as cancelled:
                interruption = cancelled
        if interruption is not None:
            writing.exception()  # the cancellation goes before it
            raise interruption
        return writing.result()

    return run


@contextmanager
def setting_up(path: Path, /, *, synchronous: Synchronous) -> Iterator[Connection]:
    """Write to a file in one blocking transaction, before it is opened for use.

    Processes must take turns: SQLite refuses, without waiting, one of two that turn
    the write-ahead log on at once.
    """
    engine = create_engine(address(path, driver="sqlite"), connect_args=CONNECT)
    prepare(engine, synchronous=synchronous)
    try:
        with (
            mapped(path),
            engine.execution_options(**WRITES).begin() as connection,
        ):
            yield connection
    finally:
        engine.dispose()


class Database:
    """One SQLite file: many readers, one writer at a time.

    What goes wrong is raised as `Unavailable`, `ReadOnly` or `ConfigError`.
    """

    def __init__(self, path: Path, /, *, synchronous: Synchronous = "FULL") -> None:
        self.path = path
        self.engine = create_async_engine(
            address(path, driver="sqlite+aiosqlite"), connect_args=CONNECT
        )
        prepare(self.engine.sync_engine, synchronous=synchronous)
        self._writer = self.engine.execution_options(**WRITES)
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Read one state of the database; takes no lock."""
        with mapped(self.path):
            async with self.engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Write all of it, or nothing if an error comes out.

        To be used in methods that are `uninterrupted`.
        """
        async with self._turn:
            with mapped(self.path):
                async with self._writer.begin() as connection:
                    yield connection

    async def close(self) -> None:
        """Close every connection; the last one folds the log into the file."""
        await self.engine.dispose()
