"""A budget of calls that all who share it keep, however many they are."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

Pause: TypeAlias = Callable[[float], Awaitable[None]]


class Pace:
    """At most one call in so many seconds, for everybody together.

    What may be left out asks `ready` and goes without when it is not its time. What
    must come through waits for its `turn`; as turns are given out ahead, nothing that
    may be left out goes before.
    """

    def __init__(
        self,
        *,
        every: float,
        clock: Callable[[], float],
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._every = every
        self._clock = clock
        self._pause = pause
        self._next = clock()

    def ready(self) -> bool:
        """Take the turn that is now, if there is one."""
        now = self._clock()
        if now < self._next:
            return False
        self._next = now + self._every
        return True

    async def turn(self) -> None:
        """Wait for a turn of one's own."""
        now = self._clock()
        at = max(now, self._next)
        self._next = at + self._every
        if at > now:
            await self._pause(at - now)

    def hold(self, seconds: float, /) -> None:
        """Give out no turn for so long; the platform asks for it."""
        self._next = max(self._next, self._clock() + seconds)
