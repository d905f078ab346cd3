"""What had no answer can be asked once more, by a press."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.text import chatting
from tests.fakes.shown import answered
from tests.fakes.slack import Slack
from tests.fakes.slack.model import Message
from tests.fakes.slack_bot import Around, Bot, bot

LEAVE = "有給休暇は何日ですか？"
AGAIN = "shirube_again"
MORE = "shirube_more"
PRIVATELY = "shirube_privately"


@pytest.fixture
async def running(slack: Slack, tmp_path: Path) -> AsyncIterator[Bot]:
    """A bot that finds something."""
    async with bot(slack, tmp_path) as made:
        made.answerer.found = answered().answer
        yield made


def offers(message: Message) -> dict[str, str]:
    """The buttons of a message, and what they are called."""
    elements = [e for block in message.blocks for e in block.get("elements", [])]
    return {
        e["action_id"]: e["text"]["text"]
        for e in elements
        if "action_id" in e and "text" in e
    }


async def all_answered(running: Bot, *people: str) -> None:
    """Wait until nothing that these people asked is open."""
    for who in people:
        asker = running.slack.workspace.user(who).id
        while await running.state.threads.open_of(asker, surface="slack"):
            await running.slack.clock.advance(0.01)


def last_to(slack: Slack, who: str) -> Message:
    """The last message in somebody's conversation with the bot."""
    return list(slack.dm(who).messages.values())[-1]


async def test_a_question_that_failed_is_asked_again_where_it_was(
    slack: Slack, running: Bot
) -> None:
    running.answerer.breaks = 1
    question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await running.answer(question)
    [shown] = slack.replies(question)
    await slack.click("tanaka", shown, AGAIN)
    await slack.click("tanaka", shown, AGAIN)
    await slack.until(lambda: running.answers(question)[1:])
    await running.heard()

    assert "うまく答えられませんでした" in shown.reads
    assert offers(shown)[AGAIN] == chatting.AGAIN.ja
    assert offers(shown)[PRIVATELY] == chatting.PRIVATELY.ja
    assert [each.text for each in running.answerer.asked] == [LEAVE, LEAVE]
    assert len(running.answers(question)) == 2


@pytest.mark.parametrize(("action", "breaks"), [(AGAIN, 1), (MORE, 0)])
async def test_two_people_who_press_below_an_answer_get_one_together(
    slack: Slack, running: Bot, action: str, breaks: int
) -> None:
    running.answerer.breaks = breaks
    question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await running.answer(question)
    [shown] = slack.replies(question)
    await slack.until(lambda: action in offers(shown))
    await slack.click("tanaka", shown, action)
    await slack.click("smith", shown, action)
    await running.heard()
    await all_answered(running, "tanaka", "smith")

    assert len(running.answerer.asked) == 2


async def test_a_private_answer_that_failed_is_asked_for_again(
    slack: Slack, running: Bot
) -> None:
    """By its own button, and by the one in the channel that asked for it."""
    slack.tiers.enforced = False
    question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await running.answer(question)
    [shown] = slack.replies(question)
    running.answerer.breaks = 2
    await slack.click("smith", shown, PRIVATELY)
    await slack.until(lambda: running.told("smith")[1:])
    await running.at_work(2)
    await slack.until(lambda: AGAIN in offers(last_to(slack, "smith")))
    await slack.click("smith", last_to(slack, "smith"), AGAIN)
    await slack.until(lambda: running.told("smith")[3:])
    await slack.click("smith", shown, PRIVATELY)
    await slack.until(lambda: running.told("smith")[5:])

    assert len(running.answerer.asked) == 4
    assert "年次有給休暇は20日です" in running.told("smith")[-1]


async def test_a_command_that_failed_is_asked_again_in_private(
    slack: Slack, running: Bot
) -> None:
    running.answerer.breaks = 1
    await slack.command("smith", "総務", "/ask", "How many days of leave?")
    await slack.until(lambda: running.told("smith")[1:])
    await slack.click("smith", last_to(slack, "smith"), AGAIN)
    await slack.until(lambda: running.told("smith")[3:])

    assert "年次有給休暇は20日です" in running.told("smith")[-1]
    assert not slack.workspace.channel("総務").messages


async def test_a_question_that_expired_is_asked_again(
    slack: Slack, tmp_path: Path
) -> None:
    slack.tiers.enforced = False
    around = Around(deadline=timedelta(seconds=120))
    async with bot(slack, tmp_path, around) as running:
        running.answerer.gate.clear()
        root = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        await running.at_work()
        await slack.say("sato", "総務", "@shirube 育休は？", thread=root)
        await running.heard()
        await slack.clock.advance(121)
        await slack.say("smith", "general", "@shirube hello?")
        await slack.until(lambda: running.notices(root)[1:])
        running.answerer.gate.set()
        for told in slack.replies(root):
            await slack.click("sato", told, AGAIN)
        await slack.until(lambda: running.answers(root)[1:])

    assert set(running.answers(root)) == {f"回答: {LEAVE}", "回答: 育休は？"}


async def test_what_was_answered_privately_is_not_asked_again_by_the_same_button(
    slack: Slack, running: Bot
) -> None:
    question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await running.answer(question)
    [shown] = slack.replies(question)
    await slack.click("smith", shown, PRIVATELY)
    await slack.until(lambda: running.told("smith")[1:])
    await slack.until(lambda: offers(last_to(slack, "smith")))
    await all_answered(running, "smith")
    await slack.click("smith", shown, PRIVATELY)
    await running.heard()
    other = await slack.say("smith", "general", "@shirube and now?")
    await running.answer(other)

    assert len(running.answerer.asked) == 3
