"""Questions shown in the fake Slack, as the desk has them shown."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.slack.directory import Directory
from bot.chat.slack.quiet import quiet_logger
from bot.chat.slack.showing import Showings
from bot.chat.slack.stage import Look
from bot.chat.slack.trail import Owner
from bot.chat.surface import Ended, Showing
from bot.core.errors import Conflict
from bot.core.inbox import Claim, Incoming, Kind, Origin, QuestionId
from bot.core.model import (
    Answer,
    AnswerKind,
    Citation,
    ConversationId,
    DocumentId,
    GenerationId,
    Language,
    Outcome,
)
from tests.fakes.slack import Slack
from tests.fakes.slack.model import Message

TEAM = "TSHIRUBE"
TEXT = "年次有給休暇は20日です。[1]"


@dataclass
class Right:
    """A tenure that a test can end; `patience` is less than a call may take."""

    over: bool = False
    patience: float = 60.0

    def covers(self, seconds: float, /) -> bool:
        """Whether it lasts."""
        del seconds
        return not self.over

    @asynccontextmanager
    async def sending(self, seconds: float, /) -> AsyncIterator[None]:
        """Send in here."""
        if self.over:
            raise Conflict("another process answers")
        async with asyncio.timeout(min(seconds, self.patience)):
            yield


@dataclass
class Notes:
    """The ids that were noted, by question, as the inbox keeps them."""

    posted: dict[str, list[str]] = field(default_factory=dict)
    fails: list[Exception] = field(default_factory=list)

    async def note(self, question: str, message: str) -> None:
        """Note a message once."""
        if self.fails:
            raise self.fails.pop(0)
        known = self.posted.setdefault(question, [])
        if message not in known:
            known.append(message)

    async def owner(self, origin: Origin, /) -> QuestionId | None:
        """The question that a message answers."""
        for question, messages in self.posted.items():
            if origin.message in messages:
                return QuestionId(question)
        return None


class Thread:
    """Shows questions; `crash` is followed by another process that goes on."""

    def __init__(self, slack: Slack, *, look: Look | None = None) -> None:
        self.slack = slack
        self.right = Right()
        self.notes = Notes()
        self.owner: Owner = self.notes.owner
        self.stopped: list[QuestionId] = []
        self.waiting: set[asyncio.Event] = set()
        self.showings = self.process(look=look)

    def process(self, *, look: Look | None = None) -> Showings:
        """Another process with the same bot."""
        client = AsyncWebClient(
            token=self.slack.bot_token, base_url=self.slack.url, retry_handlers=[]
        )
        clock = self.slack.clock
        return Showings(
            # The SDK's own client, which repeats a post whose connection breaks.
            AsyncWebClient(
                token=self.slack.bot_token,
                base_url=self.slack.url,
                logger=quiet_logger(),
            ),
            self.right,
            Directory(client, team=TEAM, clock=clock.now),
            team=TEAM,
            bot=self.slack.bot.id,
            owner=self.owner,
            now=clock.datetime,
            look=look,
            stop=self.stopped.append,
            clock=clock.now,
            pause=self.pause,
        )

    async def pause(self, seconds: float) -> None:
        """Wait by Slack's clock."""
        due = asyncio.Event()

        async def ring() -> None:
            self.waiting.discard(due)
            due.set()

        self.slack.clock.after(seconds, ring)
        self.waiting.add(due)
        self.slack.platform.notify()
        try:
            await due.wait()
        finally:
            self.waiting.discard(due)

    async def advance(self, seconds: float) -> None:
        """Let time pass once somebody waits for it."""
        await self.slack.until(lambda: self.waiting)
        await self.slack.clock.advance(seconds)

    async def passing(self, work: Coroutine[None, None, None], /) -> None:
        """Do something for as long as it takes; whatever it waits for passes."""
        async with asyncio.TaskGroup() as group:
            task = group.create_task(work)
            task.add_done_callback(lambda _: self.slack.platform.notify())
            while not task.done():
                await self.slack.until(lambda: task.done() or self.waiting)
                if not task.done():
                    await self.slack.clock.advance(0.1)

    def claim(self, incoming: Incoming, *, attempt: int = 1, name: str = "q1") -> Claim:
        """The right to answer, with what is noted of earlier attempts."""
        return Claim(
            question=QuestionId(name),
            attempt=attempt,
            incoming=incoming,
            posted=tuple(self.notes.posted.get(name, ())),
        )

    @asynccontextmanager
    async def showing(self, claim: Claim) -> AsyncIterator[Showing]:
        """Show a question as the desk does."""

        async def posted(message: str) -> None:
            await self.notes.note(claim.question, message)

        async with self.showings.showing(claim, posted) as showing:
            yield showing


