"""What Slack delivers becomes a question, a change to one, or nothing."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.slack import actions
from bot.chat.slack.intake import Intake
from bot.chat.slack.taken import (
    Asked,
    CancelMine,
    CompanyChanged,
    Deleted,
    Edited,
    FollowedUp,
    HelpWanted,
    Hushed,
    StopPressed,
    Taken,
)
from bot.chat.slack.terms import Terms, Us
from bot.core.inbox import Incoming, Kind
from bot.core.model import Language
from tests.fakes.slack import Slack, slack_server
from tests.fakes.slack.delivery import Delivery

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
Json: TypeAlias = dict[str, Any]
Read: TypeAlias = Callable[[Delivery], Taken | None]


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    """A Slack that nobody listens to: what it would deliver is looked at."""
    async with slack_server() as running:
        yield running


def intake(*, bots: dict[str, frozenset[str]] | None = None) -> Intake:
    terms = Terms(deadline=timedelta(minutes=15), bots=bots or {})
    us = Us(team="TSHIRUBE", user="USHIRUBE", bot="BSHIRUBE")
    return Intake(us=us, terms=terms)


@pytest.fixture
def read() -> Read:
    return lambda delivery: intake().read(delivery.payload, now=NOW)


def last(slack: Slack, kind: str = "message") -> Delivery:
    return slack.deliveries_of(kind)[-1]


def asked(taken: Taken | None) -> Incoming:
    assert isinstance(taken, Asked | FollowedUp | Hushed)
    return taken.incoming


async def test_a_mention_in_a_channel_asks(slack: Slack, read: Read) -> None:
    said = await slack.say("tanaka", "総務", "@shirube 有給は <何日> & いつまで？")

    question = asked(read(last(slack, "app_mention")))

    assert question.text == "有給は <何日> & いつまで？"
    assert question.kind is Kind.MENTION
    assert question.language is Language.JA
    assert question.asker == "UTANAKA"
    assert question.origin.channel == "CSOUMU"
    assert (question.origin.message, question.origin.thread) == (said.ts, None)
    assert question.conversation == f"slack:TSHIRUBE:CSOUMU:{said.ts}"
    assert f"{question.asked_at.timestamp():.6f}" == said.ts
    assert question.expires_at == NOW + timedelta(minutes=15)


@pytest.mark.parametrize("mention_first", [True, False])
async def test_row_9_both_events_of_a_mention_ask_the_same(
    slack: Slack, read: Read, *, mention_first: bool
) -> None:
    slack.platform.mention_first = mention_first
    await slack.say("tanaka", "総務", "@shirube 休暇は何日？")

    one, other = (asked(read(d)) for d in slack.courier.deliveries)

    assert one.event != other.event
    assert one.origin == other.origin
    assert (one.kind, one.text) == (other.kind, other.text)


async def test_trap_14_a_reply_is_of_the_thread_of_its_parent(
    slack: Slack, read: Read
) -> None:
    root = await slack.say("tanaka", "総務", "明日は休みます")
    first = await slack.say("sato", "総務", "@shirube 申請方法は？", thread=root)

    question = asked(read(last(slack)))

    assert question.kind is Kind.MENTION
    assert question.origin.thread == root.ts
    assert question.origin.message == first.ts
    assert question.conversation.endswith(root.ts)


async def test_a_direct_message_always_asks(slack: Slack, read: Read) -> None:
    await slack.say("smith", slack.dm("smith"), "holidays")

    question = asked(read(last(slack)))

    assert question.kind is Kind.DIRECT
    assert question.language is Language.EN


@pytest.mark.parametrize(
    "text",
    [
        "何日前までですか？",
        "there is one more: how do I cancel it?",
        "つながらない",
        "ここまでの話をまとめて",
        "tl;dr",
    ],
)
async def test_in_a_thread_a_question_may_follow(
    slack: Slack, read: Read, text: str
) -> None:
    root = await slack.say("tanaka", "総務", "@shirube 有給は何日？")
    await slack.say("tanaka", "総務", text, thread=root)

    taken = read(last(slack))

    assert isinstance(taken, FollowedUp)
    assert taken.incoming.conversation.endswith(root.ts)


@pytest.mark.parametrize(
    "text",
    [
        "田中さん、何日前までですか？",
        "@sato 何日前までですか？",
        "了解です",
        "ありがとうございます！",
    ],
)
async def test_what_is_for_others_follows_nothing(
    slack: Slack, read: Read, text: str
) -> None:
    root = await slack.say("tanaka", "総務", "@shirube 有給は何日？")
    await slack.say("smith", "総務", text, thread=root)

    assert read(last(slack)) is None


@pytest.mark.parametrize(
    "text", ["静かに", "@shirube 静かにして。", "mute", ":mute:", "🔇", "Be quiet!"]
)
async def test_a_thread_can_be_hushed(slack: Slack, read: Read, text: str) -> None:
    root = await slack.say("tanaka", "総務", "@shirube 有給は何日？")
    await slack.say("tanaka", "総務", text, thread=root)

    assert isinstance(read(last(slack)), Hushed)


async def test_without_a_mention_a_channel_is_left_alone(
    slack: Slack, read: Read
) -> None:
    await slack.say("tanaka", "総務", "有給は何日ですか？")

    assert read(last(slack)) is None


async def test_trap_12_files_and_broadcasts_are_kept_and_noise_is_not(
    slack: Slack, read: Read
) -> None:
    file = {"name": "規程.pdf", "mimetype": "application/pdf", "content": b"%PDF"}
    root = await slack.say("tanaka", "総務", "@shirube これは何？", files=[file])
    assert isinstance(read(last(slack)), Asked)
    await slack.say(
        "tanaka", "総務", "@shirube 期限はいつ？", thread=root, broadcast=True
    )
    assert isinstance(read(last(slack)), Asked)

    await slack.invite("suzuki", "総務")

    assert read(last(slack)) is None


async def test_trap_13_bots_are_not_answered(slack: Slack, read: Read) -> None:
    await slack.say("deploy-bot", "general", "@shirube 休暇は何日？")
    assert read(last(slack, "app_mention")) is None
    await slack.classic_bot_says("deploy-bot", "general", "@shirube 休暇は？")
    assert read(last(slack)) is None


async def test_a_channel_may_let_a_bot_ask(slack: Slack) -> None:
    bot = slack.workspace.user("deploy-bot")
    allowing = intake(bots={"CGENERAL": frozenset({bot.bot_id or ""})})
    await slack.say("deploy-bot", "general", "@shirube 休暇は何日？")
    payload = last(slack, "app_mention").payload

    assert isinstance(allowing.read(payload, now=NOW), Asked)


async def test_own_messages_are_no_questions(slack: Slack, read: Read) -> None:
    await slack.say("shirube", slack.dm("tanaka"), "有給は何日ですか？")

    assert read(last(slack)) is None


async def test_an_edit_says_what_the_question_is_now(slack: Slack, read: Read) -> None:
    said = await slack.say("tanaka", "総務", "@shirube 有休は何日？")
    await slack.edit(said, "@shirube 育休は何日？")

    taken = read(last(slack))

    assert isinstance(taken, Edited)
    assert (taken.text, taken.user) == ("育休は何日？", "UTANAKA")
    assert taken.origin.message == said.ts


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("@shirube 育休は何日？", True),
        ("@shirube 育休の日数", True),
        ("@shirube How many days? Thanks!", True),
        ("育休は何日ですか？", True),
        ("すみません、給与の件は課長だけに話します", False),
        ("佐藤さん、育休は何日？", False),
        ("@shirube 解決しました", False),
        ("@shirube 静かに", False),
        ("解決しました", False),
        ("", False),
    ],
)
async def test_an_edit_says_whether_the_bot_is_still_asked(
    slack: Slack, read: Read, text: str, *, asks: bool
) -> None:
    said = await slack.say("tanaka", "総務", "@shirube 有休は何日？")
    await slack.edit(said, text)

    taken = read(last(slack))

    assert isinstance(taken, Edited)
    assert taken.asks_us is asks


async def test_whatever_an_edit_says_to_the_bot_alone_asks(
    slack: Slack, read: Read
) -> None:
    said = await slack.say("tanaka", slack.dm("tanaka"), "有休は何日？")
    await slack.edit(said, "育休の日数")

    taken = read(last(slack))

    assert isinstance(taken, Edited)
    assert taken.asks_us


async def test_previews_of_links_change_nothing(slack: Slack, read: Read) -> None:
    said = await slack.say("tanaka", "総務", "@shirube https://wiki.example は？")
    await slack.unfurl(said)

    assert read(last(slack)) is None


async def test_a_message_may_go(slack: Slack, read: Read) -> None:
    said = await slack.say("tanaka", "総務", "@shirube 有給は何日？")
    await slack.delete(said)

    taken = read(last(slack))

    assert isinstance(taken, Deleted)
    assert taken.origin.message == said.ts


async def test_a_message_with_replies_goes_too(slack: Slack, read: Read) -> None:
    said = await slack.say("tanaka", "総務", "@shirube 有給は何日？")
    await slack.say("sato", "総務", "私も知りたいです", thread=said)
    await slack.delete(said)

    taken = read(last(slack))

    assert isinstance(taken, Deleted)
    assert taken.origin.message == said.ts


async def test_a_command_asks(slack: Slack, read: Read) -> None:
    delivery = await slack.command("tanaka", "総務", "/ask", "育休は何日？")

    question = asked(read(delivery))

    assert (question.kind, question.text) == (Kind.COMMAND, "育休は何日？")
    assert question.origin.message is None
    assert question.hints["response_url"]
    assert question.asked_at == NOW


@pytest.mark.parametrize("text", ["cancel", "Stop", "キャンセル", "中止"])
async def test_a_command_cancels(slack: Slack, read: Read, text: str) -> None:
    delivery = await slack.command("tanaka", "総務", "/ask", text)

    assert read(delivery) == CancelMine(user="UTANAKA", language=Language.JA)


async def test_a_command_without_a_question_wants_help(
    slack: Slack, read: Read
) -> None:
    delivery = await slack.command("tanaka", "総務", "/ask", " ")

    assert read(delivery) == HelpWanted(user="UTANAKA", language=Language.JA)


async def test_the_menu_of_a_message_asks_what_it_asks(
    slack: Slack, read: Read
) -> None:
    said = await slack.say("sato", "総務", "出張の精算はどうやるんだっけ")
    delivery = await slack.shortcut("tanaka", "shirube_about", on=said)

    question = asked(read(delivery))

    assert question.kind is Kind.SHORTCUT
    assert question.text == "出張の精算はどうやるんだっけ"
    assert question.asker == "UTANAKA"


async def test_a_shared_channel_is_noted(slack: Slack, read: Read) -> None:
    await slack.say("partner", "with-partner", "@shirube 休暇は何日？")

    assert asked(read(last(slack))).hints == {"shared": True}


async def test_who_joins_changes_who_reads(slack: Slack, read: Read) -> None:
    await slack.invite("suzuki", "総務")

    taken = read(last(slack, "member_joined_channel"))

    assert taken == CompanyChanged(channel="CSOUMU")


def test_a_stop_button_names_its_question() -> None:
    body = {
        "type": "block_actions",
        "user": {"id": "UTANAKA"},
        "actions": [{"action_id": actions.STOP, "value": "質問"}],
    }

    taken = intake().read(body, now=NOW)

    assert taken == StopPressed(user="UTANAKA", question="質問")


ODD = [
    {"type": "event_callback"},
    {"type": "event_callback", "event": "mention"},
    {"type": "event_callback", "event": {"type": "message"}, "event_id": "E"},
    {"type": "event_callback", "event": {"type": "app_mention", "ts": "日本"}},
    {"type": "view_submission"},
    {"command": "/ask"},
    {"command": 3, "text": None},
]


@pytest.mark.parametrize("body", ODD)
def test_odd_shapes_are_nothing(body: Json) -> None:
    assert intake().read(body, now=NOW) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "subtype", "message", "text", "ts", "user", "event"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(event=json_values, kind=st.sampled_from(["message", "app_mention", "x", None]))
def test_no_shape_is_an_error(event: object, kind: str | None) -> None:
    inner = event | {"type": kind} if isinstance(event, dict) else event
    body = {
        "type": "event_callback",
        "team_id": "T1",
        "event_id": "Ev1",
        "event": inner,
    }

    assert intake().read(body, now=NOW) is None or isinstance(inner, dict)
