"""Keeps the platforms going where people ask, each by itself."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence

import structlog

from bot.core.errors import Unavailable
from bot.core.ports import Platform, Tenure
from bot.jobs.leading import Pause
from bot.telemetry import PLATFORM_DOWN, PLATFORM_STARTED

log = structlog.get_logger()

FIRST_PAUSE = 1.0
"""Seconds until a platform that ended is run again; twice as long each time."""

LONGEST_PAUSE = 60.0


class Platforms:
    """Runs every platform, and again when it ends.

    One that is `Unavailable` delays no other. Any other error is not for a second
    attempt: it ends the process, which whoever started it starts again.
    """

    def __init__(
        self,
        platforms: Sequence[Platform],
        /,
        *,
        pause: Pause = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._platforms = platforms
        self._pause = pause
        self._clock = clock
        self._down: dict[str, str] = {}
        self._draining = False

    def __len__(self) -> int:
        return len(self._platforms)

    async def run(self, tenure: Tenure, /) -> None:
        """Keep all of them going until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                for platform in self._platforms:
                    group.create_task(self._keep(platform, tenure))
                await asyncio.get_running_loop().create_future()
        finally:
            self._down.clear()

    async def drain(self, seconds: float, /) -> bool:
        """Let all of them finish what they took; false where the time was too short."""
        self._draining = True
        try:
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
                for platform in self._platforms:
                    group.create_task(platform.drain())
        except TimeoutError:
            return False
        return True

    def troubles(self) -> Iterator[str]:
        """Say what keeps people from being answered, a sentence each."""
        for platform in self._platforms:
            down = self._down.get(platform.name)
            found = platform.troubles() if down is None else [down]
            yield from (f"{platform.name}: {trouble}" for trouble in found)

    async def _keep(self, platform: Platform, tenure: Tenure) -> None:
        wait = FIRST_PAUSE
        while not self._draining:
            begun = self._clock()
            ended = await self._run(platform, tenure)
            if self._clock() - begun > LONGEST_PAUSE:
                wait = FIRST_PAUSE
            again = max(wait, ended.retry_after or 0.0)
            error = self._down[platform.name] = str(ended)
            log.warning(
                PLATFORM_DOWN, platform=platform.name, error=error, again_in=again
            )
            await self._pause(again)
            wait = min(2 * wait, LONGEST_PAUSE)

    async def _run(self, platform: Platform, tenure: Tenure) -> Unavailable:
        """Run a platform once; returns why it ended."""
        log.info(PLATFORM_STARTED, platform=platform.name)
        self._down.pop(platform.name, None)
        try:
            await platform.run(tenure)
        except Unavailable as error:
            return error
        return Unavailable("ended without being told to")
