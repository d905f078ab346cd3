"""Shows questions in Slack, each from the status line to its last block."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Final, assert_never

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.audience import Standing
from bot.chat.pacing import Pace, Pause
from bot.chat.slack.abilities import Abilities
from bot.chat.slack.contents import View, final
from bot.chat.slack.directory import Directory
from bot.chat.slack.leftovers import Leftovers
from bot.chat.slack.live import Live
from bot.chat.slack.placing import is_direct, is_of_channel, placed
from bot.chat.slack.posting import Posting, Spot
from bot.chat.slack.progress import Progress
from bot.chat.slack.refusals import Denied, Missing
from bot.chat.slack.settling import Settling
from bot.chat.slack.stage import Look, Stage
from bot.chat.slack.status import StatusLine
from bot.chat.slack.terms import RESPONSE_URL
from bot.chat.slack.trail import Owner, Trail
from bot.chat.slack.unasked import Unasked
from bot.chat.surface import Ended, Posted, Showing
from bot.core.errors import Conflict, Unavailable
from bot.core.inbox import Claim, Kind, QuestionId
from bot.core.model import (
    AnswerEvent,
    Declined,
    Finished,
    Found,
    Language,
    Searching,
    Sentence,
)
from bot.core.ports import Place, Tenure
from bot.telemetry import SHOWING_FAILED
from bot.text import chatting
from bot.text.courtesy import wants_more
from bot.text.waiting import ahead

log = structlog.get_logger()

UPDATES: Final = 1.2
"""Seconds between two edits in a workspace, all answers together: Slack's tier 3."""

LEAVING: Final = 5.0
"""Seconds for tidying up behind a question that ends without an end."""


