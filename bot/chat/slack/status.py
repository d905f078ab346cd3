"""The line below a thread that says what the bot does: kept true, never left behind."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from bot.chat.pacing import Pause
from bot.chat.slack.abilities import SESSIONS, STATUS, Abilities
from bot.chat.slack.posting import Posting, Spot
from bot.chat.slack.refusals import Denied
from bot.core.errors import Conflict, Unavailable
from bot.core.model import Language
from bot.text import chatting

STEP: Final = 5.0
"""Seconds between two changes of the line."""

LASTS: Final = 90.0
"""Seconds after which it is said again; Slack takes it away after 120."""

_TURNS: Final = (
    chatting.STATUS_SEARCHING,
    chatting.STATUS_READING,
    chatting.STATUS_CHECKING,
    chatting.STATUS_WRITING,
)


class StatusLine:
    """What is shown before the answer is; with it the button by which Slack stops it.

    `keep` runs beside everything else. What Slack refuses is left out.
    """

    def __init__(
        self,
        posting: Posting,
        spot: Spot,
        language: Language,
        /,
        *,
        abilities: Abilities,
        clock: Callable[[], float],
        pause: Pause,
    ) -> None:
        self._posting = posting
        self._spot = spot
        self._abilities = abilities
        self._clock = clock
        self._pause = pause
        self._begun = chatting.STATUS_BEGUN.say(language)
        self._turns = [turn.say(language) for turn in _TURNS]
        self._wanted: str | None = self._begun
        self._said: str | None = None
        self._at = 0.0
        self._over = False
        self._tried = False
        self._working = False
        self._one = asyncio.Lock()
        self.stoppable = False

    def say(self, text: str, /) -> None:
        """Show this when it is time to."""
        if self._wanted is not None:
            self._wanted = text

    def rest(self) -> None:
        """Show nothing any more; the answer speaks for itself."""
        self._wanted = None

    async def keep(self) -> None:
        """Show what is wanted until cancelled."""
        while not self._over:
            async with self._one:
                await self._refresh()
            await self._pause(STEP)

    async def clear(self) -> None:
        """Take the line away, and have Slack offer no stop any more.

        May be called again where it is not `cleared` after that.
        """
        self._over = True
        async with self._one:
            with contextlib.suppress(Unavailable, Conflict):
                if self._tried:
                    with contextlib.suppress(Denied):
                        await self._posting.status(self._spot, "", loading=())
                    self._tried = False
                if self._working:
                    with contextlib.suppress(Denied):
                        await self._posting.session(self._spot, "active")
                    self._working = False

    @property
    def cleared(self) -> bool:
        """Whether nothing of it is left."""
        return not (self._tried or self._working)

    async def _refresh(self) -> None:
        if self._over or self._wanted is None:
            return
        old = self._clock() - self._at >= LASTS
        with contextlib.suppress(Unavailable, Conflict):
            if (self._wanted != self._said or old) and self._abilities.has(STATUS):
                await self._say(self._wanted)
            if not self._working and self._abilities.has(SESSIONS):
                await self._begin()

    async def _say(self, text: str) -> None:
        loading = self._turns if text == self._begun else [text]
        self._tried = True  # also when no answer comes
        try:
            await self._posting.status(self._spot, text, loading=loading)
        except Denied:
            self._tried = False
            self._abilities.lacks(STATUS)
        else:
            self._said, self._at = text, self._clock()

    async def _begin(self) -> None:
        self._working = True
        try:
            self.stoppable = await self._posting.session(self._spot, "processing")
        except Denied:
            self._working = False
            self._abilities.lacks(SESSIONS)
