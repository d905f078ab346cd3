"""The manifests of the Slack app ask for what the bot uses, and for nothing else."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]  # has no types, and is for tests only

from bot.chat.slack.app import EVENTS
from bot.chat.slack.gestures import ABOUT, ASK
from bot.chat.slack.selfcheck import NEEDED, WANTED
from tests.fakes.slack import Slack, slack_server
from tests.fakes.slack.model import Json
from tests.fakes.slack_bot import bot

DEPLOY = Path(__file__).parents[2] / "deploy"
FULL, MINIMAL = "slack-manifest.yaml", "slack-manifest.minimal.yaml"
BOTH = pytest.mark.parametrize("name", [FULL, MINIMAL])
READING = {"channels:history", "groups:history", "mpim:history"}
LEAVE = "有給休暇は何日ですか？"


def manifest(name: str) -> Json:
    """Return what a manifest says."""
    content: Json = yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))
    return content


def scopes(name: str) -> set[str]:
    return set(manifest(name)["oauth_config"]["scopes"]["bot"])


def events(name: str) -> set[str]:
    return set(manifest(name)["settings"]["event_subscriptions"]["bot_events"])


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK takes proxies from the environment and knows no exceptions to them."""
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def slack(name: str) -> AsyncIterator[Slack]:
    """A Slack in which the app was made from the manifest."""
    async with slack_server(manifest=manifest(name)) as running:
        yield running


@BOTH
def test_trap_10_every_event_has_its_listener(name: str) -> None:
    assert {event.partition(".")[0] for event in events(name)} == set(EVENTS)


@BOTH
def test_commands_and_shortcuts_have_theirs(name: str) -> None:
    features = manifest(name)["features"]

    assert [command["command"] for command in features["slash_commands"]] == [ASK]
    assert [shortcut["callback_id"] for shortcut in features["shortcuts"]] == [ABOUT]


def test_the_scopes_are_those_that_are_looked_for() -> None:
    assert scopes(FULL) == {*NEEDED, *WANTED}
    assert scopes(MINIMAL) == scopes(FULL) - READING
    assert "chat:write.public" not in scopes(FULL)


def test_without_the_scope_to_read_channels_their_messages_are_not_asked_for() -> None:
    assert events(FULL) - events(MINIMAL) == {
        "message.channels",
        "message.groups",
        "message.mpim",
    }


@BOTH
def test_texts_fit_where_slack_shows_them(name: str) -> None:
    said = manifest(name)
    [shortcut] = said["features"]["shortcuts"]

    assert len(said["display_information"]["description"]) <= 140
    assert len(said["features"]["agent_view"]["agent_description"]) <= 300
    assert len(shortcut["name"]) <= 24
    assert len(shortcut["description"]) <= 150


@pytest.mark.parametrize("name", [FULL])
async def test_the_full_one_lets_the_bot_do_everything(
    slack: Slack, tmp_path: Path
) -> None:
    async with bot(slack, tmp_path) as running:
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        await running.answer(question)
        await slack.say("sato", "総務", "繰り越せますか？", thread=question)
        await slack.until(lambda: running.answers(question)[1:])
        await slack.command("tanaka", "総務", "/ask", LEAVE)
        direct = await slack.say("smith", slack.dm("smith"), LEAVE)
        await running.answer(direct)
        await slack.shortcut("sato", ABOUT, on=question)
        await slack.until(lambda: running.told("sato")[1:])
        await slack.open_home("tanaka", tab="messages")
        await slack.until(lambda: slack.platform.prompts)
        await running.heard()

    assert not [call for call in slack.calls if call.error == "missing_scope"]


@pytest.mark.parametrize("name", [MINIMAL])
async def test_the_minimal_one_hears_mentions_commands_and_direct_messages(
    slack: Slack, tmp_path: Path
) -> None:
    async with bot(slack, tmp_path) as running:
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        await running.answer(question)
        await slack.say("sato", "総務", "繰り越せますか？", thread=question)
        await slack.say("sato", "総務", "@shirube 半休は？", thread=question)
        await slack.until(lambda: running.answers(question)[1:])
        await slack.command("tanaka", "総務", "/ask", LEAVE)
        direct = await slack.say("smith", slack.dm("smith"), LEAVE)
        await running.answer(direct)
        await slack.open_home("tanaka", tab="messages")
        await slack.until(lambda: slack.platform.prompts)
        await running.heard()

        second = await slack.say("smith", "総務", "@shirube 育休は？")
        await running.answer(second)
        await slack.until(lambda: running.notices(question))

    assert "繰り越せますか？" not in [q.text for q in running.answerer.asked]
    assert "毎回メンション" in running.notices(question)[0]
    assert not running.notices(second)
