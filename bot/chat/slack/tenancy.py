"""Slack for as long as this process may answer there: its parts, put together."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import count
from typing import Any, Final

import structlog
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.chat.desk import Desk
from bot.chat.permitting import Permitting
from bot.chat.rush import Rush
from bot.chat.slack import actions, refusals
from bot.chat.slack.app import Body, Late, bolt_app
from bot.chat.slack.calling import Calling
from bot.chat.slack.directory import Directory
from bot.chat.slack.earlier import Earlier
from bot.chat.slack.errands import Errands
from bot.chat.slack.home import Home
from bot.chat.slack.http_events import hearing
from bot.chat.slack.installation import Access, Rooms, Rules
from bot.chat.slack.intake import Intake
from bot.chat.slack.markup import escaped
from bot.chat.slack.notices import Notices
from bot.chat.slack.passages import Passages
from bot.chat.slack.posting import Content, Posting
from bot.chat.slack.presses import Presses
from bot.chat.slack.reception import Reception
from bot.chat.slack.refusals import Denied
from bot.chat.slack.repeats import Repeats
from bot.chat.slack.selfcheck import Found
from bot.chat.slack.showing import Showings
from bot.chat.slack.sockets import Sockets
from bot.chat.slack.suggesting import Suggesting
from bot.chat.slack.surface import SlackSurface
from bot.chat.slack.verdicts import Verdicts
from bot.core.errors import Conflict, Unavailable
from bot.core.inbox import QuestionId
from bot.core.ports import (
    Tenure,
)
from bot.telemetry import SHOWING_FAILED

log = structlog.get_logger()

_SELDOM: Final = 10
"""Of so many looks at the token, one is taken though nothing is wrong with it."""


class Tenancy:
    """The parts that live as long as one tenure."""

    def __init__(
        self,
        access: Access,
        rules: Rules,
        rooms: Rooms,
        /,
        *,
        tenure: Tenure,
        found: Found,
    ) -> None:
        self._access = access
        self._client = access.client()
        self._posting = Posting(self._client, tenure)
        directory = Directory(self._client, team=found.us.team)
        surface = self._surface(directory, rules, rooms, tenure, found)
        self._tidy = surface.tidy
        earlier = Earlier(self._posting, directory, found.us, rules.terms)
        self._rush = Rush()
        self._desk = _desk(surface, earlier, rooms, self._rush)
        repeats = Repeats(us=found.us, terms=rules.terms)
        self._notices = Notices(
            _errands(self._posting, directory, repeats, self._desk, rooms),
            outbox=rooms.outbox,
            upkeep=rooms.upkeep,
            clock=rooms.clock,
        )
        self._reception = self._received(directory, rules, rooms, found)
        self._verdicts = Verdicts(rooms.feedback, clock=rooms.clock)
        presses = self._presses(directory, surface, rules, rooms)
        self._app = bolt_app(
            self._client,
            found.us,
            take=self._take,
            stop=self._stop,
            whisper=self._whisper,
            press=presses.press,
            submit=presses.submit,
            home=_opening(self._posting, directory, rules, rooms),
            signing_secret=access.signing_secret if access.app_token is None else None,
        )
        self._pressed = rooms.pressed
        self._sockets: Sockets | None = None
        self._closed = asyncio.Event()

    def _received(
        self, directory: Directory, rules: Rules, rooms: Rooms, found: Found
    ) -> Reception:
        return Reception(
            Intake(us=found.us, terms=rules.terms),
            directory,
            self._desk,
            self._notices,
            inbox=rooms.questions,
            lookups=rooms.lookups,
            outbox=rooms.outbox,
            clock=rooms.clock,
            rush=self._rush,
            hears_threads=found.hears_threads,
        )

    def _surface(
        self,
        directory: Directory,
        rules: Rules,
        rooms: Rooms,
        tenure: Tenure,
        found: Found,
    ) -> SlackSurface:
        showings = Showings(
            self._client,
            tenure,
            directory,
            team=found.us.team,
            bot=found.us.user,
            owner=rooms.questions.answered_by,
            now=rooms.clock,
            look=rules.look,
            stop=self._nobody_reads,
        )
        return SlackSurface(directory, showings, rules.grants, trusting=rules.trusting)

    def _presses(
        self, directory: Directory, surface: SlackSurface, rules: Rules, rooms: Rooms
    ) -> Presses:
        passages = Passages(
            directory,
            rules.grants,
            readers=surface.audience,
            lookups=rooms.lookups,
            catalogue=rooms.catalogue,
            quotable=rooms.quotable,
            generations=rooms.generations,
        )
        calling = Calling(
            passages,
            rules.look.experts,
            readers=surface.audience,
            lookups=rooms.lookups,
            outbox=rooms.outbox,
            clock=rooms.clock,
        )
        return Presses(
            self._posting,
            directory,
            passages,
            calling,
            self._verdicts,
            lookups=rooms.lookups,
            told=self._notices.wake,
            counted=rooms.pressed,
            language=rules.terms.language,
        )

    async def run(self, *, ping: float, clock: Callable[[], float]) -> None:
        """Hear, answer and tell until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._desk.run())
            group.create_task(self._notices.run())
            group.create_task(self._look_at_token())
            group.create_task(self._tidy())
            if self._access.app_token is None:
                group.create_task(self._serve_http())
            else:
                self._sockets = Sockets(
                    self._client,
                    self._access.app_token,
                    self._dispatch,
                    ping=ping,
                    clock=clock,
                )
                group.create_task(self._sockets.run())

    async def drain(self) -> None:
        """Hear nothing more, and return when nothing is worked on."""
        self._closed.set()
        if self._sockets is not None:
            await self._sockets.close()
        await self._desk.drain()

    def troubles(self) -> Sequence[str]:
        """Say why nothing can be heard, and why nothing can be said."""
        deaf = self._sockets.trouble() if self._sockets is not None else None
        return [trouble for trouble in (deaf, self._client.trouble()) if trouble]

    async def _look_at_token(self) -> None:
        """Find out that a token is refused though nobody asks, and is good again."""
        for look in count(1):
            await asyncio.sleep(refusals.AWAY)
            if self._client.refused or look % _SELDOM == 0:
                with suppress(*refusals.FAILURES):
                    await self._client.auth_test()

    def _nobody_reads(self, question: QuestionId) -> None:
        self._desk.stop(question)

    async def _serve_http(self) -> None:
        async with hearing(self._app, self._access.host, self._access.port):
            await self._closed.wait()

    async def _dispatch(self, request: SocketModeRequest) -> BoltResponse:
        response: BoltResponse = await run_async_bolt_app(self._app, request)
        return response

    async def _take(self, body: Mapping[str, Any]) -> str | None:
        await self._verdicts.take(body)
        return await self._reception.take(body)

    async def _stop(self, body: Mapping[str, Any], told: str | None) -> None:
        self._pressed(actions.kind(actions.STOP, ""))
        try:
            said = await self._reception.stop(body) or told
        except Unavailable as error:
            log.warning(SHOWING_FAILED, error=str(error))
            return
        if said is None:
            return
        if body.get("response_url"):
            await self._whisper(str(body["response_url"]), said)
        else:
            await self._whisper_below(body.get("event", {}), said)

    async def _whisper(self, url: str, text: str) -> None:
        try:
            await self._posting.respond(url, Content(text=escaped(text), blocks=[]))
        except (Unavailable, Denied, Conflict) as error:
            log.warning(SHOWING_FAILED, error=str(error))

    async def _whisper_below(self, event: Mapping[str, Any], text: str) -> None:
        """Say it in a thread to who did something there that came without a URL."""
        content = Content(text=escaped(text), blocks=[])
        channel, user, thread = (
            str(event.get(name)) for name in ("channel", "user", "thread_ts")
        )
        try:
            await self._posting.whisper(channel, content, to=user, thread=thread)
        except (Unavailable, Denied, Conflict) as error:
            log.warning(SHOWING_FAILED, error=str(error))


