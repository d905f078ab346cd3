"""Asking a person where the bot cannot help, or does not know enough."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.access import OPEN, Access
from bot.core.model import DocumentId
from bot.text import pressing
from tests.contracts.state_records import BOARD, a_desk, a_state
from tests.fakes.shown import answered
from tests.fakes.slack import Slack
from tests.fakes.slack.model import Message
from tests.fakes.slack_bot import Around, Bot, bot

LEAVE = "<!channel> 有給休暇は何日ですか？"
PERSON = "shirube_person"


@pytest.fixture
async def running(slack: Slack, tmp_path: Path) -> AsyncIterator[Bot]:
    """A bot that knows whom to ask in one channel."""
    [group] = slack.workspace.usergroups
    around = Around(experts={slack.workspace.channel("総務").id: group})
    async with bot(slack, tmp_path, around) as made:
        made.answerer.found = answered().answer
        yield made


async def asked(slack: Slack, running: Bot, *, where: str = "総務") -> Message:
    """Have a question answered."""
    question = await slack.say("tanaka", where, f"@shirube {LEAVE}")
    await running.answer(question)
    return question


def answer_to(slack: Slack, question: Message) -> Message:
    """The answer in the thread of a question."""
    return slack.replies(question)[0]


def offers(message: Message) -> list[str]:
    """The buttons of a message."""
    elements = [e for block in message.blocks for e in block.get("elements", [])]
    return [str(e.get("action_id")) for e in elements]


async def published(running: Bot, access: Access) -> None:
    """Have the source of the answer be live."""
    desk = await a_desk(running.state, source="handbook")
    await desk.publish(a_state(DocumentId("handbook:1"), access=access))


async def test_people_are_called_in_the_thread_once_for_a_question(
    slack: Slack, running: Bot
) -> None:
    await published(running, OPEN)
    question = await asked(slack, running)
    for who in ("tanaka", "tanaka", "smith"):
        await slack.click(who, answer_to(slack, question), PERSON)
    await slack.until(lambda: running.notices(question))
    await slack.until(lambda: slack.whispers("smith"))
    await running.heard()

    [_, call] = slack.replies(question)
    [group] = slack.workspace.usergroups
    assert slack.pings(call) == [f"!subteam^{group}"]
    assert "有給休暇は何日ですか" in call.text
    assert "[1] 休暇規程" in call.text
    assert slack.whispers("smith")[0].text == pressing.CALLED.en


async def test_a_call_names_no_source_that_not_everybody_there_may_see(
    slack: Slack, running: Bot
) -> None:
    await published(running, BOARD)
    question = await asked(slack, running)
    await slack.click("tanaka", answer_to(slack, question), PERSON)
    [call] = await slack.until(lambda: running.notices(question))

    assert "有給休暇は何日ですか" in call
    assert "休暇規程" not in call


async def test_nobody_is_called_where_the_settings_name_nobody(
    slack: Slack, running: Bot
) -> None:
    here = await asked(slack, running)
    elsewhere = await asked(slack, running, where="general")

    assert PERSON in offers(answer_to(slack, here))
    assert PERSON not in offers(answer_to(slack, elsewhere))


async def test_a_private_answer_calls_nobody(slack: Slack, running: Bot) -> None:
    await slack.command("tanaka", "総務", "/ask", LEAVE)
    await slack.until(lambda: running.told("tanaka")[1:])
    answer = list(slack.dm("tanaka").messages.values())[-1]

    assert "shirube_more" in offers(answer)
    assert PERSON not in offers(answer)
