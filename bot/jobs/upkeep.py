"""Keeps the promise of how long anything is kept, for every platform alike."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.core.errors import Unavailable
from bot.core.ports import InboxUpkeep
from bot.jobs.leading import Pause
from bot.telemetry import TEXTS_FORGOTTEN, UPKEEP_FAILED

log = structlog.get_logger()

EVERY: Final = 3600.0
"""Seconds between two rounds."""

AGAIN: Final = 60.0
"""Seconds until the next one where the state database did not answer."""


class Upkeep:
    """Forgets what was said long enough ago, at once and then every hour.

    What nobody can show an answer to any more is ended then, too. What is late in
    the eyes of people, each platform ends by itself, and tells them.
    """

    def __init__(
        self,
        inbox: InboxUpkeep,
        /,
        *,
        keep: timedelta,
        clock: Callable[[], datetime],
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._inbox = inbox
        self._keep = keep
        self._clock = clock
        self._pause = pause

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            done = await self._round()
            await self._pause(EVERY if done else AGAIN)

    async def _round(self) -> bool:
        now = self._clock()
        try:
            abandoned = await self._inbox.abandon(now=now)
            forgotten = await self._inbox.purge(before=now - self._keep)
        except Unavailable as error:
            log.warning(UPKEEP_FAILED, error=str(error))
            return False
        if abandoned or forgotten:
            log.info(TEXTS_FORGOTTEN, questions=forgotten, abandoned=abandoned)
        return True
