"""The state database on a PostgreSQL server; needs the extra `postgres`.

Nothing is imported before it is used: most installations have no PostgreSQL.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from bot.core.errors import ConfigError
from bot.core.ports import Lease
from bot.state.database import Database
from bot.state.sites import Site


@contextmanager
def _driver() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise ConfigError(
            "a state database on PostgreSQL needs its driver: install "
            f"shirube[postgres], or leave state.url out ({error})"
        ) from error


@asynccontextmanager
async def open_database(
    url: str, /, *, lease: str, seconds: float, clock: Callable[[], float]
) -> AsyncIterator[tuple[Database, Lease]]:
    """Connect to a database, make its tables if it is empty, and name a lease in it.

    Raises `ConfigError` for one that is foreign or of another release.
    """
    with _driver():
        from bot.state.postgres.address import parsed
        from bot.state.postgres.engine import PostgresDatabase
        from bot.state.postgres.lease import PostgresLease
        from bot.state.postgres.site import make_ready
    database = PostgresDatabase(parsed(url))
    right = PostgresLease(database, name=lease, seconds=seconds, clock=clock)
    try:
        await make_ready(database)
        yield database, right
    finally:
        await database.close()


def server_site(url: str, /) -> Site:
    """Return the database as a whole."""
    with _driver():
        from bot.state.postgres.address import parsed
        from bot.state.postgres.site import ServerSite
    return ServerSite(parsed(url))


@asynccontextmanager
async def writer_lock(url: str, /, *, holder: str) -> AsyncIterator[None]:
    """Hold the lock of the one process that writes, on whatever host."""
    with _driver():
        from bot.state.postgres.address import parsed
        from bot.state.postgres.locks import writer_lock
    async with writer_lock(parsed(url), holder=holder):
        yield


async def being_written(url: str, /) -> bool:
    """Say whether a process writes, on whatever host."""
    with _driver():
        from bot.state.postgres.address import parsed
        from bot.state.postgres.locks import held
    return await held(parsed(url))
