"""A Slack workspace in which people ask: everything of one tenure, put together."""

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import structlog
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.audience import Grants
from bot.chat.desk import Answers, Desk
from bot.chat.slack.app import bolt_app, quiet_logger
from bot.chat.slack.directory import Directory
from bot.chat.slack.http_events import hearing
from bot.chat.slack.intake import SURFACE, Intake, Terms
from bot.chat.slack.markup import escaped
from bot.chat.slack.notices import Notices
from bot.chat.slack.posting import Content, Posting
from bot.chat.slack.reception import Lookups, Reception
from bot.chat.slack.refusals import Denied
from bot.chat.slack.selfcheck import SKEW, Found, look
from bot.chat.slack.showing import Look, Showings
from bot.chat.slack.sockets import PING, Sockets
from bot.chat.slack.surface import SlackSurface
from bot.core.errors import Conflict, Unavailable
from bot.core.inbox import Incoming, QuestionId
from bot.core.model import Profile
from bot.core.ports import (
    Claims,
    Conversations,
    Inbox,
    InboxUpkeep,
    Outbox,
    Tenure,
)
from bot.telemetry import SHOWING_FAILED, SLACK_WARNING

log = structlog.get_logger()


class Questions(Inbox, Claims, Protocol):
    """The inbox, and the work on what is in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The way to one workspace; `signing_secret` is for HTTP, without an app token."""

    bot_token: str
    app_token: str | None = None
    signing_secret: str | None = None
    api_url: str = AsyncWebClient.BASE_URL
    proxy: str | None = None
    tls: ssl.SSLContext | None = None
    host: str = "127.0.0.1"
    port: int = 3000

    def client(self) -> AsyncWebClient:
        """Return a client that repeats nothing by itself."""
        return AsyncWebClient(
            token=self.bot_token,
            base_url=self.api_url,
            proxy=self.proxy,
            ssl=self.tls,
            logger=quiet_logger(),
            retry_handlers=[],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the settings say about this workspace."""

    terms: Terms
    grants: Grants = field(default_factory=Grants)
    trusting: bool = False
    look: Look = field(default_factory=Look)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """What the platform needs of the house."""

    answer: Answers
    questions: Questions
    lookups: Lookups
    outbox: Outbox
    upkeep: InboxUpkeep
    conversations: Conversations
    worker: str
    clock: Callable[[], datetime]
    profile: Callable[[Incoming], Profile] = lambda _: Profile.DOCS


class SlackPlatform:
    """Takes questions in Slack and answers them there."""

    name = SURFACE

    def __init__(
        self,
        access: Access,
        rules: Rules,
        rooms: Rooms,
        /,
        *,
        ping: float = PING,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._access = access
        self._rules = rules
        self._rooms = rooms
        self._ping = ping
        self._clock = clock
        self._tenant: _Tenant | None = None
        self._draining = False
        self._fast = 0.0

    async def run(self, tenure: Tenure, /) -> None:
        """Take questions and answer them until cancelled."""
        client = self._access.client()
        found = await look(client, self._access.app_token, clock=self._rooms.clock)
        self._tell(found)
        await self._rooms.upkeep.recover(self._rooms.worker, surfaces=[SURFACE])
        tenant = _Tenant(self._access, self._rules, self._rooms, tenure, found)
        if self._draining:
            return
        self._tenant = tenant
        try:
            await tenant.run(ping=self._ping, clock=self._clock)
        finally:
            self._tenant = None

    async def drain(self) -> None:
        """Take nothing new, and return when all that was taken is done."""
        self._draining = True
        if self._tenant is not None:
            await self._tenant.drain()

    def troubles(self) -> Sequence[str]:
        """Say what keeps people from being answered here now, a sentence each."""
        if self._tenant is None:
            return ["it is being looked at"]
        return [*self._tenant.troubles(), *self._clock_trouble()]

    def _clock_trouble(self) -> Sequence[str]:
        """Say that no signature will be believed, because of our clock."""
        signed = self._access.signing_secret is not None
        wrong = signed and abs(self._fast) > 5 * SKEW
        return ["the clock of this host is wrong by minutes"] if wrong else []

    def _tell(self, found: Found) -> None:
        """Log what works less well than it could."""
        self._fast = found.skew
        for sentence in found.lacking:
            log.warning(SLACK_WARNING, problem=sentence)
        if abs(found.skew) > SKEW:
            sentence = (
                f"the clock of this host differs from Slack's by {found.skew:+.0f} s; "
                "set it by NTP"
            )
            log.warning(SLACK_WARNING, problem=sentence)


class _Tenant:
    """The parts that live as long as one tenure."""

    def __init__(
        self,
        access: Access,
        rules: Rules,
        rooms: Rooms,
        tenure: Tenure,
        found: Found,
    ) -> None:
        self._access = access
        self._client = access.client()
        self._posting = Posting(self._client, tenure)
        directory = Directory(self._client, team=found.us.team)
        self._showings = Showings(
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
        self._desk = Desk(
            surface=SlackSurface(
                directory, self._showings, rules.grants, trusting=rules.trusting
            ),
            answer=rooms.answer,
            claims=rooms.questions,
            conversations=rooms.conversations,
            worker=rooms.worker,
            clock=rooms.clock,
            profile=rooms.profile,
        )
        self._notices = Notices(
            self._posting,
            team=found.us.team,
            outbox=rooms.outbox,
            upkeep=rooms.upkeep,
            clock=rooms.clock,
        )
        self._reception = Reception(
            Intake(us=found.us, terms=rules.terms),
            directory,
            self._desk,
            self._notices,
            inbox=rooms.questions,
            lookups=rooms.lookups,
            outbox=rooms.outbox,
            clock=rooms.clock,
        )
        self._app = bolt_app(
            self._client,
            found.us,
            take=self._reception.take,
            stop=self._stop,
            whisper=self._whisper,
            signing_secret=access.signing_secret if access.app_token is None else None,
        )
        self._sockets: Sockets | None = None
        self._closed = asyncio.Event()

    async def run(self, *, ping: float, clock: Callable[[], float]) -> None:
        """Hear, answer and tell until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._desk.run())
            group.create_task(self._notices.run())
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
        """Say why nothing can be heard."""
        trouble = self._sockets.trouble() if self._sockets is not None else None
        return [trouble] if trouble else []

    def _nobody_reads(self, question: QuestionId) -> None:
        self._desk.stop(question)

    async def _serve_http(self) -> None:
        async with hearing(self._app, self._access.host, self._access.port):
            await self._closed.wait()

    async def _dispatch(self, request: SocketModeRequest) -> BoltResponse:
        response: BoltResponse = await run_async_bolt_app(self._app, request)
        return response

    async def _stop(self, body: Mapping[str, Any]) -> None:
        try:
            await self._reception.stop(body)
        except Unavailable as error:
            log.warning(SHOWING_FAILED, error=str(error))

    async def _whisper(self, url: str, text: str) -> None:
        try:
            await self._posting.respond(url, Content(text=escaped(text), blocks=[]))
        except (Unavailable, Denied, Conflict) as error:
            log.warning(SHOWING_FAILED, error=str(error))
