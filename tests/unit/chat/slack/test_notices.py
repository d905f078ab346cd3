"""What people are told beside answers comes through once, however often it takes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.slack.directory import Directory
from bot.chat.slack.errands import Errands, notice
from bot.chat.slack.notices import Notices
from bot.chat.slack.posting import Posting
from bot.chat.slack.repeats import Repeats
from bot.chat.slack.terms import Terms, Us
from bot.core.inbox import Incoming, QuestionId
from bot.state.store import State, open_state
from bot.text import replies
from tests.fakes.shown import Thread, asked, commanded
from tests.fakes.slack import Slack
from tests.fakes.slack.faults import CUT_AFTER, CUT_BEFORE, Fail, Fault, Refuse
from tests.fakes.slack.model import Message


@pytest.fixture
async def state(slack: Slack, tmp_path: Path) -> AsyncIterator[State]:
    async with open_state(tmp_path / "状態", clock=slack.clock.datetime) as opened:
        yield opened


@asynccontextmanager
async def telling(thread: Thread, state: State) -> AsyncIterator[Notices]:
    """Deliver what is in the outbox while the block runs."""
    slack = thread.slack
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.url)
    us = Us(team="TSHIRUBE", user="USHIRUBE", bot="BSHIRUBE")
    errands = Errands(
        Posting(client, thread.right, clock=slack.clock.now),
        Directory(client, team="TSHIRUBE", clock=slack.clock.now),
        Repeats(us=us, terms=Terms(deadline=timedelta(minutes=15))),
        inbox=state.questions,
        lookups=state.threads,
        clock=slack.clock.datetime,
        left=nobody_works,
    )
    notices = Notices(
        errands,
        outbox=state.outbox,
        upkeep=state.inbox_upkeep,
        clock=slack.clock.datetime,
        pause=thread.pause,
    )
    async with asyncio.TaskGroup() as group:
        task = group.create_task(notices.run())
        try:
            yield notices
        finally:
            task.cancel()


async def nobody_works(question: QuestionId) -> None:
    del question


async def put(thread: Thread, state: State, incoming: Incoming) -> None:
    told = notice("busy:1", incoming, replies.BUSY)
    now = thread.slack.clock.datetime()
    await state.outbox.put([told, told], now=now)


async def told(thread: Thread, said: Message, *, after: float) -> list[str]:
    """What a thread was told when so many seconds have passed."""
    for _ in range(int(after // 5)):
        await thread.advance(5)
    await thread.slack.until(lambda: thread.waiting)
    return [reply.text for reply in thread.slack.replies(said)]


@pytest.mark.parametrize(
    "faults",
    [
        [],
        [CUT_BEFORE],
        [CUT_AFTER],
        [CUT_BEFORE, CUT_AFTER],
        [Fail(status=429, retry_after=40)],
        [Fail(status=500)],
    ],
)
async def test_row_29_a_sentence_comes_through_once(
    thread: Thread, state: State, faults: Sequence[Fault]
) -> None:
    said = await thread.slack.say("tanaka", "総務", "@shirube 三つ目は？")
    thread.slack.faults.next("chat.postMessage", *faults)
    await put(thread, state, asked(said))

    async with telling(thread, state):
        [text] = await told(thread, said, after=120)

    assert "一度にお受けできるのは" in text


async def test_a_command_is_told_about_in_a_direct_message(
    thread: Thread, state: State
) -> None:
    await put(thread, state, commanded(thread.slack))

    async with telling(thread, state):
        await thread.slack.until(lambda: thread.waiting)

    [message] = thread.slack.dm("tanaka").messages.values()
    assert "一度にお受けできるのは" in message.text


async def test_where_nobody_can_be_told_nobody_is(thread: Thread, state: State) -> None:
    said = await thread.slack.say("tanaka", "総務", "@shirube 三つ目は？")
    thread.slack.faults.next("chat.postMessage", Refuse("is_archived"))
    await put(thread, state, asked(said))

    async with telling(thread, state):
        assert not await told(thread, said, after=60)

    assert len(thread.slack.calls_to("chat.postMessage")) == 1


async def test_without_the_right_to_nothing_is_told(
    thread: Thread, state: State
) -> None:
    said = await thread.slack.say("tanaka", "総務", "@shirube 三つ目は？")
    await put(thread, state, asked(said))
    thread.right.over = True

    async with telling(thread, state):
        assert not await told(thread, said, after=10)
        thread.right.over = False
        assert await told(thread, said, after=70)
