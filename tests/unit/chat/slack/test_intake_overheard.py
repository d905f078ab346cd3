"""What people ask everybody in a channel is told from what they say otherwise."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from bot.chat.slack.intake import Intake
from bot.chat.slack.taken import Asked, Edited, FollowedUp, Replied, Taken
from bot.chat.slack.terms import Overhears, Terms, Us
from bot.core.inbox import Kind
from bot.core.model import Language
from tests.fakes.slack import Slack, slack_server

AFTER = timedelta(seconds=45)
QUESTION = "有給休暇は何日ですか？"


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    """A Slack that nobody listens to: what it would deliver is looked at."""
    async with slack_server() as running:
        yield running


def read(slack: Slack, *, now: datetime | None = None) -> Taken | None:
    """Read what was delivered last, as a bot that overhears in one channel."""
    overhears = Overhears(after=AFTER, per_hour=10)
    terms = Terms(deadline=timedelta(minutes=15), overhears={"CSOUMU": overhears})
    us = Us(team="TSHIRUBE", user="USHIRUBE", bot="BSHIRUBE")
    delivery = slack.deliveries_of("message")[-1]
    moment = now or slack.clock.datetime()
    return Intake(us=us, terms=terms).read(delivery.payload, now=moment)


async def test_a_question_to_everybody_is_overheard_and_due_later(
    slack: Slack,
) -> None:
    said = await slack.say("tanaka", "総務", QUESTION)

    taken = read(slack)

    assert isinstance(taken, Asked)
    incoming = taken.incoming
    assert incoming.kind is Kind.OVERHEARD
    assert (incoming.text, incoming.language) == (QUESTION, Language.JA)
    assert (incoming.origin.message, incoming.origin.thread) == (said.ts, None)
    assert incoming.conversation.endswith(said.ts)
    assert incoming.due_at == incoming.asked_at + AFTER
    assert incoming.expires_at == incoming.due_at + timedelta(minutes=5)


@pytest.mark.parametrize(
    "text",
    [
        "経費精算の締め日はいつですか？",
        "@here VPNがつながらない",
        "How do I reset my token",
        "Hi all, where is the travel policy?",
    ],
)
async def test_questions_in_both_languages_are_heard(slack: Slack, text: str) -> None:
    await slack.say("smith", "総務", text)

    assert isinstance(read(slack), Asked)


@pytest.mark.parametrize(
    "text",
    [
        "了解です",
        "ありがとうございます！",
        "締め日は25日です。",
        "@sato 締め日はいつですか？",
        "締め日はいつですか @sato",
        "田中さん、締め日はいつですか？",
        "佐藤様 締め日はいつですか？",
        "@soumu-team プリンタが動かないのですが？",
        "@Sato when is the closing date?",
        ":question:",
        "？",
        "```なぜ？```",
        "> 締め日はいつですか？",
        "Thanks, that works.",
    ],
)
async def test_what_asks_nobody_or_somebody_else_is_not_heard(
    slack: Slack, text: str
) -> None:
    await slack.say("smith", "総務", text)

    assert read(slack) is None


async def test_elsewhere_nothing_is_overheard(slack: Slack) -> None:
    await slack.say("tanaka", "general", QUESTION)

    assert read(slack) is None


async def test_programs_are_not_overheard(slack: Slack) -> None:
    await slack.classic_bot_says("deploy-bot", "総務", QUESTION)
    assert read(slack) is None
    await slack.invite("deploy-bot", "総務")
    await slack.say("deploy-bot", "総務", QUESTION)
    assert read(slack) is None


async def test_what_was_said_long_ago_asks_nobody_any_more(slack: Slack) -> None:
    """Slack delivers again what nobody acknowledged while nothing ran."""
    await slack.say("tanaka", "総務", QUESTION)
    last = slack.clock.datetime() + AFTER + timedelta(minutes=5)

    assert isinstance(read(slack, now=last - timedelta(seconds=1)), Asked)
    assert read(slack, now=last) is None


async def test_a_mention_asks_as_everywhere(slack: Slack) -> None:
    await slack.say("tanaka", "総務", f"@shirube {QUESTION}")

    taken = read(slack)

    assert isinstance(taken, Asked)
    assert (taken.incoming.kind, taken.incoming.due_at) == (Kind.MENTION, None)


async def test_whatever_is_said_in_a_thread_is_a_reply(slack: Slack) -> None:
    root = await slack.say("tanaka", "総務", QUESTION)
    await slack.say("sato", "総務", "20日です", thread=root)

    taken = read(slack)

    assert taken == Replied(
        conversation=Us(team="TSHIRUBE", user="USHIRUBE", bot="BSHIRUBE").conversation(
            "CSOUMU", root.ts
        ),
        user="USATO",
    )
    await slack.say("sato", "総務", "入社日はいつですか？", thread=root)
    assert isinstance(read(slack), FollowedUp)
    elsewhere = await slack.say("tanaka", "general", QUESTION)
    await slack.say("sato", "general", "20日です", thread=elsewhere)
    assert read(slack) is None


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("産休は何日ですか？", True),
        ("解決しました", False),
        (f"【解決済】{QUESTION}", False),
        ("@sato 何日？", False),
    ],
)
async def test_an_edit_says_whether_everybody_is_still_asked(
    slack: Slack, text: str, *, asks: bool
) -> None:
    said = await slack.say("tanaka", "総務", QUESTION)
    await slack.edit(said, text)

    taken = read(slack)

    assert isinstance(taken, Edited)
    assert taken.asks is asks
