"""What the state ports need of a database, whichever engine is behind it."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from functools import wraps
from typing import Any, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.core.errors import Unavailable

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

ATTEMPTS = 5
"""How often a transaction that loses against others is tried."""

_PAUSE = 0.05


class LostRace(Unavailable):
    """The database undid the transaction because of another one; repeat it."""


class Database(Protocol):
    """A database with the tables of the schema.

    What goes wrong is raised as `Unavailable`, `ReadOnly` or `ConfigError`.
    """

    @property
    def engine(self) -> AsyncEngine:
        """Its connections."""

    @property
    def failing(self) -> bool:
        """Whether the last `change` found it `Unavailable`."""

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Read one state of the database, and wait for nobody who writes."""

    async def look(self, reads: Callable[[Connection], Result], /) -> Result:
        """Have `reads` read one state of the database; it may run in a thread.

        Cheaper than `reading` where every millisecond counts.
        """

    async def change(self, writes: Callable[[Connection], Result], /) -> Result:
        """Have `writes` write all of it, or nothing if an error comes out of it.

        For the small changes that people wait for. What waits is written together,
        so that many take hardly longer than one: it runs on the loop, perhaps twice,
        and must do nothing but write. It waits for other processes for 1.5 seconds
        at most. To be used in methods that are `uninterrupted`.
        """

    def writing(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Write all of it, or nothing if an error comes out; one at a time.

        To be used in methods that are `uninterrupted`.
        """

    async def wipe(self) -> None:
        """Have the files hold nothing of what was deleted, as far as we can.

        While others read they may hold it for longer, until this is called again.
        """

    async def close(self) -> None:
        """Close every connection."""


def uninterrupted(
    method: Callable[Parameters, Coroutine[Any, Any, Result]], /
) -> Callable[Parameters, Coroutine[Any, Any, Result]]:
    """Have a method that writes run to its end before a cancellation gets through.

    A driver's connection that is dropped in the middle of a transaction keeps the
    write lock for as long as anything refers to the statement it was running. A
    method whose transaction loses against another is run again: it must change
    nothing but the database.
    """

    @wraps(method)
    async def run(*args: Parameters.args, **options: Parameters.kwargs) -> Result:
        writing = asyncio.ensure_future(_won(lambda: method(*args, **options)))
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


async def _won(attempt: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Repeat a transaction until it does not lose, later and later."""
    for lost in range(1, ATTEMPTS):
        try:
            return await attempt()
        except LostRace:
            await asyncio.sleep(lost * _PAUSE)  # the winner may still be at it
    return await attempt()
