"""An answer that nobody asked for is shown with its sources, once, or not at all."""

import contextlib
from dataclasses import replace

import pytest

from bot.chat.endings import PassedOver
from bot.chat.surface import Ended, Showing
from bot.core.errors import Unavailable
from bot.core.inbox import Claim, Kind, QuestionId
from bot.core.model import Outcome, Searching, Sentence
from bot.core.ports import Place
from tests.fakes.shown import Thread, answered, asked, citation, said
from tests.fakes.slack import Slack
from tests.fakes.slack.faults import ratelimited
from tests.fakes.slack.model import Message

QUESTION = QuestionId("q1")


def claim_of(message: Message, *, attempt: int = 1) -> Claim:
    incoming = replace(asked(message), kind=Kind.OVERHEARD)
    return Claim(question=QUESTION, attempt=attempt, incoming=incoming)


@pytest.fixture
async def message(slack: Slack) -> Message:
    """A question to everybody."""
    return await slack.say("tanaka", "総務", "有給休暇は何日ですか？")


async def noted(_: str) -> None:
    """Note nothing."""


async def passed_over(showing: Showing, ended: Ended) -> bool:
    """Have a question end; is its answer kept from people?"""
    with contextlib.suppress(PassedOver):
        await showing.end(ended)
        return False
    return True


@pytest.mark.parametrize(
    ("ended", "replies"),
    [
        (answered(), 1),
        (answered(citations=()), 0),
        (answered(citations=(citation(quote=""),)), 0),
        (said(Outcome.REFUSED, "文書にありません。"), 0),
        (said(Outcome.FAILED, "うまくいきませんでした。"), 0),
        (said(Outcome.EXPIRED, "時間切れです。"), 0),
        (said(Outcome.CANCELLED, "中止しました。"), 0),
    ],
)
async def test_only_an_answer_with_sources_is_shown(
    slack: Slack, thread: Thread, message: Message, ended: Ended, replies: int
) -> None:
    async with thread.showings.showing(claim_of(message), noted) as showing:
        await showing.show(Searching(queries=("有給休暇",)))
        await showing.show(Sentence(text="20日です。[1]"))
        assert not slack.replies(message)
        kept_back = await passed_over(showing, ended)

    assert kept_back == (ended.outcome is Outcome.ANSWERED and not replies)
    assert len(slack.replies(message)) == replies
    assert not slack.status(message)
    assert slack.session(message) is None


async def test_after_a_crash_it_is_not_said_twice(
    slack: Slack, thread: Thread, message: Message
) -> None:
    for attempt in (1, 2):
        claim = claim_of(message, attempt=attempt)
        async with thread.showings.showing(claim, noted) as showing:
            await showing.end(answered())

    assert len(slack.replies(message)) == 1


@pytest.mark.parametrize(
    ("who", "gives_way"), [("sato", True), ("tanaka", False), ("deploy-bot", False)]
)
async def test_people_may_have_replied_while_nobody_listened(
    slack: Slack, thread: Thread, message: Message, who: str, *, gives_way: bool
) -> None:
    await slack.invite("deploy-bot", "総務")
    await slack.say(who, "総務", "20日です", thread=message)
    async with thread.showings.showing(claim_of(message), noted) as showing:
        await showing.show(Sentence(text="20日です。[1]"))
        await showing.show(Sentence(text="半休もあります。[1]"))

    assert thread.stopped == ([QUESTION] if gives_way else [])
    assert len(slack.calls_to("conversations.replies")) == 1


async def test_where_threads_cannot_be_read_it_goes_on(
    slack: Slack, thread: Thread, message: Message
) -> None:
    slack.workspace.channel("総務").members.remove(slack.bot.id)
    async with thread.showings.showing(claim_of(message), noted) as showing:
        await showing.show(Sentence(text="20日です。[1]"))
        await showing.end(answered())

    assert thread.stopped == []


async def test_people_may_reply_while_slack_refuses_the_answer(
    slack: Slack, thread: Thread, message: Message
) -> None:
    slack.faults.next("chat.postMessage", ratelimited(4))
    async with thread.showings.showing(claim_of(message), noted) as showing:
        with pytest.raises(Unavailable):
            await showing.end(answered())
        await slack.say("sato", "総務", "20日です。解決。", thread=message)
        await slack.clock.advance(5)
        assert await passed_over(showing, answered())

    assert not slack.replies(message)


async def test_slack_may_not_say_at_once_who_replied(
    slack: Slack, thread: Thread, message: Message
) -> None:
    await slack.say("sato", "総務", "20日です。解決。", thread=message)
    async with thread.showings.showing(claim_of(message), noted) as showing:
        slack.faults.next("conversations.replies", ratelimited(4))
        await showing.show(Sentence(text="20日です。[1]"))
        with pytest.raises(Unavailable):
            await showing.end(answered())
        await slack.clock.advance(5)
        assert await passed_over(showing, answered())

    assert not slack.replies(message)


@pytest.mark.parametrize(("seconds", "replies"), [(840, 1), (18_000, 0)])
async def test_after_a_crash_it_is_not_said_when_nobody_waits_any_more(
    slack: Slack, thread: Thread, message: Message, seconds: int, replies: int
) -> None:
    await slack.clock.advance(seconds)
    claim = claim_of(message, attempt=2)
    async with thread.showings.showing(claim, noted) as showing:
        assert await passed_over(showing, answered()) == (not replies)

    assert len(slack.replies(message)) == replies


async def test_what_stands_there_is_brought_to_its_end_whoever_replied(
    slack: Slack, thread: Thread, message: Message
) -> None:
    """Its first process died between the post and the note of it."""
    async with thread.showings.showing(claim_of(message), noted) as showing:
        await showing.end(answered())
    [ours] = slack.replies(message)
    await slack.say("sato", "総務", "ありがとう、20日ですね", thread=message)
    await slack.clock.advance(18_000)
    notes: list[str] = []

    async def note(ts: str) -> None:
        notes.append(ts)

    claim = claim_of(message, attempt=2)
    async with thread.showings.showing(claim, note) as showing:
        await showing.end(answered())

    assert notes == [ours.ts]
    assert slack.replies(message) == [ours]


@pytest.mark.parametrize(
    ("place", "gives_way"),
    [
        (Place(position=3, wait=901.0), True),
        (Place(position=3, wait=60.0), False),
        (Place(position=0, wait=0.0), False),
    ],
)
async def test_whoever_waits_goes_first(
    thread: Thread, message: Message, place: Place, *, gives_way: bool
) -> None:
    async with thread.showings.showing(claim_of(message), noted) as showing:
        showing.moved(place)

    assert thread.stopped == ([QUESTION] if gives_way else [])
