"""The whole Slack platform before the fake Slack, with answers that a test lets go."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, cast

from bot.chat.audience import Grants
from bot.chat.counting import Counted, Questions
from bot.chat.slack.installation import Access, Rooms, Rules
from bot.chat.slack.platform import SlackPlatform
from bot.chat.slack.stage import Look
from bot.chat.slack.terms import Overhears, Terms
from bot.core.errors import Unavailable
from bot.core.feedback import Judgement
from bot.core.inbox import Accepted, Incoming, Limit, QuestionId
from bot.core.model import (
    Answer,
    AnswerEvent,
    Declined,
    Finished,
    Question,
    Reason,
    Searching,
    Sentence,
)
from bot.core.ports import Feedback
from bot.state.questions import SqlQuestions
from bot.state.store import State, open_state
from bot.telemetry.metrics import Metrics
from tests.fakes.shown import Right
from tests.fakes.slack import Slack
from tests.fakes.slack.model import Message


@dataclass
class Answerer:
    """Says of every question that it is one, once `gate` is open, or its own one.

    With `found` that is the answer to every question instead. So many that come next
    end with a mistake as `breaks` says.
    """

    notify: Callable[[], None]
    found: Answer | None = None
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    asked: list[Question] = field(default_factory=list)
    opening: str = ""
    breaks: int = 0

    def __post_init__(self) -> None:
        self.gate.set()

    async def answer(self, question: Question) -> AsyncGenerator[AnswerEvent, None]:
        """Answer a question."""
        self.asked.append(question)
        self.notify()
        yield Searching(queries=(question.text,))
        if self.opening:
            yield Sentence(text=self.opening)
        await self.gates.get(question.text, self.gate).wait()
        if self.breaks:
            self.breaks -= 1
            raise RuntimeError("a mistake of ours")
        if self.found is not None:
            yield Finished(answer=self.found)
            return
        yield Declined(reason=Reason.NOT_FOUND, text=f"回答: {question.text}")


@dataclass
class Bot:
    """A bot that runs, with the state below it."""

    slack: Slack
    state: State
    platform: SlackPlatform
    answerer: Answerer
    right: Right
    metrics: Metrics

    def counted(self, name: str) -> float:
        """What a metric of Slack says."""
        lines = self.metrics.exposition().decode().splitlines()
        found = [line for line in lines if line.startswith(f'{name}{{platform="slack"')]
        return sum(float(line.rpartition(" ")[2]) for line in found)

    def answers(self, message: Message) -> list[str]:
        """What the thread of a message was answered, each in its final form."""
        return [
            reply.text
            for reply in self.slack.replies(message)
            if reply.metadata and reply.metadata["event_payload"]["part"] == "answer"
        ]

    def notices(self, message: Message) -> list[str]:
        """What the thread of a message was told beside answers."""
        return [
            reply.text
            for reply in self.slack.replies(message)
            if reply.metadata and reply.metadata["event_payload"]["part"] == "notice"
        ]

    def told(self, who: str) -> list[str]:
        """Everything that somebody's conversation with the bot has from it."""
        channel = self.slack.dm(who)
        return [
            message.text
            for message in channel.messages.values()
            if message.user == self.slack.bot.id and message.metadata
        ]

    async def answer(self, message: Message) -> str:
        """Wait for the first answer to a message."""
        found = await self.slack.until(lambda: self.answers(message))
        return found[0]

    async def heard(self) -> None:
        """Wait until everything that was delivered is acknowledged."""
        courier = self.slack.courier
        await self.slack.until(lambda: all(d.acked for d in courier.deliveries))

    async def at_work(self, count: int = 1) -> None:
        """Wait until so many questions are being answered."""
        await self.slack.until(lambda: len(self.answerer.asked) >= count)

    async def ended(self, question: QuestionId) -> bool:
        """Whether a question has ended."""
        return await self.state.line.ahead(question) is None


class Full:
    """An inbox whose disk is full for the first questions."""

    def __init__(self, inbox: SqlQuestions, refusals: int) -> None:
        self._inbox = inbox
        self._refusals = refusals

    async def accept(
        self, incoming: Incoming, /, *, now: datetime, limit: Limit | None = None
    ) -> Accepted:
        """Store a question, or fail."""
        if self._refusals:
            self._refusals -= 1
            raise Unavailable("the disk is full")
        return await self._inbox.accept(incoming, now=now, limit=limit)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inbox, name)


class FullOfVerdicts:
    """Feedback whose disk is full."""

    async def record(self, judgement: Judgement, /) -> bool:
        """Fail."""
        raise Unavailable(f"the disk is full: {judgement.question}")


@dataclass(frozen=True, kw_only=True)
class Around:
    """What is around the bot: its grants, its rules, the way to Slack.

    `way` is the address that the bot knows of Slack, where it is not Slack's own.
    """

    grants: Grants = field(default_factory=Grants)
    trusting: bool = False
    experts: dict[str, str] = field(default_factory=dict)
    bots: dict[str, frozenset[str]] = field(default_factory=dict)
    overhears: dict[str, Overhears] = field(default_factory=dict)
    deadline: timedelta = timedelta(minutes=15)
    proxy: str | None = None
    way: str | None = None
    ping: float = 10.0
    tls: ssl.SSLContext | None = None
    signing_secret: str | None = None
    port: int = 0
    full: int = 0
    full_of_verdicts: bool = False


def platform(
    slack: Slack,
    state: State,
    answerer: Answerer,
    around: Around,
    /,
    *,
    metrics: Metrics | None = None,
) -> SlackPlatform:
    """Return the platform, as the app makes it."""
    signed = around.signing_secret is not None
    taking = cast("Questions", Full(state.questions, around.full))
    counting = metrics or Metrics()
    inbox = Counted(taking, state.inbox_upkeep, counting)
    access = Access(
        bot_token=slack.bot_token,
        app_token=None if signed else slack.app_token,
        signing_secret=around.signing_secret,
        api_url=around.way or slack.url,
        proxy=around.proxy,
        tls=around.tls,
        port=around.port,
    )
    rules = Rules(
        terms=Terms(
            deadline=around.deadline, bots=around.bots, overhears=around.overhears
        ),
        grants=around.grants,
        trusting=around.trusting,
        look=Look(experts=around.experts),
    )
    rooms = Rooms(
        answer=answerer.answer,
        questions=inbox,
        lookups=state.threads,
        outbox=state.outbox,
        upkeep=inbox,
        note=inbox.note,
        conversations=state.conversations,
        feedback=cast("Feedback", FullOfVerdicts())
        if around.full_of_verdicts
        else state.feedback,
        catalogue=state.catalogue,
        quotable=state.catalogue,
        generations=state.generations,
        shelves=state.catalogue,
        worker="甲",
        clock=slack.clock.datetime,
        left=inbox.left,
        pressed=partial(counting.pressed, "slack"),
    )
    return SlackPlatform(access, rules, rooms, ping=around.ping)


@asynccontextmanager
async def bot(
    slack: Slack, folder: Path, around: Around | None = None, /
) -> AsyncIterator[Bot]:
    """Run the bot while the block runs; what is left then is cancelled."""
    answerer, right = Answerer(slack.platform.notify), Right()
    async with open_state(folder, clock=slack.clock.datetime) as state:
        metrics = Metrics()
        made = platform(slack, state, answerer, around or Around(), metrics=metrics)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(made.run(right))
            try:
                if around is None or around.signing_secret is None:
                    await slack.until(lambda: len(slack.sockets.open) > 1)
                yield Bot(slack, state, made, answerer, right, metrics)
            finally:
                running.cancel()
