"""Brings what stands in a thread to what should: changes, posts, takes away.

Done twice it changes nothing, and after a failure it goes on from where it was.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import structlog

from bot.chat.pacing import Pace
from bot.chat.slack.contents import aside, bare
from bot.chat.slack.posting import Content, Posting, Spot, mark
from bot.chat.slack.refusals import Denied, Missing, TooOften, Unsure
from bot.chat.slack.trail import ANSWER, Trail
from bot.core.errors import Unavailable
from bot.core.model import Language
from bot.telemetry import SHOWING_FAILED
from bot.text import chatting

log = structlog.get_logger()

STREAMS: Final = "streaming_state_conflict"
"""What Slack says to an edit of a message that still streams."""

LATER: Final = 30.0
"""Seconds until one looks whether it still does; Slack ends it after 300."""

WHISPERS: Final = 2
"""Messages of a whispered answer, so that it can be whispered twice with five."""


class Settling:
    """Makes the messages of one answer show its contents, in their order."""

    def __init__(self, posting: Posting, trail: Trail, pace: Pace, /) -> None:
        self._posting = posting
        self._trail = trail
        self._pace = pace
        self._settled: set[str] = set()
        self._heard = 0

    async def settle(self, spot: Spot, contents: Sequence[Content], /) -> None:
        """Have these contents stand in the thread, each once, and nothing else.

        Raises `Missing` where there is no thread. A message that somebody took away
        is not posted again.
        """
        for place, content in enumerate(contents):
            if place >= len(self._trail.messages):
                await self._post(spot, content)
            elif self._trail.messages[place] not in self._settled:
                await self._replace(spot, self._trail.messages[place], content)
        for ts in self._trail.messages[len(contents) :]:
            if ts not in self._settled:
                await self._take_away(spot, ts)

    async def whisper(
        self, url: str, contents: Sequence[Content], language: Language, /
    ) -> None:
        """Say it to who gave the command, where no conversation can be opened.

        What nobody can look up is said once more where it may not have come through,
        and then says so; a third time it is not said.
        """
        if self._trail.whispers > 1:
            return
        told = _whispers(contents, language, again=self._trail.whispers == 1)
        await self._trail.whispering()
        try:
            for content in told[self._heard :]:
                await self._posting.respond(url, content)
                self._heard += 1
        except Unsure:
            self._heard = 0
            raise
        except Unavailable:
            self._trail.whispers -= 1
            raise
        except Denied as denied:
            self._refused(denied)

    async def _post(self, spot: Spot, content: Content) -> None:
        try:
            await self._posted(spot, content)
        except Missing:
            raise
        except Denied as denied:
            self._refused(denied)
            await self._posted(spot, bare(content))

    async def _posted(self, spot: Spot, content: Content) -> None:
        marked = mark(self._trail.question, ANSWER)
        post = self._posting.post(spot, content, mark=marked)
        self._settled.add(await self._trail.made(post))

    async def _replace(self, spot: Spot, ts: str, content: Content) -> None:
        try:
            await self._update(spot, ts, content)
        except Missing as missing:
            self._refused(missing)
        except Denied as denied:
            if denied.code == STREAMS:
                await self._stop_and_update(spot, ts, content)
            else:
                self._refused(denied)
                await self._update(spot, ts, bare(content))
        self._settled.add(ts)

    async def _stop_and_update(self, spot: Spot, ts: str, content: Content) -> None:
        """Replace what still streams; what cannot be stopped ends by itself."""
        with contextlib.suppress(Denied):
            await self._posting.stop(spot.channel, ts)
        try:
            await self._update(spot, ts, content)
        except Denied as denied:
            if denied.code != STREAMS:
                raise
            message = "a stream goes on that Slack does not let us stop"
            raise Unavailable(message, retry_after=LATER) from denied

    async def _update(self, spot: Spot, ts: str, content: Content) -> None:
        await self._pace.turn()
        marked = mark(self._trail.question, ANSWER)
        try:
            await self._posting.update(spot.channel, ts, content, mark=marked)
        except TooOften as error:
            self._pace.hold(error.retry_after or 0.0)
            raise

    async def _take_away(self, spot: Spot, ts: str) -> None:
        try:
            await self._posting.delete(spot.channel, ts)
        except Denied as denied:
            self._refused(denied)
        self._settled.add(ts)

    def _refused(self, denied: Denied) -> None:
        log.warning(
            SHOWING_FAILED, question=self._trail.question, error=f"Slack: {denied.code}"
        )


def _whispers(
    contents: Sequence[Content], language: Language, *, again: bool
) -> list[Content]:
    """Return what can be whispered, and what has to be said about it."""
    told = list(contents[:WHISPERS])
    if len(contents) > len(told):
        cut = aside(chatting.CUT_HERE.say(language))
        told[-1] = replace(told[-1], blocks=[*told[-1].blocks, cut])
    if again:
        note = aside(chatting.SENT_AGAIN.say(language))
        told[0] = replace(told[0], blocks=[note, *told[0].blocks])
    return told
