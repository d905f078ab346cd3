"""Writes what waits to be written in one transaction: its end is what takes time."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias, TypeVar

from sqlalchemy import Connection

from bot.core.errors import Unavailable

Result = TypeVar("Result")
Change: TypeAlias = Callable[[Connection], Result]

PATIENCE: Final = 1.5
"""Seconds a change may wait for others to be done: a platform waits three for an ack.

Whoever has not got in by then is told so, and may come again.
"""

_GRACE: Final = 1.0
"""Seconds for which one tries at least, however long one has waited for a turn."""

MOST: Final = 25
"""Changes in one transaction; the event loop may stand still meanwhile."""


class Transact(Protocol):
    """Runs changes in one transaction."""

    def __call__(
        self, changes: Sequence[Change[Any]], /, *, by: float
    ) -> Awaitable[Sequence[Any]]:
        """Make all changes or, raising an error, none; return what each returned.

        Raises `Unavailable` if it could not begin; by the time `by` of
        `time.monotonic` it has begun or given up.
        """


@dataclass(slots=True, eq=False)
class _Waiting:
    change: Change[Any]
    by: float
    made: asyncio.Future[Any]


class Together:
    """Who waits for a turn at the database; all are written when it has come.

    A change must do nothing but write: it is run again, alone, where one that was run
    with it failed.
    """

    def __init__(self, transact: Transact, /) -> None:
        self.turn = asyncio.Lock()
        self.failing = False
        self._transact = transact
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Future[None] | None = None

    async def make(self, change: Change[Result], /) -> Result:
        """Return when a change is stored; raises what it raises."""
        made: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(change, time.monotonic() + PATIENCE, made))
        if self._writing is None:
            self._writing = asyncio.ensure_future(self._write())
        return await made

    async def _write(self) -> None:
        """Write until nothing waits any more; nobody waits for a writer that ended."""
        batch: list[_Waiting] = []
        try:
            while self._waiting:
                async with self.turn:
                    batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                    await self._make(batch)
        finally:
            self._writing = None
            left, self._waiting = [*batch, *self._waiting], []
            for each in left:
                if not each.made.done():
                    each.made.set_exception(Unavailable("writing was broken off"))

    async def _make(self, batch: Sequence[_Waiting]) -> None:
        by = max(min(each.by for each in batch), time.monotonic() + _GRACE)
        trying = asyncio.ensure_future(
            self._transact([each.change for each in batch], by=by)
        )
        await asyncio.wait([trying])
        error = trying.exception()
        self.failing = isinstance(error, Unavailable)
        if error is None:
            for each, result in zip(batch, trying.result(), strict=True):
                if not each.made.done():
                    each.made.set_result(result)
        elif len(batch) == 1 or isinstance(error, Unavailable):
            for each in batch:
                if not each.made.done():
                    each.made.set_exception(error)
        else:
            for each in batch:
                await self._make([each])
