"""What people see on the Home tab."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.chat.slack.home import Known, published
from bot.core.access import OPEN, Access, principal
from bot.core.model import DocumentId, Language
from bot.core.sync import RunState, SourceStatus, SyncReport
from bot.text import home
from tests.contracts.state_records import BOARD, NOW, a_desk, a_state
from tests.fakes.slack import Slack
from tests.fakes.slack.model import View
from tests.fakes.slack_bot import Bot, bot


@pytest.fixture
async def running(slack: Slack, tmp_path: Path) -> AsyncIterator[Bot]:
    """A bot that answers."""
    async with bot(slack, tmp_path) as made:
        yield made


async def read(running: Bot, source: str, access: Access, *, at: datetime) -> None:
    """Have a source with one document be read whole."""
    active = await running.state.generations.active()
    desk = await a_desk(
        running.state, generation=active.id if active else None, source=source
    )
    await desk.publish(a_state(DocumentId(f"{source}:1"), access=access))
    report = SyncReport(source=source, state=RunState.FINISHED)
    await running.state.runs.finish(desk.run, report, checkpoint=None, now=at)


def said(view: View) -> str:
    """Everything on a Home tab."""
    blocks = view.content["blocks"]
    texts = [block["text"]["text"] for block in blocks if "text" in block]
    beside = [e["text"] for block in blocks for e in block.get("elements", [])]
    return "\n".join([*texts, *beside])


async def seen(slack: Slack, who: str) -> str:
    """Open the Home tab."""
    before = len(slack.calls_to("views.publish"))
    await slack.open_home(who)
    await slack.until(lambda: len(slack.calls_to("views.publish")) > before)
    view = await slack.until(lambda: slack.home(who))
    return said(view)


async def test_people_are_told_how_to_ask_in_their_language(
    slack: Slack, running: Bot
) -> None:
    assert running.answerer.asked == []
    japanese, english = await seen(slack, "tanaka"), await seen(slack, "smith")

    assert home.HELP.ja in japanese
    assert home.NONE_RECENT.ja in japanese
    assert home.NO_SOURCES.ja in japanese
    assert home.HELP.en in english
    assert home.NO_SOURCES.en in english


async def test_people_see_their_own_questions_and_nobody_elses(
    slack: Slack, running: Bot
) -> None:
    for who, text in (("tanaka", "有休は何日？"), ("smith", "How many days?")):
        await running.answer(await slack.say(who, "総務", f"@shirube {text}"))

    found = await seen(slack, "tanaka")

    assert "・有休は何日？" in found
    assert "How many days?" not in found
    assert home.NONE_RECENT.ja not in found


async def test_people_see_the_sources_that_have_something_for_them(
    slack: Slack, running: Bot
) -> None:
    now = slack.clock.datetime()
    mine = principal(f"usr:mail:{slack.workspace.user('tanaka').email}")
    await read(running, "handbook", OPEN, at=now - timedelta(days=3))
    await read(running, "board", BOARD, at=now)
    own = Access(layers=(frozenset({mine}),))
    await read(running, "own", own, at=now - timedelta(hours=2))

    tanaka, smith = await seen(slack, "tanaka"), await seen(slack, "smith")
    guest = await seen(slack, "suzuki")

    assert home.READ_DAYS.say(Language.JA, source="handbook", count=3) in tanaka
    assert home.READ_HOURS.say(Language.JA, source="own", count=2) in tanaka
    assert home.READ_DAYS.say(Language.EN, source="handbook", count=3) in smith
    assert "own" not in smith.replace("your own", "")
    for found in (tanaka, smith, guest):
        assert "board" not in found
    assert "handbook" not in guest


async def test_the_messages_tab_publishes_nothing(slack: Slack, running: Bot) -> None:
    await slack.open_home("tanaka", tab="messages")
    await running.heard()
    await seen(slack, "smith")

    assert slack.home("tanaka") is None


async def test_somebody_of_another_team_has_no_home_and_all_goes_on(
    slack: Slack, running: Bot
) -> None:
    await slack.open_home("partner")
    await running.heard()

    assert home.HELP.ja in await seen(slack, "tanaka")
    assert slack.home("partner") is None


def test_every_line_of_a_home_stands_by_itself() -> None:
    known = Known(
        recent=["How many days?"], sources=[], limited="社外の方のため", now=NOW
    )
    blocks = published(known, Language.EN)["blocks"]
    asides = [b["elements"] for b in blocks if b["type"] == "context"]

    assert "• How many days?" in [b["text"]["text"] for b in blocks if "text" in b]
    assert [[part["text"] for part in aside] for aside in asides] == [
        ["社外の方のため"],
        [home.CHANNELS.en],
    ]


@pytest.mark.parametrize("language", list(Language))
def test_a_home_fits_however_much_there_is(language: Language) -> None:
    many = [
        SourceStatus(
            source=f"{number}{'源' * 300}",
            documents=1,
            pending_vectors=0,
            failing=0,
            last_run=None,
            last_success=None if number else NOW,
        )
        for number in range(300)
    ]
    known = Known(recent=["問" * 9_000] * 5, sources=many, limited=None, now=NOW)
    blocks = published(known, language)["blocks"]

    assert len(blocks) <= 100
    assert all(len(b["text"]["text"]) <= 3_000 for b in blocks if "text" in b)
    assert home.READ_NOW.say(language, source="")[-6:] in str(blocks)
