"""What Slack's refusals mean, and that nothing is sent a second time by itself."""

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.slack.posting import Content, Posting, Spot, mark, posting_client
from bot.chat.slack.refusals import Denied, Missing, TooOften, Unsure
from bot.core.errors import Conflict, Unavailable
from tests.fakes.shown import Right
from tests.fakes.slack import Slack
from tests.fakes.slack.faults import (
    CUT_AFTER,
    CUT_BEFORE,
    Fault,
    Refuse,
    fail,
    ratelimited,
)

CONTENT = Content(text="20日です。", blocks=[])


@pytest.fixture
def right() -> Right:
    return Right()


@pytest.fixture
def posting(slack: Slack, right: Right) -> Posting:
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.url)
    return Posting(client, right, clock=slack.clock.now)


async def spot_in(slack: Slack) -> Spot:
    question = await slack.say("tanaka", "general", "@shirube 休暇は？")
    return Spot(
        channel="CGENERAL", thread=question.ts, reader="UTANAKA", team="TSHIRUBE"
    )


@pytest.mark.parametrize(
    ("fault", "meaning"),
    [
        pytest.param(CUT_AFTER, Unsure, id="cut after"),
        pytest.param(CUT_BEFORE, Unsure, id="cut before"),
        pytest.param(fail(503), Unsure, id="503"),
        pytest.param(Refuse("internal_error"), Unsure, id="internal_error"),
        pytest.param(Refuse("fatal_error"), Unsure, id="fatal_error"),
        pytest.param(ratelimited(3), TooOften, id="429"),
        pytest.param(Refuse("ratelimited"), TooOften, id="ratelimited"),
        pytest.param(Refuse("token_revoked"), Unavailable, id="token_revoked"),
        pytest.param(Refuse("invalid_blocks"), Denied, id="invalid_blocks"),
        pytest.param(Refuse("message_not_found"), Missing, id="message_not_found"),
        pytest.param(Refuse("thread_not_found"), Missing, id="thread_not_found"),
        pytest.param(Refuse("channel_not_found"), Missing, id="channel_not_found"),
        pytest.param(Refuse("not_in_channel"), Missing, id="not_in_channel"),
        pytest.param(Refuse("is_archived"), Missing, id="is_archived"),
    ],
)
async def test_every_refusal_means_something(
    slack: Slack, posting: Posting, fault: Fault, meaning: type[Exception]
) -> None:
    spot = await spot_in(slack)
    slack.faults.next("chat.postMessage", fault)

    with pytest.raises(meaning) as raised:
        await posting.post(spot, CONTENT, mark=mark("q1", "answer"))

    assert type(raised.value) is meaning
    assert len(slack.calls_to("chat.postMessage")) == 1


async def test_a_slack_that_cannot_be_reached_has_done_nothing(
    slack: Slack, posting: Posting
) -> None:
    spot = await spot_in(slack)
    await slack.stop()

    with pytest.raises(Unavailable) as raised:
        await posting.post(spot, CONTENT, mark=mark("q1", "answer"))

    assert not isinstance(raised.value, Unsure)


async def test_a_call_that_takes_too_long_may_have_come_through(
    slack: Slack, posting: Posting, right: Right
) -> None:
    spot = await spot_in(slack)
    hold = slack.faults.hold("chat.postMessage", after_processing=True)
    right.patience = 0.2

    with pytest.raises(Unsure, match="TimeoutError"):
        await posting.post(spot, CONTENT, mark=mark("q1", "answer"))

    hold.release()
    assert len(slack.thread("general", spot.thread)) == 2


async def test_a_method_is_left_alone_for_as_long_as_slack_says(
    slack: Slack, posting: Posting
) -> None:
    spot = await spot_in(slack)
    post = mark("q1", "answer")
    slack.faults.next("chat.postMessage", ratelimited(30))
    with pytest.raises(TooOften) as raised:
        await posting.post(spot, CONTENT, mark=post)
    assert raised.value.retry_after == 30
    await slack.clock.advance(20)
    with pytest.raises(TooOften) as raised:
        await posting.post(spot, CONTENT, mark=post)
    assert raised.value.retry_after == pytest.approx(10, abs=0.01)
    assert len(slack.calls_to("chat.postMessage")) == 1

    await slack.clock.advance(11)

    assert await posting.post(spot, CONTENT, mark=post)


async def test_nothing_is_sent_after_the_right_to_is_over(
    slack: Slack, posting: Posting, right: Right
) -> None:
    spot = await spot_in(slack)
    right.over = True

    with pytest.raises(Conflict):
        await posting.post(spot, CONTENT, mark=mark("q1", "answer"))
    with pytest.raises(Conflict):
        await posting.respond("http://127.0.0.1:9/", CONTENT)

    assert slack.calls == []


def test_a_posting_client_keeps_everything_but_the_repetitions() -> None:
    client = AsyncWebClient(
        token="xoxb-1", base_url="http://127.0.0.1:9/api/", proxy="http://proxy:3128"
    )

    posting = posting_client(client)

    assert posting.retry_handlers == []
    assert client.retry_handlers != []
    kept = ("token", "base_url", "proxy", "timeout", "ssl", "trust_env_in_session")
    for name in kept:
        assert getattr(posting, name) == getattr(client, name)


async def test_a_thread_is_read_over_all_its_pages(
    slack: Slack, posting: Posting
) -> None:
    slack.tiers.enforced = False
    spot = await spot_in(slack)
    for number in range(250):
        await slack.say("sato", "general", f"{number}番目の返信", thread=spot.thread)

    found = await posting.since(spot.channel, spot.thread, thread=spot.thread)

    replies = [message["text"] for message in found if "番目" in message["text"]]
    assert replies == [f"{number}番目の返信" for number in range(250)]