def _errands(
    posting: Posting,
    directory: Directory,
    repeats: Repeats,
    desk: Desk,
    rooms: Rooms,
) -> Errands:
    return Errands(
        posting,
        directory,
        repeats,
        inbox=rooms.questions,
        lookups=rooms.lookups,
        clock=rooms.clock,
        left=desk.left,
    )


def _home(posting: Posting, directory: Directory, rules: Rules, rooms: Rooms) -> Home:
    return Home(
        posting,
        directory,
        rules.grants,
        lookups=rooms.lookups,
        shelves=rooms.shelves,
        clock=rooms.clock,
        language=rules.terms.language,
    )


def _opening(
    posting: Posting, directory: Directory, rules: Rules, rooms: Rooms
) -> Late:
    """Return what happens when somebody opens the Home tab, or the conversation."""
    home = _home(posting, directory, rules, rooms)
    suggesting = Suggesting(posting, directory, language=rules.terms.language)

    async def opened(body: Body) -> None:
        await home.opened(body)
        await suggesting.opened(body)

    return opened


def _desk(surface: SlackSurface, earlier: Earlier, rooms: Rooms, rush: Rush) -> Desk:
    permitting = Permitting(
        catalogue=rooms.catalogue,
        quotable=rooms.quotable,
        generations=rooms.generations,
    )
    return Desk(
        surface=surface,
        answer=rooms.answer,
        claims=rooms.questions,
        conversations=rooms.conversations,
        worker=rooms.worker,
        clock=rooms.clock,
        profile=rooms.profile,
        earlier=earlier.read,
        permits=permitting.permits,
        note=rooms.note,
        rush=rush,
    )
