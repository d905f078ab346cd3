"""Whatever breaks, an answer stands in its thread once, and whole."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.surface import Ended, Showing
from bot.core.errors import Unavailable
from bot.core.inbox import Incoming
from bot.core.model import Outcome, Sentence
from tests.fakes.shown import TEXT, Thread, answered, asked, commanded, said
from tests.fakes.slack import Clock, Slack, slack_server
from tests.fakes.slack.faults import (
    CUT_AFTER,
    CUT_BEFORE,
    Fault,
    Refuse,
    fail,
    ratelimited,
)
from tests.fakes.slack.model import Message

ASKED = "@shirube 有給休暇は何日？"
LONG = "\n\n".join(f"第{n}段落。{'本文です。' * 120}[1]" for n in range(12))


def count(slack: Slack, method: str) -> int:
    return len(slack.calls_to(method))


async def ended(thread: Thread, showing: Showing, how: Ended) -> None:
    """End it as the desk does: again while Slack or the state is down."""

    async def until_done() -> None:
        for _ in range(20):
            try:
                return await showing.end(how)
            except Unavailable as error:
                await thread.pause(max(1.0, error.retry_after or 0.0))
        raise AssertionError("it never ended")

    await thread.passing(until_done())


async def killed(thread: Thread, incoming: Incoming) -> None:
    """Show half an answer, and be gone: nothing that is under way ends in order."""
    async with thread.showing(thread.claim(incoming)) as showing:
        await showing.show(Sentence(text="年次有給休暇は"))
        thread.right.over = True  # so that nothing is sent any more
    thread.right.over = False


async def again(thread: Thread, incoming: Incoming, how: Ended) -> None:
    """Go on in another process, with what is noted."""
    thread.showings = thread.process()
    async with thread.showing(thread.claim(incoming, attempt=2)) as showing:
        await ended(thread, showing, how)


# --- a post that may have come through


@pytest.mark.parametrize("method", ["chat.startStream", "chat.postMessage"])
async def test_row_5_a_post_whose_connection_breaks_stands_there_once(
    slack: Slack, thread: Thread, method: str
) -> None:
    slack.platform.streaming = method == "chat.startStream"
    question = await slack.say("tanaka", "general", ASKED)
    slack.faults.next(method, CUT_AFTER)

    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(Sentence(text=TEXT))
        assert len(slack.replies(question)) == 1
        await ended(thread, showing, answered())

    [message] = slack.replies(question)
    assert message.reads.startswith(TEXT)
    assert thread.notes.posted == {"q1": [message.ts]}
    assert count(slack, method) == 1


async def test_the_only_post_of_an_answer_breaks_and_is_found_again(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("tanaka", "general", ASKED)
    slack.faults.next("chat.postMessage", CUT_AFTER)

    async with thread.showing(thread.claim(asked(question))) as showing:
        await ended(thread, showing, said(Outcome.REFUSED, "見つかりませんでした。"))

    [message] = slack.replies(question)
    assert thread.notes.posted == {"q1": [message.ts]}
    assert count(slack, "chat.postMessage") == 1


async def test_a_post_that_did_not_come_through_is_posted(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("tanaka", "general", ASKED)
    slack.faults.next("chat.postMessage", CUT_BEFORE, fail(503))

    async with thread.showing(thread.claim(asked(question))) as showing:
        await ended(thread, showing, answered())

    assert len(slack.replies(question)) == 1
    assert count(slack, "conversations.replies") == 2


async def test_row_29_a_post_waits_for_as_long_as_slack_says(
    slack: Slack, thread: Thread
) -> None:
    slack.platform.streaming = False
    question = await slack.say("tanaka", "general", ASKED)
    slack.faults.next("chat.postMessage", ratelimited(30))
    refused = slack.clock.now()

    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(Sentence(text=TEXT))
        await ended(thread, showing, answered())

    [message] = slack.replies(question)
    _, posted = slack.calls_to("chat.postMessage")
    assert message.reads.startswith(TEXT)
    assert posted.at - refused >= 30


async def test_a_long_answer_that_breaks_in_the_middle_goes_on_from_there(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("tanaka", "general", ASKED)
    slack.faults.next("chat.postMessage", *[CUT_AFTER, CUT_BEFORE] * 3)

    async with thread.showing(thread.claim(asked(question))) as showing:
        await ended(thread, showing, answered(LONG))

    replies = slack.replies(question)
    shown = "".join(reply.reads for reply in replies)
    assert [shown.count(f"第{n}段落") for n in range(12)] == [1] * 12
    assert thread.notes.posted == {"q1": [reply.ts for reply in replies]}


async def test_a_stream_that_was_started_while_the_deadline_passed_is_taken_over(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("tanaka", "general", ASKED)
    hold = slack.faults.hold("chat.startStream", after_processing=True)

    async with thread.showing(thread.claim(asked(question))) as showing:
        task = asyncio.ensure_future(showing.show(Sentence(text=TEXT)))
        await hold.held.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        hold.release()
        late = said(Outcome.EXPIRED, "時間内に答えられませんでした。")
        await ended(thread, showing, late)

    [message] = slack.replies(question)
    assert message.reads.splitlines()[0] == "時間内に答えられませんでした。"


async def test_an_edit_that_may_have_come_through_is_made_again(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("tanaka", "general", ASKED)
    slack.faults.next("chat.update", CUT_AFTER, ratelimited(7), fail(500))

    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(Sentence(text=TEXT))
        await ended(thread, showing, answered())

    [message] = slack.replies(question)
    assert message.reads.startswith(TEXT)
    assert "shirube_more" in str(message.blocks)


async def test_an_answer_that_was_shown_is_not_shown_anew(
    slack: Slack, thread: Thread
) -> None:
    """The desk may ask for the same end again after it failed to note it."""
    question = await slack.say("tanaka", "general", ASKED)

    async with thread.showing(thread.claim(asked(question))) as showing:
        await ended(thread, showing, answered(LONG))
        before = len(slack.calls_to("chat.postMessage"))
        await ended(thread, showing, answered(LONG))

    assert len(slack.calls_to("chat.postMessage")) == before
    assert slack.calls_to("chat.update") == []


async def test_a_state_that_cannot_note_a_message_is_told_it_later(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("tanaka", "general", ASKED)
    thread.notes.fails = [Unavailable("locked"), Unavailable("locked")]

    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(Sentence(text=TEXT))
        await ended(thread, showing, answered())

    [message] = slack.replies(question)
    assert thread.notes.posted == {"q1": [message.ts]}


# --- a process that is gone


async def test_row_4_and_trap_46_a_message_that_was_posted_and_not_noted_is_adopted(
    slack: Slack, thread: Thread
) -> None:
    slack.platform.streaming = False
    question = await slack.say("tanaka", "general", ASKED)
    await killed(thread, asked(question))
    thread.notes.posted.clear()

    await again(thread, asked(question), answered())

    [message] = slack.replies(question)
    assert message.reads.startswith(TEXT)
    assert thread.notes.posted == {"q1": [message.ts]}


async def test_row_4_a_stream_that_was_started_and_not_noted_is_adopted(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("tanaka", "general", ASKED)
    await killed(thread, asked(question))
    thread.notes.posted.clear()
    [stream] = slack.replies(question)
    assert stream.stream is not None
    assert stream.stream.state == "in_progress"

    await again(thread, asked(question), answered())

    [message] = slack.replies(question)
    assert message.reads.startswith(TEXT)
    assert message.stream is None


async def test_a_stream_that_cannot_be_stopped_any_more_is_waited_for(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("tanaka", "general", ASKED)
    await killed(thread, asked(question))
    slack.platform.streaming = False

    await again(thread, asked(question), answered())

    [message] = slack.replies(question)
    assert message.reads.startswith(TEXT)
    assert message.history[-1].at - message.history[0].at > 270


async def test_what_an_earlier_process_noted_is_completed(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("tanaka", "general", ASKED)
    await killed(thread, asked(question))

    await again(thread, asked(question), answered(LONG))

    shown = "".join(reply.reads for reply in slack.replies(question))
    assert [shown.count(f"第{n}段落") for n in range(12)] == [1] * 12
    assert "年次有給休暇は" not in shown


async def test_what_is_adopted_comes_where_it_stands_in_the_thread(
    slack: Slack, thread: Thread
) -> None:
    """The first message could not be noted, the second was."""
    question = await slack.say("tanaka", "general", ASKED)
    thread.notes.fails = [Unavailable("locked")]
    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(Sentence(text=LONG))
        thread.right.over = True
    thread.right.over = False
    assert len(thread.notes.posted["q1"]) < len(slack.replies(question))

    await again(thread, asked(question), answered(LONG))

    replies = slack.replies(question)
    assert thread.notes.posted["q1"] != [reply.ts for reply in replies]
    shown = "".join(reply.reads for reply in replies)
    places = [shown.index(f"第{n}段落") for n in range(12)]
    assert places == sorted(places)


async def test_nothing_is_shown_after_a_crash_before_the_end(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("tanaka", "general", ASKED)
    await killed(thread, asked(question))

    claim = thread.claim(asked(question), attempt=2)
    async with thread.showing(claim) as showing:
        await slack.until(lambda: slack.statuses[-1].text)
        await showing.show(Sentence(text=TEXT))
        assert len(slack.replies(question)) == 1
        await ended(thread, showing, answered())


async def test_messages_of_others_in_the_thread_are_left_alone(
    slack: Slack, thread: Thread
) -> None:
    """Those of other questions, of people, of other bots, and notices of ours."""
    question = await slack.say("tanaka", "general", ASKED)
    async with thread.showing(thread.claim(asked(question), name="q0")) as showing:
        await showing.show(Sentence(text="前の回答です。[1]"))
        await ended(thread, showing, answered("前の回答です。[1]"))
    await slack.say("sato", "general", "私も知りたいです", thread=question)
    await slack.say("deploy-bot", "general", "デプロイ完了", thread=question)
    posting = thread.process()
    claim = thread.claim(asked(question), name="q9")
    async with posting.showing(claim, _ignored) as other:
        await ended(thread, other, said(Outcome.REFUSED, "別の質問への返事です。"))
    before = [(m.ts, m.reads) for m in slack.thread("general", question.ts)]
    follow = await slack.say("tanaka", "general", "半休は？", thread=question)

    await again(thread, asked(follow), answered())

    after = [(m.ts, m.reads) for m in slack.thread("general", question.ts)]
    assert after[: len(before)] == before
    assert len(after) == len(before) + 2
    assert after[-1][1].startswith(TEXT)


async def test_what_a_cancelled_question_left_in_the_thread_is_not_taken_over(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("tanaka", "general", ASKED)
    follow = await slack.say("tanaka", "general", "半休は？", thread=question)
    async with thread.showing(thread.claim(asked(question), name="q0")) as showing:
        await showing.show(Sentence(text="前の回答の途中"))

    await again(thread, asked(follow), answered())

    left, answer = slack.replies(question)
    assert left.reads.startswith("前の回答の途中")
    assert answer.reads.startswith(TEXT)


async def _ignored(_: str) -> None:
    pass


async def test_a_private_thread_is_opened_once(slack: Slack, thread: Thread) -> None:
    incoming = commanded(slack)
    slack.faults.next("chat.postMessage", CUT_AFTER)

    async with thread.showing(thread.claim(incoming)) as showing:
        await showing.show(Sentence(text=TEXT))
        await ended(thread, showing, answered())

    opening, answer = slack.dm("tanaka").messages.values()
    assert answer.thread_ts == opening.ts
    assert thread.notes.posted == {"q1": [opening.ts, answer.ts]}


async def test_a_conversation_that_cannot_be_opened_at_once_is_opened_in_the_end(
    slack: Slack, thread: Thread
) -> None:
    slack.faults.next("conversations.open", fail(503), ratelimited(9))

    async with thread.showing(thread.claim(commanded(slack))) as showing:
        await showing.show(Sentence(text=TEXT))
        assert slack.dm("tanaka").messages == {}
        await ended(thread, showing, answered())

    _, answer = slack.dm("tanaka").messages.values()
    assert answer.reads.startswith(TEXT)


@pytest.mark.parametrize("noted", [True, False])
async def test_a_private_answer_goes_on_in_its_thread_after_a_crash(
    slack: Slack, thread: Thread, *, noted: bool
) -> None:
    incoming = commanded(slack)
    await killed(thread, incoming)
    if not noted:
        thread.notes.posted.clear()

    await again(thread, incoming, answered())

    opening, answer = slack.dm("tanaka").messages.values()
    assert opening.reads.endswith("への回答です。")
    assert answer.reads.startswith(TEXT)
    assert thread.notes.posted == {"q1": [opening.ts, answer.ts]}


async def test_without_the_scope_to_look_what_is_noted_is_completed(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("tanaka", "general", ASKED)
    await killed(thread, asked(question))
    slack.faults.always("conversations.replies", Refuse("missing_scope"))

    await again(thread, asked(question), answered())

    assert len(slack.replies(question)) == 1


async def test_a_whisper_that_may_not_have_come_through_is_repeated_once_and_says_so(
    slack: Slack, thread: Thread
) -> None:
    slack.faults.always("conversations.open", Refuse("missing_scope"))
    delivery = await slack.command("tanaka", "random", "/ask", "有給休暇は何日？")
    url = delivery.payload["response_url"]
    incoming = commanded(slack, where="random", url=url)
    slack.faults.next("response_url", CUT_AFTER, CUT_AFTER, CUT_AFTER)

    async with thread.showing(thread.claim(incoming)) as showing:
        await ended(thread, showing, answered())

    first, second = slack.whispers("tanaka")
    assert "再送" not in first.reads
    assert "再送" in second.reads
    await again(thread, incoming, answered())
    assert len(slack.whispers("tanaka")) == 2


async def test_a_whisper_that_was_never_sent_is_no_repetition(
    slack: Slack, thread: Thread
) -> None:
    slack.faults.always("conversations.open", Refuse("missing_scope"))
    delivery = await slack.command("tanaka", "random", "/ask", "有給休暇は何日？")
    url = delivery.payload["response_url"]
    incoming = commanded(slack, where="random", url=url)
    slack.faults.next("response_url", ratelimited(3), ratelimited(3), ratelimited(3))

    async with thread.showing(thread.claim(incoming)) as showing:
        await ended(thread, showing, answered())

    [whisper] = slack.whispers("tanaka")
    assert "再送" not in whisper.reads


# --- whatever breaks, in any order


FAULTS: list[Fault] = [CUT_AFTER, CUT_BEFORE, fail(500), ratelimited(2)]
METHODS = (
    "chat.startStream",
    "chat.appendStream",
    "chat.stopStream",
    "chat.postMessage",
    "chat.update",
    "conversations.replies",
    "assistant.threads.setStatus",
)


@asynccontextmanager
async def running() -> AsyncIterator[Thread]:
    async with slack_server(clock=Clock()) as slack:
        yield Thread(slack)


@settings(deadline=None, max_examples=40)
@given(
    faults=st.lists(
        st.tuples(st.sampled_from(METHODS), st.sampled_from(FAULTS)), max_size=8
    ),
    streams=st.booleans(),
    crashes=st.booleans(),
    text=st.sampled_from([TEXT, LONG]),
)
def test_an_answer_stands_there_once_whatever_breaks(
    faults: list[tuple[str, Fault]], *, streams: bool, crashes: bool, text: str
) -> None:
    asyncio.run(_broken(faults, streams=streams, crashes=crashes, text=text))


async def _broken(
    faults: list[tuple[str, Fault]], *, streams: bool, crashes: bool, text: str
) -> None:
    async with running() as thread:
        slack = thread.slack
        slack.platform.streaming = streams
        question = await slack.say("tanaka", "general", ASKED)
        for method, fault in faults:
            slack.faults.next(method, fault)
        if crashes:
            await killed(thread, asked(question))
            await again(thread, asked(question), answered(text))
        else:
            async with thread.showing(thread.claim(asked(question))) as showing:
                await showing.show(Sentence(text=text))
                await slack.clock.advance(1)
                await showing.show(Sentence(text="余計な文。"))
                await ended(thread, showing, answered(text))
        _require_once(slack.replies(question), text)
        noted = thread.notes.posted["q1"]
        assert {reply.ts for reply in slack.replies(question)} <= set(noted)
        assert slack.complaints == []


def _require_once(replies: list[Message], text: str) -> None:
    shown = "\n".join(reply.reads for reply in replies)
    for piece in text.split("\n\n"):
        assert shown.count(piece) == 1
    assert shown.count("出典") == 1
    assert "余計な文" not in shown
    assert all(reply.stream is None for reply in replies)
