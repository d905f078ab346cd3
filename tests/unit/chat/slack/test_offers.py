"""What the bot offers in a message of its own, and what is left of it afterwards."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.chat.slack.errands import Sharing, task
from bot.core.inbox import QuestionId
from bot.text import pressing
from tests.fakes.slack import Slack
from tests.fakes.slack.model import Message
from tests.fakes.slack_bot import Bot, bot

LEAVE = "有給休暇は何日ですか？"
EDITED = "shirube_ask_edited"


@pytest.fixture
async def running(slack: Slack, tmp_path: Path) -> AsyncIterator[Bot]:
    """A bot that answers."""
    async with bot(slack, tmp_path) as made:
        yield made


async def offered(slack: Slack, running: Bot, where: str) -> tuple[Message, Message]:
    """Have an answered question edited; return it, and the offer to answer again."""
    channel = slack.dm("tanaka") if where == "DM" else slack.workspace.channel(where)
    asks = "" if where == "DM" else "@shirube "
    question = await slack.say("tanaka", channel, f"{asks}有休は何日？")
    await running.answer(question)
    await slack.edit(question, f"{asks}育休は何日？")
    await slack.until(lambda: running.notices(question))
    return question, slack.replies(question)[-1]


@pytest.mark.parametrize("where", ["総務", "DM"])
async def test_an_offer_to_answer_again_is_gone_once_it_was_taken_up(
    slack: Slack, running: Bot, where: str
) -> None:
    question, offer = await offered(slack, running, where)
    await slack.click("tanaka", offer, EDITED)
    await slack.until(lambda: running.answers(question)[1:])
    await slack.until(lambda: not running.notices(question))

    assert running.answerer.asked[-1].text == "育休は何日？"
    assert not slack.whispers("tanaka")


async def test_an_offer_stays_where_somebody_else_presses_it(
    slack: Slack, running: Bot
) -> None:
    question, offer = await offered(slack, running, "総務")
    await slack.click("smith", offer, EDITED)
    [told] = await slack.until(lambda: slack.whispers("smith"))

    assert told.text == pressing.NOT_THE_ASKER.en
    assert len(running.notices(question)) == 1
    assert len(running.answerer.asked) == 1


async def test_who_is_asked_whether_an_answer_goes_too_is_asked_no_more_then(
    slack: Slack, running: Bot
) -> None:
    question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await running.answer(question)
    await slack.say("sato", "総務", "助かりました", thread=question)
    await slack.delete(question)
    await slack.until(lambda: running.told("tanaka"))
    [asking] = slack.dm("tanaka").messages.values()
    await slack.click("tanaka", asking, "shirube_withdraw")
    await slack.until(lambda: not slack.replies(question))

    await slack.until(lambda: asking.deleted)


async def test_what_is_forgotten_is_not_shared_and_who_wants_it_is_told(
    slack: Slack, running: Bot
) -> None:
    """Retention comes between the press and what is to be posted."""
    await slack.command("tanaka", "総務", "/ask", LEAVE)
    await slack.until(lambda: running.told("tanaka")[1:])
    [asked] = running.answerer.asked
    while not await running.ended(QuestionId(asked.id)):
        await slack.clock.advance(0.01)
    later = slack.clock.datetime() + timedelta(days=400)
    await running.state.inbox_upkeep.purge(before=later)
    pressed = Sharing(question=asked.id, person=slack.workspace.user("tanaka").id)
    wanted = task(f"share:{asked.id}", pressed)
    await running.state.outbox.put([wanted], now=slack.clock.datetime())
    await slack.command("sato", "general", "/ask", "別の質問は？")
    await slack.until(lambda: running.told("tanaka")[2:])

    assert running.told("tanaka")[2] == pressing.FORGOTTEN.ja
    assert not slack.workspace.channel("総務").messages