class Showings:
    """Shows the questions of one workspace, for as long as a tenure lasts.

    `team` is the workspace and `bot` our user in it; `owner` is `Inbox.answered_by`.
    `stop` is called where nobody can read the answer any more.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        tenure: Tenure,
        directory: Directory,
        /,
        *,
        team: str,
        bot: str,
        owner: Owner,
        now: Callable[[], datetime],
        look: Look | None = None,
        stop: Callable[[QuestionId], object] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._stage = Stage(
            posting=Posting(client, tenure, clock=clock),
            directory=directory,
            team=team,
            bot=bot,
            owner=owner,
            look=look or Look(),
            stop=stop,
            now=now,
            clock=clock,
            pause=pause,
            pace=Pace(every=UPDATES, clock=clock, pause=pause),
            abilities=Abilities(clock),
            left=Leftovers(pause=pause),
        )

    async def tidy(self) -> None:
        """Take away what could not be taken away at once, until cancelled."""
        await self._stage.left.tidy()

    @asynccontextmanager
    async def showing(self, claim: Claim, posted: Posted, /) -> AsyncIterator[Showing]:
        """Begin to show a question; what an earlier attempt posted is taken over."""
        showing = SlackShowing(self._stage, claim, posted)
        if claim.incoming.kind is Kind.OVERHEARD:
            yield Unasked(showing, self._stage, claim)
            return
        await showing.begin()
        async with asyncio.TaskGroup() as group:
            signs = group.create_task(showing.keep())
            try:
                yield showing
            finally:
                signs.cancel()
                await showing.close()


class SlackShowing:
    """One question as its asker sees it.

    After a crash nothing is shown before the end: what stands there already is brought
    to its final form then.
    """

    def __init__(self, stage: Stage, claim: Claim, posted: Posted, /) -> None:
        self._stage = stage
        self._incoming = claim.incoming
        self._again = claim.attempt > 1
        self._trail = Trail(claim, posted, bot=stage.bot, owner=stage.owner)
        self._settling = Settling(stage.posting, self._trail, stage.pace)
        self._view = View(
            question=claim.question,
            buttons=claim.incoming.language,
            now=stage.now(),
            private=is_direct(claim.incoming),
            shareable=is_of_channel(claim.incoming),
            expert=(not is_direct(claim.incoming) or is_of_channel(claim.incoming))
            and claim.incoming.origin.channel in stage.look.experts,
            detailed=wants_more(claim.incoming.text),
            stale_after=stage.look.stale_after,
        )
        self._spot: Spot | None = None
        self._nowhere = False
        self._ended = False
        self._status: StatusLine | None = None
        self._live: Live | None = None
        self._progress = Progress(claim.incoming.language)

    async def begin(self) -> None:
        """Find the place, if it can be found now."""
        with contextlib.suppress(Unavailable):
            await self._place()

    async def keep(self) -> None:
        """Show what the bot does until cancelled."""
        if self._status is not None:
            await self._status.keep()

    def moved(self, place: Place, /) -> None:
        """Show how far it is from its turn, when there is time for it."""
        language = self._incoming.language
        if place.position:
            self._say(ahead(place, language))
        else:
            self._say(chatting.STATUS_WRITING.say(language))

    async def show(self, event: AnswerEvent, /) -> None:
        """Show that something happens, or the next sentence."""
        language = self._incoming.language
        match event:
            case Searching():
                self._progress.note(event)
                self._say(chatting.STATUS_SEARCHING.say(language))
            case Found():
                self._progress.note(event)
                self._say(chatting.STATUS_READING.say(language))
            case Sentence(text=text):
                await self._write(text)
            case Finished() | Declined():
                pass
            case _:
                assert_never(event)

    async def end(self, ended: Ended, /) -> None:
        """Show how it ended, whole, and once."""
        if self._live is not None:
            await self._live.close()
        await self._look_up()
        try:
            await self._settle(ended)
        except Missing as missing:
            await self._whisper(ended, missing)
        except Denied as denied:
            self._refused(denied)
        self._ended = True
        await self._clear()

    async def stands(self) -> bool:
        """Whether some of the answer is there already."""
        with contextlib.suppress(Denied):  # `end` finds out as well
            spot = await self._place()
            if spot is not None and self._trail.unsure:
                await self._trail.adopt(self._stage.posting, spot)
        return bool(self._trail.messages)

    async def close(self) -> None:
        """Leave nothing behind that moves, as far as there is time for that."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVING):
                with contextlib.suppress(Unavailable, Denied, Conflict):
                    await self._stand_still()
                await self._clear()
        if self._status is not None and self._spot is not None:
            self._stage.left.leave(self._spot, self._status)

    # --- while it is written -----------------------------------------------------

    def _say(self, text: str) -> None:
        if self._status is not None:
            self._status.say(text)

    async def _write(self, text: str) -> None:
        live = await self._begun()
        if live is None:
            return
        try:
            await live.add(text)
        except Missing as missing:
            self._refused(missing)
            self._stage.stop(self._trail.question)
        if live.begun and self._status is not None:
            self._status.rest()

    async def _begun(self) -> Live | None:
        if self._live is None and self._spot is not None and not self._again:
            stranger = await self._look_up()
            self._live = Live(
                self._stage.posting,
                self._spot,
                self._trail,
                self._view,
                abilities=self._stage.abilities,
                pace=self._stage.pace,
                clock=self._stage.clock,
                stoppable=lambda: self._status is not None and self._status.stoppable,
                cards=self._progress.cards(),
                streams=not stranger,
            )
        return self._live

    async def _look_up(self) -> bool:
        """Learn the asker's language; true for one a stream cannot be addressed to."""
        asker = self._incoming.asker
        try:
            locale = await self._stage.directory.locale(asker)
            person = await self._stage.directory.person(asker)
        except Unavailable:
            return False
        if locale:
            spoken = Language.JA if locale.startswith("ja") else Language.EN
            self._view = replace(self._view, buttons=spoken)
        return person.standing is Standing.STRANGER

    # --- where, and the end ------------------------------------------------------

    async def _place(self) -> Spot | None:
        """Find the place; None where nobody can be written to."""
        if self._spot is not None or self._nowhere:
            return self._spot
        stage = self._stage
        try:
            self._spot = await placed(
                stage.posting, self._incoming, self._trail, self._view, team=stage.team
            )
        except Denied as denied:
            self._refused(denied)
            self._nowhere = True
            return None
        stage.left.replaced(self._spot)
        self._status = StatusLine(
            stage.posting,
            self._spot,
            self._incoming.language,
            abilities=stage.abilities,
            clock=stage.clock,
            pause=stage.pause,
        )
        return self._spot

    async def _settle(self, ended: Ended) -> None:
        spot = await self._place()
        if spot is None:
            raise Missing("channel_not_found")
        if self._trail.unsure:
            await self._trail.adopt(self._stage.posting, spot)
        await self._trail.store()
        await self._settling.settle(spot, final(ended, self._view))

    async def _whisper(self, ended: Ended, missing: Missing) -> None:
        """Answer a command by the address that came with it, where there is one."""
        url = self._incoming.hints.get(RESPONSE_URL)
        if isinstance(url, str) and url:
            contents = final(ended, self._view)
            await self._settling.whisper(url, contents, ended.language)
        else:
            self._refused(missing)

    async def _stand_still(self) -> None:
        """End what is streamed, also a stream whose id never arrived."""
        if self._live is None or self._spot is None or self._ended:
            return
        with contextlib.suppress(Conflict):  # noted all the same
            if self._trail.unsure:
                await self._trail.adopt(self._stage.posting, self._spot)
        for ts in self._trail.messages:
            with contextlib.suppress(Denied):
                await self._stage.posting.stop(self._spot.channel, ts)

    async def _clear(self) -> None:
        if self._status is not None:
            await self._status.clear()

    def _refused(self, denied: Denied) -> None:
        log.warning(
            SHOWING_FAILED, question=self._trail.question, error=f"Slack: {denied.code}"
        )
