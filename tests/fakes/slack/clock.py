"""The fake's time: it stands still until a test moves it, or runs by itself."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import heappop, heappush
from typing import TypeAlias

Action: TypeAlias = Callable[[], Awaitable[None]]


@dataclass(order=True, slots=True)
class Timer:
    """Something that happens at a time, unless it is cancelled before."""

    when: float
    order: int
    action: Action = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        """Let it not happen."""
        self.cancelled = True


class Clock:
    """Says what time it is on the platform and does what falls due.

    It starts at the real time, because the SDK compares signatures with that. A
    ticking clock goes on by itself while `run` runs; both kinds can be advanced.
    `before_moving` is awaited before time jumps, for what is under way just now.
    """

    def __init__(self, *, start: float | None = None, ticking: bool = False) -> None:
        self._moved = time.time() if start is None else start
        self._since = time.monotonic() if ticking else None
        self._timers: list[Timer] = []
        self._set = 0
        self._changed = asyncio.Event()
        self.before_moving: Action | None = None

    def now(self) -> float:
        """Seconds since the epoch."""
        ticked = 0.0 if self._since is None else time.monotonic() - self._since
        return self._moved + ticked

    def datetime(self) -> datetime:
        """The same as a time in UTC, for code that takes a clock."""
        return datetime.fromtimestamp(self.now(), UTC)

    def after(self, seconds: float, action: Action) -> Timer:
        """Do something that many seconds from now."""
        self._set += 1
        timer = Timer(self.now() + seconds, self._set, action)
        heappush(self._timers, timer)
        self._changed.set()
        return timer

    async def advance(self, seconds: float) -> None:
        """Move on; what falls due happens in its order, each at its own time."""
        target = self.now() + seconds
        while (timer := await self._next(target)) is not None:
            self._move_to(timer.when)
            await timer.action()
        self._move_to(target)

    async def run(self) -> None:
        """Do what falls due as the clock ticks, until cancelled."""
        while True:
            self._changed.clear()
            await self.advance(0)
            due = self._timers[0].when - self.now() if self._timers else None
            with suppress(TimeoutError):
                async with asyncio.timeout(due):
                    await self._changed.wait()

    async def _next(self, target: float) -> Timer | None:
        """Take the next timer that falls due, once everything is calm."""
        if target > self.now() and self.before_moving is not None:
            await self.before_moving()
        while self._timers and self._timers[0].when <= target:
            timer = heappop(self._timers)
            if not timer.cancelled:
                return timer
        return None

    def _move_to(self, when: float) -> None:
        self._moved += max(0.0, when - self.now())
