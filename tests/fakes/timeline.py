"""Time that passes when a test says so."""

import asyncio
import heapq
from itertools import count

_SETTLE = 30
"""Rounds of the loop after which whatever can go on without time has gone on."""


class Timeline:
    """A clock, and the pauses of those who wait for it."""

    def __init__(self) -> None:
        self.now = 0.0
        self._waiting: list[tuple[float, int, asyncio.Event]] = []
        self._order = count()

    def clock(self) -> float:
        """Return the seconds since the beginning."""
        return self.now

    async def pause(self, seconds: float) -> None:
        """Wait until so much time has passed."""
        woken = asyncio.Event()
        heapq.heappush(self._waiting, (self.now + seconds, next(self._order), woken))
        await woken.wait()

    async def elapse(self, seconds: float) -> None:
        """Let time pass; everybody is woken when it is time for them."""
        end = self.now + seconds
        await self.settle()
        while self._waiting and self._waiting[0][0] <= end:
            due, _, woken = heapq.heappop(self._waiting)
            self.now = max(self.now, due)
            woken.set()
            await self.settle()
        self.now = end

    async def settle(self) -> None:
        """Let everybody go on as far as they come without time."""
        for _ in range(_SETTLE):
            await asyncio.sleep(0)


class Frozen:
    """The same time for somebody who may be stopped, as by SIGSTOP, and go on."""

    def __init__(self, timeline: Timeline, /) -> None:
        self._timeline = timeline
        self._goes = asyncio.Event()
        self._goes.set()

    def stop(self) -> None:
        """Let no pause end from now on."""
        self._goes.clear()

    def go_on(self) -> None:
        """End the pauses that are over."""
        self._goes.set()

    async def pause(self, seconds: float) -> None:
        """Wait until so much time has passed, and as long as stopped."""
        await self._timeline.pause(seconds)
        await self._goes.wait()
