"""One process answers people; others stand by and take over."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from enum import StrEnum
from typing import Any, TypeAlias

import structlog

from bot.core.errors import Conflict, Unavailable
from bot.core.ports import Lease, Tenure
from bot.telemetry import LEASE_FAILING, LEASE_LOST, LEASE_TAKEN, STANDING_BY

log = structlog.get_logger()

Pause: TypeAlias = Callable[[float], Awaitable[None]]
Work: TypeAlias = Callable[[Tenure], Coroutine[Any, Any, None]]

RENEWALS = 3
"""How often a lease is renewed while it lasts: two may fail without harm."""

LOOKS = 60
"""How often one looks, while it lasts, whether it still does."""

POLL = 1.0
"""Seconds between two attempts to take the lease over, or to renew one in danger."""

PATIENCE = 5.0
"""Seconds that the state database may take for it."""

LETTING_GO = 2.0
"""Seconds that it may take to let the lease go."""

_SILENT = "the state database does not answer"


class Role(StrEnum):
    """What this process does."""

    STANDBY = "standby"
    LEADING = "leading"


class Term:
    """A `Tenure`: a lease from when it was taken until it is lost or let go."""

    def __init__(self, lease: Lease, /) -> None:
        self._lease = lease
        self._over = False

    def covers(self, seconds: float, /) -> bool:
        """Say whether what takes so long, begun now, ends before the term does."""
        return not self._over and self._lease.covers(seconds)

    @asynccontextmanager
    async def sending(self, seconds: float, /) -> AsyncIterator[None]:
        """Send something within so many seconds; `Conflict` where the term is over."""
        if not self.covers(seconds):
            raise Conflict("this process may not answer now; another one does, or will")
        async with asyncio.timeout(seconds):
            yield

    def end(self) -> None:
        """Cover nothing any more, whatever becomes of the lease."""
        self._over = True


class Leadership:
    """Takes the lease, works while it lasts, and stands by again when it is lost.

    `seconds` is how long the lease lasts without being renewed.
    """

    def __init__(
        self, lease: Lease, /, *, seconds: float, pause: Pause = asyncio.sleep
    ) -> None:
        self._lease = lease
        self._seconds = seconds
        self._pause = pause
        self._poll = min(POLL, seconds / RENEWALS / 2)
        self._patience = min(PATIENCE, seconds / RENEWALS)
        self._retired = False
        self.role = Role.STANDBY
        self.problem: str | None = None

    async def run(self, work: Work, /) -> None:
        """Do the work whenever this process has the lease, until `retire`.

        The work is cancelled when the lease is lost; an error of it ends this. At
        the end, however it comes, the lease is let go.
        """
        try:
            while await self._taken():
                await self._lead(work)
        finally:
            with contextlib.suppress(Unavailable, TimeoutError):  # it ends by itself
                async with asyncio.timeout(LETTING_GO):
                    await self._lease.release()

    def retire(self) -> None:
        """Take no lease any more; what is led now goes on."""
        self._retired = True

    async def _taken(self) -> bool:
        """Wait until the lease is ours; false once retired."""
        said = False
        while not self._retired:
            if await self._acquired():
                return True
            if not said and self.problem is None:
                log.info(STANDING_BY)
                said = True
            await self._pause(self._poll)
        return False

    async def _lead(self, work: Work) -> None:
        term = Term(self._lease)
        self.role = Role.LEADING
        log.info(LEASE_TAKEN)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(work(term)),
                    group.create_task(self._keep()),
                ]
                while term.covers(0):
                    await self._pause(self._seconds / LOOKS)
                term.end()
                log.warning(LEASE_LOST, error=self.problem)
                for task in tasks:
                    task.cancel()
        finally:
            term.end()
            self.role = Role.STANDBY

    async def _keep(self) -> None:
        """Renew the lease long before it ends, and soon again where that fails."""
        while True:
            await self._pause(self._seconds / RENEWALS)
            while not await self._renewed():
                await self._pause(self._poll)

    async def _acquired(self) -> bool:
        with self._noted():
            async with asyncio.timeout(self._patience):
                return await self._lease.acquire()
        return False

    async def _renewed(self) -> bool:
        with self._noted():
            async with asyncio.timeout(self._patience):
                await self._lease.renew()
                return True
        return False

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """Take note of what keeps us from the lease; the first time aloud."""
        try:
            yield
        except Conflict as error:
            self.problem = str(error)
        except (Unavailable, TimeoutError) as error:
            before, self.problem = self.problem, str(error) or _SILENT
            if before is None:
                log.warning(LEASE_FAILING, error=self.problem)
        else:
            self.problem = None
