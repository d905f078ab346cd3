"""What people are told beside answers, brought to them however often it takes."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import structlog

from bot.chat.slack import actions
from bot.chat.slack.errands import Errands, Offer, notice
from bot.chat.slack.refusals import Denied
from bot.chat.slack.terms import SURFACE
from bot.core.errors import Conflict, Unavailable
from bot.core.inbox import Errand, Incoming, Kind, Notice, QuestionId
from bot.core.ports import InboxUpkeep, Outbox
from bot.telemetry import SHOWING_FAILED
from bot.text import chatting, phrases

log = structlog.get_logger()

Pause: TypeAlias = Callable[[float], Awaitable[None]]

EVERY: Final = 5.0
"""Seconds between two looks at what has expired."""

_HELD: Final = timedelta(seconds=60)
_LATER: Final = timedelta(seconds=30)


def expired(question: QuestionId, incoming: Incoming, /) -> Notice | None:
    """Return what is told about a question that has expired, if anybody asked us."""
    if incoming.kind is Kind.OVERHEARD:
        return None
    label = chatting.AGAIN.say(incoming.language)
    again = Offer(action=actions.AGAIN, value=question, label=label)
    key = f"expired:{question}"
    return notice(key, incoming, phrases.QUESTION_EXPIRED, offer=again)


class Notices:
    """Ends what has expired, and delivers what is in the outbox."""

    def __init__(
        self,
        errands: Errands,
        /,
        *,
        outbox: Outbox,
        upkeep: InboxUpkeep,
        clock: Callable[[], datetime],
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._errands = errands
        self._outbox = outbox
        self._upkeep = upkeep
        self._clock = clock
        self._pause = pause
        self._new = asyncio.Event()

    def wake(self) -> None:
        """Look into the outbox now."""
        self._new.set()

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            self._new.clear()
            try:
                await self._upkeep.expire(
                    surfaces=[SURFACE], now=self._clock(), telling=expired
                )
                while await self._deliver():
                    pass
            except Unavailable as error:
                log.warning(SHOWING_FAILED, error=str(error))
            async with asyncio.TaskGroup() as group:
                alarm = group.create_task(self._wait())
                await self._new.wait()
                alarm.cancel()

    async def _wait(self) -> None:
        await self._pause(EVERY)
        self._new.set()

    async def _deliver(self) -> bool:
        """Deliver what is due for longest; false when nothing is."""
        now = self._clock()
        errand = await self._outbox.take(surfaces=[SURFACE], now=now, until=now + _HELD)
        if errand is None:
            return False
        try:
            await self._try(errand)
        except Conflict:
            return False  # another process tells it, or this one may not any more
        return True

    async def _try(self, errand: Errand) -> None:
        try:
            await self._errands.run(errand)
        except Unavailable as error:
            await self._outbox.retry(errand, at=self._clock() + _pause(error))
            log.warning(SHOWING_FAILED, error=str(error))
        except Denied as denied:
            log.warning(SHOWING_FAILED, error=f"nobody can be told: {denied.code}")
            await self._outbox.done(errand, now=self._clock())
        else:
            await self._outbox.done(errand, now=self._clock())


def _pause(error: Unavailable) -> timedelta:
    if error.retry_after is None:
        return _LATER
    return timedelta(seconds=error.retry_after)
