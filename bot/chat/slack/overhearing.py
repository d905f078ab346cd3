"""Takes questions that people ask everybody in a channel, and gives way to people."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, Protocol
from weakref import WeakValueDictionary

from bot.chat.slack.taken import Replied
from bot.chat.slack.terms import SURFACE, Overhears
from bot.core.inbox import Incoming, Kind, QuestionId
from bot.core.model import ConversationId, Outcome
from bot.core.ports import Askings, Inbox

AT_ONCE: Final = 2
"""Open questions a person may have: one that is answered, and one that waits."""

_HOUR: Final = timedelta(hours=1)


class Stopping(Protocol):
    """What works on questions."""

    def stop(self, question: QuestionId, /) -> bool:
        """Have a question end as cancelled; false if it is not worked on here."""


class Overhearing:
    """Keeps what was overheard until it is due; nobody is told what becomes of it.

    `channels` are those where the bot answers unasked.
    """

    def __init__(
        self,
        channels: Mapping[str, Overhears],
        work: Stopping,
        /,
        *,
        inbox: Inbox,
        lookups: Askings,
        clock: Callable[[], datetime],
    ) -> None:
        self._channels = channels
        self._work = work
        self._inbox = inbox
        self._lookups = lookups
        self._clock = clock
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def take(self, incoming: Incoming, /) -> None:
        """Store a question; one too many for its channel or its asker is not stored."""
        channel = incoming.origin.channel
        async with self._turns.setdefault(channel, asyncio.Lock()):
            if await self._welcome(incoming, self._channels[channel].per_hour):
                await self._inbox.accept(incoming, now=self._clock())

    async def _welcome(self, incoming: Incoming, per_hour: int) -> bool:
        open_ones = await self._lookups.open_of(incoming.asker, surface=SURFACE)
        if len(open_ones) >= AT_ONCE:
            return False
        heard = await self._lookups.overheard(
            incoming.origin, since=self._clock() - _HOUR
        )
        return heard < per_hour

    async def heard(self, reply: Replied, /) -> None:
        """Leave a question to whoever says something, but for what its asker adds."""
        if reply.settled:
            await self.make_room(reply.conversation)
        else:
            await self.give_way(reply.conversation, to=reply.user)

    async def give_way(self, conversation: ConversationId, /, *, to: str) -> None:
        """Leave a question to somebody else than its asker who says something."""
        for question, asker in await self._waiting(conversation):
            if asker != to:
                await self.drop(question)

    async def make_room(self, conversation: ConversationId, /) -> None:
        """Leave a question that is settled, or that somebody now asks the bot."""
        for question, _ in await self._waiting(conversation):
            await self.drop(question)

    async def drop(self, question: QuestionId, /) -> None:
        """End a question without a word, unless its answer is there already."""
        if not self._work.stop(question):
            await self._inbox.end(question, Outcome.CANCELLED, now=self._clock())

    async def _waiting(
        self, conversation: ConversationId
    ) -> list[tuple[QuestionId, str]]:
        found: list[tuple[QuestionId, str]] = []
        if not self._channels:
            return found
        for question, asker in await self._lookups.open_in(conversation):
            incoming = await self._lookups.incoming(question)
            if incoming is not None and incoming.kind is Kind.OVERHEARD:
                found.append((question, asker))
        return found
