"""What people are told beside answers, brought to them however often it takes."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import structlog
from pydantic import TypeAdapter

from bot.chat.slack.intake import SURFACE
from bot.chat.slack.markup import escaped
from bot.chat.slack.placing import is_private
from bot.chat.slack.posting import Content, Posting, Spot, mark, marked
from bot.chat.slack.refusals import Denied
from bot.core.errors import Conflict, Unavailable
from bot.core.inbox import Errand, Incoming, Notice, QuestionId
from bot.core.ports import InboxUpkeep, Outbox
from bot.telemetry import SHOWING_FAILED
from bot.text import phrases
from bot.text.phrases import Phrase

log = structlog.get_logger()

Pause: TypeAlias = Callable[[float], Awaitable[None]]

EVERY: Final = 5.0
"""Seconds between two looks at what has expired."""

_HELD: Final = timedelta(seconds=60)
_LATER: Final = timedelta(seconds=30)

NOTICE: Final = "notice"
"""What such a message is, as its metadata says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A sentence for a person: in a thread, or where only that person reads it."""

    text: str
    person: str
    channel: str | None = None
    thread: str | None = None


_TOLD = TypeAdapter(Told)


def notice(key: str, incoming: Incoming, phrase: Phrase, /) -> Notice:
    """Return what is told where the answer to a question would have been."""
    origin = incoming.origin
    private = is_private(incoming)
    told = Told(
        text=phrase.say(incoming.language),
        person=incoming.asker,
        channel=None if private else origin.channel,
        thread=None if private else origin.thread or origin.message,
    )
    return Notice(key=key, surface=SURFACE, content=_TOLD.dump_json(told).decode())


def expired(question: QuestionId, incoming: Incoming, /) -> Notice:
    """Return what is told about a question that has expired."""
    return notice(f"expired:{question}", incoming, phrases.QUESTION_EXPIRED)


class Notices:
    """Ends what has expired, and delivers what is in the outbox."""

    def __init__(
        self,
        posting: Posting,
        *,
        team: str,
        outbox: Outbox,
        upkeep: InboxUpkeep,
        clock: Callable[[], datetime],
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._posting = posting
        self._team = team
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
            await self._tell(errand, _TOLD.validate_json(errand.notice.content))
        except Unavailable as error:
            wait = timedelta(seconds=error.retry_after or 0.0)
            await self._outbox.retry(errand, at=self._clock() + max(wait, _LATER))
            log.warning(SHOWING_FAILED, error=str(error))
        except Denied as denied:
            log.warning(SHOWING_FAILED, error=f"nobody can be told: {denied.code}")
            await self._outbox.done(errand, now=self._clock())
        else:
            await self._outbox.done(errand, now=self._clock())

    async def _tell(self, errand: Errand, told: Told) -> None:
        channel = told.channel or await self._posting.direct(told.person)
        if errand.attempt > 1 and await self._stands(errand, told, channel):
            return
        content = Content(text=escaped(told.text), blocks=[])
        marks = mark(errand.notice.key, NOTICE)
        if told.thread is None:
            await self._posting.open(channel, content, mark=marks)
            return
        spot = Spot(
            channel=channel, thread=told.thread, reader=told.person, team=self._team
        )
        await self._posting.post(spot, content, mark=marks)

    async def _stands(self, errand: Errand, told: Told, channel: str) -> bool:
        """Whether an earlier attempt came through, as far as can be seen."""
        oldest = (
            told.thread or f"{(self._clock() - timedelta(hours=1)).timestamp():.6f}"
        )
        try:
            found = await self._posting.since(channel, oldest, thread=told.thread)
        except Denied:
            return False
        ours = (errand.notice.key, NOTICE)
        return any(marked(message) == ours for message in found)