def asked(message: Message, *, text: str | None = None, **more: object) -> Incoming:
    """The question that a message of the fake asks."""
    direct = message.channel.startswith("D")
    fields: dict[str, object] = {
        "event": f"Ev{message.ts}",
        "kind": Kind.DIRECT if direct else Kind.MENTION,
        "origin": Origin(
            surface="slack",
            workspace=TEAM,
            channel=message.channel,
            thread=message.thread_ts,
            message=message.ts,
        ),
        "asker": message.user,
        "conversation": ConversationId(f"slack:{message.channel}:{message.root}"),
        "text": text or message.text,
        "language": Language.JA,
        "asked_at": datetime.fromtimestamp(float(message.ts), UTC),
        "expires_at": datetime.fromtimestamp(float(message.ts), UTC)
        + timedelta(minutes=15),
    }
    return Incoming(**(fields | more))  # type: ignore[arg-type]  # fields by name


def commanded(
    slack: Slack, *, who: str = "tanaka", where: str = "general", url: str = ""
) -> Incoming:
    """A question that a command asks."""
    user, channel = slack.workspace.user(who), slack.workspace.channel(where)
    return Incoming(
        event="Trigger1",
        kind=Kind.COMMAND,
        origin=Origin(surface="slack", workspace=TEAM, channel=channel.id),
        asker=user.id,
        conversation=ConversationId(f"slack:{channel.id}:command"),
        text="有給休暇は何日ですか？",
        language=Language.JA,
        asked_at=slack.clock.datetime(),
        expires_at=slack.clock.datetime() + timedelta(minutes=15),
        hints={"response_url": url} if url else {},
    )


def citation(number: int = 1, **more: object) -> Citation:
    """A source of an answer."""
    fields: dict[str, object] = {
        "number": number,
        "document": DocumentId(f"handbook:{number}"),
        "revision": 1,
        "title": "休暇規程",
        "path": (),
        "heading_path": ("第3章 年次有給休暇",),
        "url": f"https://wiki.example/{number}",
        "quote": "年次有給休暇は20日とする。",
        "updated_at": datetime(2026, 4, 1, tzinfo=UTC),
    }
    return Citation(**(fields | more))  # type: ignore[arg-type]  # fields by name


def answered(
    text: str = TEXT,
    *,
    citations: tuple[Citation, ...] | None = None,
    notes: tuple[str, ...] = (),
    limited: str | None = None,
    language: Language = Language.JA,
) -> Ended:
    """An answer with its sources."""
    answer = Answer(
        text=text,
        language=language,
        kind=AnswerKind.GENERATED,
        citations=(citation(),) if citations is None else citations,
        confidence=0.9,
        generation=GenerationId("g1"),
        notes=notes,
    )
    return Ended(
        outcome=Outcome.ANSWERED,
        language=language,
        text=text,
        answer=answer,
        limited=limited,
    )


def said(outcome: Outcome, text: str, *, limited: str | None = None) -> Ended:
    """A sentence in place of an answer."""
    return Ended(outcome=outcome, language=Language.JA, text=text, limited=limited)
