"""Who opens the conversation with the bot sees what can be asked."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.slack.directory import Directory
from bot.chat.slack.posting import Posting
from bot.chat.slack.suggesting import EVERY, Suggesting
from bot.core.model import Language
from bot.text import home
from tests.fakes.shown import Right
from tests.fakes.slack import Slack
from tests.fakes.slack.faults import CUT_BEFORE, Fault, Refuse, ratelimited
from tests.fakes.slack.model import Json
from tests.fakes.slack_bot import Bot, bot

METHOD = "assistant.threads.setSuggestedPrompts"


@pytest.fixture
async def running(slack: Slack, tmp_path: Path) -> AsyncIterator[Bot]:
    """A bot that answers."""
    async with bot(slack, tmp_path) as made:
        yield made


@pytest.fixture
def right() -> Right:
    return Right()


@pytest.fixture
def suggesting(slack: Slack, right: Right) -> Suggesting:
    client = AsyncWebClient(
        token=slack.bot_token, base_url=slack.url, retry_handlers=[]
    )
    return Suggesting(
        Posting(client, right, clock=slack.clock.now),
        Directory(client, team="TSHIRUBE"),
        language=Language.JA,
        clock=slack.clock.now,
    )


def opened(slack: Slack, who: str, **more: object) -> Json:
    """What Slack delivers when somebody opens the Messages tab."""
    event = {
        "type": "app_home_opened",
        "user": slack.workspace.user(who).id,
        "channel": slack.dm(who).id,
        "tab": "messages",
    }
    return {"event": event | more}


@pytest.mark.parametrize(
    ("who", "language"), [("tanaka", Language.JA), ("smith", Language.EN)]
)
async def test_questions_are_suggested_in_the_language_of_who_opens_it(
    slack: Slack, running: Bot, who: str, language: Language
) -> None:
    await slack.open_home(who, tab="messages")
    shown = await slack.until(lambda: slack.platform.prompts.get(slack.dm(who).id))

    assert shown["title"] == home.SUGGESTED.say(language)
    assert shown["prompts"] == [
        {"title": title.say(language), "message": message.say(language)}
        for title, message in home.SUGGESTIONS
    ]
    assert running.answerer.asked == []


async def test_the_home_tab_suggests_nothing(slack: Slack, running: Bot) -> None:
    await slack.open_home("tanaka")
    await slack.until(lambda: slack.home("tanaka"))
    await running.heard()

    assert slack.calls_to(METHOD) == []


async def test_nobody_is_suggested_the_same_twice_within_a_minute(
    slack: Slack, suggesting: Suggesting
) -> None:
    for _ in range(5):
        await suggesting.opened(opened(slack, "tanaka"))
    await suggesting.opened(opened(slack, "smith"))
    assert len(slack.calls_to(METHOD)) == 2

    await slack.clock.advance(EVERY)
    await suggesting.opened(opened(slack, "tanaka"))

    assert len(slack.calls_to(METHOD)) == 3


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Refuse("missing_scope"), id="scope"),
        pytest.param(Refuse("channel_not_found"), id="no channel"),
        pytest.param(CUT_BEFORE, id="cut"),
        pytest.param(ratelimited(30), id="429"),
    ],
)
async def test_what_cannot_be_suggested_harms_nothing(
    slack: Slack, suggesting: Suggesting, fault: Fault
) -> None:
    slack.faults.always(METHOD, fault)

    await suggesting.opened(opened(slack, "tanaka"))

    assert slack.platform.prompts == {}


async def test_without_a_tenure_nothing_is_suggested(
    slack: Slack, suggesting: Suggesting, right: Right
) -> None:
    right.over = True

    await suggesting.opened(opened(slack, "tanaka"))

    assert slack.calls_to(METHOD) == []


@pytest.mark.parametrize(
    "more", [{"channel": None}, {"user": None}, {"tab": None}, {"tab": "about"}]
)
async def test_an_event_of_another_shape_is_nothing(
    slack: Slack, suggesting: Suggesting, more: dict[str, object]
) -> None:
    await suggesting.opened(opened(slack, "tanaka", **more))

    assert slack.calls_to(METHOD) == []


@pytest.mark.parametrize("language", list(Language))
def test_suggestions_fit_where_slack_shows_them(language: Language) -> None:
    titles = [title.say(language) for title, _ in home.SUGGESTIONS]

    assert len(set(titles)) == len(titles) <= 4
    assert all(len(title) <= 40 for title in titles)
