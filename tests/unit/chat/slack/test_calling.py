"""Asking a person where the bot cannot help, or does not know enough."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.access import OPEN, Access
from bot.core.model import DocumentId
from bot.text import pressing, replies
from tests.contracts.state_records import BOARD, a_desk, a_state
from tests.fakes.shown import answered
from tests.fakes.slack import Slack
from tests.fakes.slack.faults import Refuse
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
    assert slack.whispers("smith")[0].text == pressing.CALLED.en


async def test_a_call_has_the_sources_as_links(slack: Slack, running: Bot) -> None:
    await published(running, OPEN)
    question = await asked(slack, running)
    await slack.click("tanaka", answer_to(slack, question), PERSON)
    await slack.until(lambda: running.notices(question))

    [_, call] = slack.replies(question)
    assert "[1] 休暇規程" in call.reads
    assert slack.links(call) == ["https://wiki.example/1"]
    assert not slack.previews(call)
    assert "20日" not in str(call.blocks)


async def test_a_call_names_no_source_that_not_everybody_there_may_see(
    slack: Slack, running: Bot
) -> None:
    await published(running, BOARD)
    question = await asked(slack, running)
    await slack.click("tanaka", answer_to(slack, question), PERSON)
    await slack.until(lambda: running.notices(question))

    [_, call] = slack.replies(question)
    assert "有給休暇は何日ですか" in call.text
    assert "休暇規程" not in str(call.blocks)
    assert not slack.links(call)


async def test_nobody_is_called_where_the_settings_name_nobody(
    slack: Slack, running: Bot
) -> None:
    """The button is not there; whoever presses one from before is told why."""
    here = await asked(slack, running)
    elsewhere = await asked(slack, running, where="general")
    buttons = answer_to(slack, here).blocks
    stale = replace(answer_to(slack, elsewhere), blocks=buttons)
    await slack.click("smith", stale, PERSON)
    [told] = await slack.until(lambda: slack.whispers("smith"))

    assert PERSON in offers(answer_to(slack, here))
    assert PERSON not in offers(answer_to(slack, elsewhere))
    assert told.text == pressing.NOBODY.en
    assert not running.notices(elsewhere)


async def private_answer(slack: Slack, running: Bot, *, where: str = "総務") -> Message:
    """Have a question answered that was asked by a command."""
    await slack.command("tanaka", where, "/ask", LEAVE)
    await slack.until(lambda: running.told("tanaka")[1:])
    return list(slack.dm("tanaka").messages.values())[-1]


def said_in(slack: Slack, where: str) -> list[Message]:
    """What the bot wrote in a channel."""
    messages = slack.workspace.channel(where).messages.values()
    return [message for message in messages if message.user == slack.bot.id]


async def test_below_a_private_answer_people_are_called_to_the_question_alone(
    slack: Slack, running: Bot
) -> None:
    """What was answered to one person is not told to a channel, nor from what."""
    await published(running, OPEN)
    answer = await private_answer(slack, running)
    [button] = [
        e
        for block in answer.blocks
        for e in block.get("elements", [])
        if e.get("action_id") == PERSON
    ]
    await slack.click("tanaka", answer, PERSON)
    [call] = await slack.until(lambda: said_in(slack, "総務"))
    [told] = await slack.until(lambda: slack.whispers("tanaka")[1:])

    [group] = slack.workspace.usergroups
    asker = slack.workspace.user("tanaka").id
    assert button["confirm"]["text"]["text"] == pressing.CALL_THERE.ja
    assert told.text == pressing.CALLED_THERE.ja
    assert slack.pings(call) == [f"!subteam^{group}", f"@{asker}"]
    assert "有給休暇は何日ですか" in call.text
    assert "20日" not in str(call.blocks) + call.text
    assert "休暇規程" not in str(call.blocks) + call.text
    assert not slack.links(call)


async def test_nobody_else_has_people_called_to_what_was_asked_privately(
    slack: Slack, running: Bot
) -> None:
    answer = await private_answer(slack, running)
    question = await asked(slack, running)
    forged = replace(answer_to(slack, question), blocks=answer.blocks)
    await slack.click("smith", forged, PERSON)
    [told] = await slack.until(lambda: slack.whispers("smith"))

    assert told.text == pressing.NOBODY.en
    assert not running.notices(question)


async def test_nobody_is_called_from_where_the_settings_name_nobody(
    slack: Slack, running: Bot
) -> None:
    answer = await private_answer(slack, running, where="general")

    assert "shirube_share" in offers(answer)
    assert PERSON not in offers(answer)


@pytest.mark.parametrize("action", [PERSON, "shirube_share"])
async def test_who_has_left_a_channel_has_nothing_said_there(
    slack: Slack, running: Bot, action: str
) -> None:
    answer = await private_answer(slack, running)
    await slack.leave("tanaka", "総務")
    await running.heard()
    await slack.click("tanaka", answer, action)
    await slack.until(lambda: running.told("tanaka")[2:])

    assert running.told("tanaka")[2] == replies.NOT_SHARED.ja
    assert not said_in(slack, "総務")


async def test_who_has_people_called_hears_that_the_bot_is_not_there(
    slack: Slack, running: Bot
) -> None:
    answer = await private_answer(slack, running)
    slack.faults.next("chat.postMessage", Refuse("not_in_channel"))
    await slack.click("tanaka", answer, PERSON)
    await slack.until(lambda: running.told("tanaka")[2:])

    assert running.told("tanaka")[2] == replies.NOT_SHARED.ja
    assert not said_in(slack, "総務")
