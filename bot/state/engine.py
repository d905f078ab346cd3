"""How a SQLite file is opened, read and written."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bot.state.faults import is_locked, mapped
from bot.state.together import Change, Together

Result = TypeVar("Result")

Synchronous: TypeAlias = Literal["FULL", "NORMAL"]

_BUSY_TIMEOUT_MS = 5_000
_FOLDING_SECONDS = 0.5
_WRITES = "shirube_writes"

_AGAIN = 0.002
"""Seconds between two looks whether another process is done.

SQLite itself looks ten times a second in the end, and so misses the moments between
the transactions of a process that writes one after the other.
"""

# The driver begins no transaction by itself; `prepare` does.
CONNECT: dict[str, Any] = {"isolation_level": None}

WRITES: dict[str, Any] = {_WRITES: True}
"""Execution options of an engine whose transactions write."""


def prepare(engine: Engine, /, *, synchronous: Synchronous) -> None:
    """Have an engine open its connections our way and begin its transactions itself.

    A transaction that reads first and writes later fails at once, whatever the busy
    timeout, when somebody else wrote in between; so those that write say it first.
    """
    _open_our_way(engine, synchronous=synchronous, busy=_BUSY_TIMEOUT_MS)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _prepare_to_change(engine: Engine, *, synchronous: Synchronous) -> None:
    """The same for one whose transactions all write, and wait for nobody."""
    _open_our_way(engine, synchronous=synchronous, busy=0)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _open_our_way(engine: Engine, *, synchronous: Synchronous, busy: int) -> None:
    @event.listens_for(engine, "connect")
    def pragmas(connection: DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {busy}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute(f"PRAGMA synchronous = {synchronous}")
        cursor.execute("PRAGMA foreign_keys = ON")
        # Zeros in place of what was deleted; some builds of SQLite do so unasked.
        cursor.execute("PRAGMA secure_delete = ON")
        cursor.close()


def address(path: Path, /, *, driver: str) -> URL:
    """Return the URL of a SQLite file; no character of the path is special."""
    return URL.create(driver, database=str(path))


@contextmanager
def setting_up(path: Path, /, *, synchronous: Synchronous) -> Iterator[Connection]:
    """Write to a file in one blocking transaction, before it is opened for use.

    Processes must take turns: SQLite refuses, without waiting, one of two that turn
    the write-ahead log on at once.
    """
    with (
        _blocking(path, synchronous) as engine,
        engine.execution_options(**WRITES).begin() as connection,
    ):
        yield connection


@contextmanager
def looking_at(path: Path, /) -> Iterator[Connection]:
    """Read one state of a file in a blocking transaction."""
    with _blocking(path, "FULL") as engine, engine.begin() as connection:
        yield connection


@contextmanager
def _blocking(path: Path, synchronous: Synchronous) -> Iterator[Engine]:
    engine = create_engine(address(path, driver="sqlite"), connect_args=CONNECT)
    prepare(engine, synchronous=synchronous)
    try:
        with mapped(path):
            yield engine
    finally:
        engine.dispose()


async def _begun(connection: Connection, /, *, by: float) -> None:
    """Begin a transaction as soon as no other process writes, or give up."""
    while True:
        try:
            connection.begin()
        except OperationalError as error:
            if time.monotonic() >= by or not is_locked(error):
                raise
        else:
            return
        await asyncio.sleep(_AGAIN)


class _Thread:
    """A thread that works with a file, on connections of its own."""

    def __init__(self, path: Path, /) -> None:
        self.engine = create_engine(
            address(path, driver="sqlite"), connect_args=CONNECT, hide_parameters=True
        )
        self._thread = _one_thread()

    async def run(self, action: Callable[[Engine], Result], /) -> Result:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, action, self.engine)

    async def close(self) -> None:
        """Wait until it is done; it can be used anew."""
        thread, self._thread = self._thread, _one_thread()
        await asyncio.to_thread(thread.shutdown)
        self.engine.dispose()


def _one_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="state")


class SqliteDatabase:
    """One SQLite file: many readers, one writer at a time."""

    def __init__(self, path: Path, /, *, synchronous: Synchronous = "FULL") -> None:
        self.path = path
        self.engine = create_async_engine(
            address(path, driver="sqlite+aiosqlite"),
            connect_args=CONNECT,
            hide_parameters=True,  # they are texts of documents and questions
        )
        prepare(self.engine.sync_engine, synchronous=synchronous)
        self._writer = self.engine.execution_options(**WRITES)
        self._looking = _Thread(path)
        prepare(self._looking.engine, synchronous=synchronous)
        self._changing = _Thread(path)
        _prepare_to_change(self._changing.engine, synchronous=synchronous)
        self._together = Together(self._changed)

    @property
    def failing(self) -> bool:
        """Whether the last change could not be written."""
        return self._together.failing

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Read one state of the database; takes no lock."""
        with mapped(self.path):
            async with self.engine.begin() as connection:
                yield connection

    async def look(self, reads: Callable[[Connection], Result], /) -> Result:
        """Read one state of the database in a thread of its own.

        The driver goes to its thread and back for every single step of `reading`.
        """

        def once(engine: Engine) -> Result:
            with engine.begin() as connection:
                return reads(connection)

        with mapped(self.path):
            return await self._looking.run(once)

    async def change(self, writes: Change[Result], /) -> Result:
        """Have `writes` write, with others that wait."""
        return await self._together.make(writes)

    async def _changed(
        self, changes: Sequence[Change[Any]], /, *, by: float
    ) -> Sequence[Any]:
        """Write here, and wait for the disk in a thread.

        Each step of SQLite lets go of the interpreter; a thread that took them would
        wait at each of them for a loop that is busy, ten times as long as they take.
        """
        with mapped(self.path), self._changing.engine.connect() as connection:
            await _begun(connection, by=by)
            results = [change(connection) for change in changes]
            await self._changing.run(lambda _: connection.commit())
            return results

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Write all of it, or nothing if an error comes out."""
        async with self._together.turn:
            with mapped(self.path):
                async with self._writer.begin() as connection:
                    yield connection

    async def wipe(self) -> None:
        """Fold the log into the file and empty it, unless somebody reads for long."""
        with mapped(self.path):
            await asyncio.to_thread(_fold, self.path)

    async def close(self) -> None:
        """Close every connection; the last one folds the log into the file."""
        await self._looking.close()
        await self._changing.close()
        await self.engine.dispose()


def _fold(path: Path) -> None:
    # It waits for those who read, and meanwhile nobody can write.
    with closing(sqlite3.connect(path, timeout=_FOLDING_SECONDS)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
