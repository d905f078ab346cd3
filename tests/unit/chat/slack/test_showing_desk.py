"""The desk and Slack together: a real inbox, real answers, one visible outcome."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.chat.desk import Desk
from bot.chat.slack.showing import Showings
from bot.chat.surface import Posted, Showing
from bot.core.access import PUB, Audience
from bot.core.inbox import Claim, Incoming, QuestionId
from bot.core.model import (
    AnswerEvent,
    Finished,
    Found,
    Outcome,
    Question,
    Searching,
    Sentence,
)
from bot.state.store import State, open_state
from tests.fakes.shown import TEXT, Thread, answered, asked
from tests.fakes.slack import Clock, Slack, slack_server
from tests.fakes.slack.model import Message

ASKED = "@shirube 有給休暇は何日？"


class Board:
    """The surface of one process; everybody sees what is public."""

    name = "slack"

    def __init__(self, showings: Showings) -> None:
        self._showings = showings

    async def audience(self, incoming: Incoming, /) -> Audience:
        """Who sees the answer."""
        del incoming
        return Audience(principals=frozenset({PUB}))

    def showing(
        self, claim: Claim, posted: Posted, /
    ) -> AbstractAsyncContextManager[Showing]:
        """Show it in Slack."""
        return self._showings.showing(claim, posted)


class Model:
    """Writes one sentence, and goes on when it may."""

    def __init__(self, *, goes_on: bool = True) -> None:
        self.go_on = asyncio.Event()
        if goes_on:
            self.go_on.set()

    async def __call__(self, question: Question) -> AsyncGenerator[AnswerEvent, None]:
        """Answer."""
        yield Searching(queries=(question.text,))
        yield Found(passages=(), confidence=0.9)
        yield Sentence(text="年次有給休暇は")
        await self.go_on.wait()
        yield Sentence(text="20日です。[1]")
        found = answered().answer
        assert found is not None
        yield Finished(answer=found)


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    """A Slack whose time passes."""
    async with slack_server(clock=Clock(ticking=True)) as running:
        yield running
        assert running.complaints == []


@pytest.fixture
async def state(tmp_path: Path, slack: Slack) -> AsyncIterator[State]:
    async with open_state(tmp_path, clock=slack.clock.datetime) as opened:
        yield opened


@asynccontextmanager
async def serving(
    thread: Thread, state: State, model: Model, worker: str = "甲"
) -> AsyncIterator[Desk]:
    """A process that answers, until it is killed."""
    thread.owner = state.questions.answered_by
    desk = Desk(
        surface=Board(thread.process()),
        answer=model,
        claims=state.questions,
        conversations=state.conversations,
        worker=worker,
        clock=thread.slack.clock.datetime,
        pause=thread.pause,
    )
    running = asyncio.create_task(desk.run())
    try:
        yield desk
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def accept(state: State, slack: Slack, incoming: Incoming) -> QuestionId:
    now = slack.clock.datetime()
    return (await state.questions.accept(incoming, now=now)).question


def streamed(slack: Slack, question: Message, text: str) -> bool:
    replies = slack.replies(question)
    return any(reply.stream and text in reply.stream.text for reply in replies)


async def test_a_question_is_answered_once_and_noted(
    slack: Slack, thread: Thread, state: State
) -> None:
    question = await slack.say("tanaka", "general", ASKED)
    incoming = asked(question)
    name = await accept(state, slack, incoming)

    async with serving(thread, state, Model()) as desk:
        await slack.until(lambda: "shirube_more" in str(slack.replies(question)))
        await desk.drain()

    [message] = slack.replies(question)
    assert message.reads.startswith(TEXT)
    where = replace(incoming.origin, message=message.ts)
    assert await state.questions.answered_by(where) == name


async def test_a_process_that_dies_half_way_leaves_it_to_the_next(
    slack: Slack, thread: Thread, state: State
) -> None:
    question = await slack.say("tanaka", "general", ASKED)
    await accept(state, slack, asked(question))
    async with serving(thread, state, Model(goes_on=False)):
        await slack.until(lambda: streamed(slack, question, "年次有給休暇は"))
        thread.right.over = True
    thread.right.over = False
    await state.inbox_upkeep.recover("乙", surfaces=["slack"])

    async with serving(thread, state, Model(), "乙") as desk:
        await slack.until(lambda: "shirube_more" in str(slack.replies(question)))
        await desk.drain()

    [message] = slack.replies(question)
    assert message.reads.startswith(TEXT)


async def test_a_question_that_takes_too_long_says_so(
    slack: Slack, thread: Thread, state: State
) -> None:
    question = await slack.say("tanaka", "general", ASKED)
    soon = slack.clock.datetime() + timedelta(milliseconds=300)
    await accept(state, slack, asked(question, expires_at=soon))

    async with serving(thread, state, Model(goes_on=False)) as desk:
        expired = "時間内に答えられませんでした。"
        await slack.until(
            lambda: any(expired in reply.reads for reply in slack.replies(question))
        )
        await desk.drain()

    [message] = slack.replies(question)
    assert "年次有給休暇" not in message.reads
    assert slack.status(question) == ""


async def test_a_question_that_is_stopped_says_so(
    slack: Slack, thread: Thread, state: State
) -> None:
    question = await slack.say("tanaka", "general", ASKED)
    name = await accept(state, slack, asked(question))

    async with serving(thread, state, Model(goes_on=False)) as desk:
        await slack.until(lambda: streamed(slack, question, "年次有給休暇は"))
        desk.stop(name)
        await slack.until(
            lambda: any("中止しました。" in m.reads for m in slack.replies(question))
        )
        await desk.drain()

    assert len(slack.replies(question)) == 1


async def test_a_question_that_was_ended_elsewhere_does_not_disturb_the_desk(
    slack: Slack, thread: Thread, state: State
) -> None:
    """Deleting it ends it in the inbox, and the desk stops working on it."""
    question = await slack.say("tanaka", "general", ASKED)
    name = await accept(state, slack, asked(question))

    async with serving(thread, state, Model(goes_on=False)) as desk:
        await slack.until(lambda: streamed(slack, question, "年次有給休暇は"))
        now = slack.clock.datetime()
        assert await state.questions.end(name, Outcome.CANCELLED, now=now)
        desk.stop(name)
        await desk.drain()

    [message] = slack.replies(question)
    assert message.stream is not None
    assert message.stream.state == "completed"
    assert await state.questions.answered_by(
        replace(asked(question).origin, message=message.ts)
    )
    assert slack.status(question) == ""
