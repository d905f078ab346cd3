"""Knows which messages of ours show an answer, also when nobody heard that they do.

A post whose connection breaks stands there or not, and a process may die between a
post and the note of it. So what may be there is looked for before anything is posted.
"""

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeAlias

import structlog

from bot.chat.slack.posting import Posting, Spot, marked
from bot.chat.slack.refusals import Denied, Missing, Unsure
from bot.chat.surface import Posted
from bot.core.errors import Conflict, Unavailable
from bot.core.inbox import Claim, Origin, QuestionId
from bot.telemetry import SHOWING_FAILED

log = structlog.get_logger()

Owner: TypeAlias = Callable[[Origin], Awaitable[QuestionId | None]]
"""Says which question a message of ours answers."""

ANSWER: Final = "answer"
OPENING: Final = "opening"
"""What a message is to its question, as its metadata says."""

WHISPER: Final = "response_url:"
"""Stands where the id of a message would, for one that has none."""

BEFORE: Final = 3600.0
"""Seconds that our clock may be ahead of Slack's when we look for messages."""


class Trail:
    """The messages of one answer, in their order; `opening` began its thread."""

    def __init__(
        self, claim: Claim, posted: Posted, /, *, bot: str, owner: Owner
    ) -> None:
        self.question = claim.question
        self.opening: str | None = None
        noted = (ts for ts in claim.posted if not ts.startswith(WHISPER))
        self.messages = sorted(noted, key=float)
        self.whispers = len(claim.posted) - len(self.messages)
        self.unsure = claim.attempt > 1
        self._origin = claim.incoming.origin
        self._since = claim.incoming.asked_at.timestamp() - BEFORE
        self._posted = posted
        self._stored = set(claim.posted)
        self._bot = bot
        self._owner = owner

    async def made(self, making: Awaitable[str], /) -> str:
        """Note a message that is being posted; whatever happens, it is not lost."""
        ts = await self._outcome(making)
        self.messages.append(ts)
        with contextlib.suppress(Unavailable):  # `store` comes after it
            await self._store(ts)
        return ts

    async def opened(self, making: Awaitable[str], /) -> str:
        """Note the message that opens the thread."""
        self.opening = await self._outcome(making)
        with contextlib.suppress(Unavailable):
            await self._store(self.opening)
        return self.opening

    async def whispering(self) -> None:
        """Note before that something is said which leaves no message."""
        await self._posted(f"{WHISPER}{self.question}:{self.whispers}")
        self.whispers += 1

    async def store(self) -> None:
        """Store what could not be stored when it was posted."""
        for ts in filter(None, [self.opening, *self.messages]):
            if ts not in self._stored:
                await self._store(ts)

    async def find_opening(self, posting: Posting, channel: str, /) -> None:
        """Look for what opened the thread."""
        if self.messages:
            self.opening = self.messages.pop(0)
            return
        oldest = f"{self._since:.6f}"
        for message in await _there(posting.since(channel, oldest)):
            if marked(message) == (self.question, OPENING):
                self.opening = str(message["ts"])
                await self._store(self.opening)

    async def adopt(self, posting: Posting, spot: Spot, /) -> None:
        """Find what stands in the thread and is this question's."""
        oldest = self.opening or self._origin.message or f"{self._since:.6f}"
        found = posting.since(spot.channel, oldest, thread=spot.thread)
        for message in await _there(found):
            if await self._ours(message, spot):
                self.messages.append(str(message["ts"]))
                await self._store(str(message["ts"]))
        self.messages.sort(key=float)
        self.unsure = False

    async def _ours(self, message: Mapping[str, Any], spot: Spot) -> bool:
        ts = str(message["ts"])
        if message.get("user") != self._bot or ts in {self.opening, *self.messages}:
            return False
        known = marked(message)
        if known is not None:
            return known == (self.question, ANSWER)
        # Only a stream bears no metadata, before it ends. Questions of a thread are
        # answered one after the other, so one that nobody owns is this question's.
        where = replace(self._origin, channel=spot.channel, message=ts)
        return await self._owner(where) is None

    async def _outcome(self, making: Awaitable[str]) -> str:
        before, self.unsure = self.unsure, True
        try:
            ts = await making
        except Unsure:
            raise
        except (Denied, Unavailable, Conflict):
            self.unsure = before
            raise
        self.unsure = before
        return ts

    async def _store(self, ts: str) -> None:
        await self._posted(ts)
        self._stored.add(ts)


async def _there(reading: Awaitable[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return what can be read; without the scope to, nothing can."""
    try:
        return await reading
    except Missing:
        raise
    except Denied as denied:
        log.warning(SHOWING_FAILED, error=f"the thread cannot be read: {denied.code}")
        return []
