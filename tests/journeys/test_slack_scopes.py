"""The manifest asks for the scopes that the bot uses, all of them and no others."""

from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]  # has no types, and is for tests only

from bot.chat.audience import Grants
from bot.core.access import PUB
from tests.fakes.shown import answered
from tests.fakes.slack import Slack, slack_server
from tests.fakes.slack.app import EVENT_SCOPES, MESSAGE_EVENTS
from tests.fakes.slack.delivery import Delivery
from tests.fakes.slack.model import Channel, Kind, Message
from tests.fakes.slack_bot import Around, Bot, bot

MANIFEST = Path(__file__).parents[2] / "deploy" / "slack-manifest.yaml"
LEAVE = "有給休暇は何日ですか？"
BELOW = ("shirube_privately", "shirube_person", "shirube_passage:1", "shirube_link:1")


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK takes proxies from the environment and knows no exceptions to them."""
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


def subscription(delivery: Delivery) -> str:
    """By which subscription an event came."""
    event = delivery.event
    kind = str(event.get("type"))
    return MESSAGE_EVENTS[event["channel_type"]] if kind == "message" else kind


def used(slack: Slack) -> set[str]:
    """The scopes without which a call would have been refused, or an event not come."""
    deliveries = slack.courier.deliveries
    calls = [call for call in slack.calls if call.token == slack.bot_token]
    by_calls = {scope for call in calls for scope in call.used}
    events = {subscription(each) for each in deliveries if each.event}
    by_events = {scope for name, scope in EVENT_SCOPES.items() if name in events}
    commands = any(each.kind == "slash_commands" for each in deliveries)
    return by_calls | by_events | ({"commands"} if commands else set())


async def in_channel(slack: Slack, running: Bot, where: Channel) -> Message:
    """Ask in a channel, ask on, and press what is below the answer."""
    question = await slack.say("tanaka", where, f"@shirube {LEAVE}")
    await running.answer(question)
    answer = slack.replies(question)[0]
    await slack.until(lambda: "shirube_privately" in str(answer.blocks))
    for action in BELOW:
        await slack.click("tanaka", answer, action)
        await running.heard()
    await slack.say("sato", where, "翌年に繰り越せますか？", thread=question)
    await slack.until(lambda: running.answers(question)[1:])
    return question


async def to_itself(slack: Slack, running: Bot) -> None:
    """Ask alone: by command, by shortcut, in a conversation, and from the Home tab."""
    await slack.open_home("tanaka", tab="messages")
    await slack.open_home("tanaka")
    await slack.until(lambda: slack.platform.prompts and slack.home("tanaka"))
    question = await slack.say("tanaka", slack.dm("tanaka"), LEAVE)
    await running.answer(question)
    await slack.command("sato", "総務", "/ask", LEAVE)
    await slack.until(lambda: running.told("sato"))
    await slack.shortcut("smith", "shirube_about", on=question)
    await slack.until(lambda: running.told("smith"))


async def test_every_scope_is_used_and_no_other_is_needed(tmp_path: Path) -> None:
    manifest = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    async with slack_server(manifest=manifest) as slack:
        slack.tiers.enforced = False
        firm = slack.workspace
        [group] = firm.usergroups
        three = firm.add_channel(
            "三人", "shirube", "tanaka", "sato", kind=Kind.GROUP_DM
        )
        grants = Grants(groups={group: frozenset({PUB})})
        wheres = [firm.channel("総務"), firm.channel("jinji"), three]
        experts = {where.id: group for where in wheres}
        around = Around(grants=grants, experts=experts)
        async with bot(slack, tmp_path, around) as running:
            running.answerer.found = answered().answer
            await slack.invite("tanaka", "jinji")
            public, *_ = [await in_channel(slack, running, each) for each in wheres]
            await to_itself(slack, running)
            await slack.edit(public, "@shirube 育休は何日ですか？")
            await slack.until(lambda: running.notices(public))
            await slack.delete(public)
            await running.heard()

        mails = [
            principal
            for question in running.answerer.asked
            for principal in question.audience.principals
            if principal.startswith("usr:mail:")
        ]

    assert not [call for call in slack.calls if call.error == "missing_scope"]
    assert mails
    scopes = manifest["oauth_config"]["scopes"]["bot"]
    assert set(scopes) == used(slack) | {"users:read.email"}
