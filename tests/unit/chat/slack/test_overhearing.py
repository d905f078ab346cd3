"""What nobody asked the bot is answered late, seldom, with sources, or not at all."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.chat.slack.terms import Overhears
from bot.core.inbox import Origin, QuestionId
from bot.core.model import Answer
from tests.fakes.shown import answered, citation
from tests.fakes.slack import Slack
from tests.fakes.slack.model import Message
from tests.fakes.slack_bot import Around, Bot, bot

AFTER = 45.0
LEAVE = "有給休暇は何日ですか？"
HEARING = {"CSOUMU": Overhears(after=timedelta(seconds=AFTER), per_hour=3)}


def an_answer(**more: object) -> Answer:
    """What is found to every question."""
    answer = answered(**more).answer  # type: ignore[arg-type]  # fields by name
    assert answer is not None
    return answer


@pytest.fixture
async def running(slack: Slack, tmp_path: Path) -> AsyncIterator[Bot]:
    """A bot that overhears in 総務 and finds the same answer to everything."""
    async with bot(slack, tmp_path, Around(overhears=HEARING)) as made:
        made.answerer.found = an_answer()
        yield made


async def question_of(running: Bot, said: Message) -> QuestionId | None:
    """The question that a message is, once it was heard."""
    await running.heard()
    origin = Origin(
        surface="slack", workspace="TSHIRUBE", channel=said.channel, message=said.ts
    )
    return await running.state.questions.find(origin)


async def overheard(running: Bot, text: str = LEAVE, who: str = "tanaka") -> Message:
    """Have somebody ask everybody, and wait until that waits."""
    said = await running.slack.say(who, "総務", text)
    assert await question_of(running, said) is not None
    return said


async def over(running: Bot, said: Message) -> None:
    """Wait until a question has ended."""
    question = await question_of(running, said)
    assert question is not None
    async with asyncio.timeout(10):
        while not await running.ended(question):
            pass


async def answer_to(running: Bot, said: Message) -> str:
    """Let time pass until it is answered, and that is noted."""
    await running.slack.clock.advance(AFTER + 1)
    [first, *_] = await running.slack.until(lambda: running.answers(said), within=10)
    await over(running, said)
    return first


async def later(running: Bot, seconds: float = AFTER + 1) -> None:
    """Let time pass, and whatever is due then be answered."""
    await running.slack.clock.advance(seconds)
    other = await running.slack.say("smith", "general", "@shirube How many days?")
    await running.answer(other)


def texts(running: Bot) -> list[str]:
    """What answers were sought for, but for what `later` asks."""
    asked = [question.text for question in running.answerer.asked]
    return [text for text in asked if text != "How many days?"]


async def test_it_is_answered_after_a_while_in_one_message(
    slack: Slack, running: Bot
) -> None:
    said = await overheard(running)
    await later(running, AFTER - 1)
    assert not slack.replies(said)
    assert "20日" in await answer_to(running, said)

    [reply] = slack.replies(said)
    assert slack.links(reply)
    signs = ("assistant.threads.setStatus", "chat.startStream", "chat.update")
    about = [c for sign in signs for c in slack.calls_to(sign) if said.ts in str(c)]
    assert about == []


async def test_the_thread_goes_on_as_any_other(slack: Slack, running: Bot) -> None:
    said = await overheard(running)
    await answer_to(running, said)

    await slack.say("sato", "総務", "繰り越せますか？", thread=said)
    await slack.until(lambda: running.answers(said)[1:])
    await slack.say("sato", "総務", "静かに", thread=said)
    await slack.until(lambda: running.notices(said))
    await slack.say("sato", "総務", "半休は取れますか？", thread=said)
    await later(running)

    assert texts(running) == [LEAVE, "繰り越せますか？"]


async def test_what_is_not_found_is_passed_over(slack: Slack, running: Bot) -> None:
    running.answerer.found = None
    said = await overheard(running)
    await later(running)

    await over(running, said)
    assert texts(running) == [LEAVE]
    assert not slack.replies(said)


async def test_an_answer_without_a_source_is_kept_back(
    slack: Slack, running: Bot
) -> None:
    running.answerer.found = an_answer(citations=())
    said = await overheard(running)
    await later(running)

    await over(running, said)
    assert texts(running) == [LEAVE]
    assert not slack.replies(said)


@pytest.mark.parametrize("quote", ["", None])
async def test_what_was_kept_back_was_no_answer(
    slack: Slack, running: Bot, quote: str | None
) -> None:
    """It is no turn that a question below it is answered after, and not counted."""
    sources = () if quote is None else (citation(quote=quote),)
    running.answerer.found = an_answer(citations=sources)
    said = await overheard(running)
    await later(running)
    await over(running, said)
    await slack.say("sato", "総務", "@shirube 半休は？", thread=said)
    await running.answer(said)

    assert running.answerer.asked[-1].history == ()
    counted = running.metrics.exposition().decode().splitlines()
    outcomes = [line for line in counted if 'asked="overheard"' in line]
    assert any('outcome="cancelled"' in line for line in outcomes)
    assert not any('outcome="answered"' in line for line in outcomes)


# --- giving way ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    ["20日だと思います", "入社日はいつですか？", "👀", "@tanaka 就業規則を見て"],
)
async def test_who_replies_first_has_the_word(
    slack: Slack, running: Bot, reply: str
) -> None:
    said = await overheard(running)
    await slack.say("sato", "総務", reply, thread=said)
    await later(running)

    assert texts(running) == []
    assert not slack.replies(said)


async def test_who_replies_while_it_is_written_has_the_word(
    slack: Slack, running: Bot
) -> None:
    running.answerer.gate.clear()
    said = await overheard(running)
    await slack.clock.advance(AFTER)
    await running.at_work()
    await slack.say("sato", "総務", "20日です", thread=said)
    await running.heard()
    running.answerer.gate.set()
    await later(running)

    assert not slack.replies(said)


async def test_who_asked_may_add_something(slack: Slack, running: Bot) -> None:
    said = await overheard(running)
    await slack.say("tanaka", "総務", "入社3年目です", thread=said)
    await answer_to(running, said)

    assert texts(running) == [LEAVE]


@pytest.mark.parametrize("text", ["自己解決しました", "@sato ありがとう！"])
async def test_who_asked_may_say_that_it_is_settled(
    slack: Slack, running: Bot, text: str
) -> None:
    said = await overheard(running)
    await slack.say("tanaka", "総務", text, thread=said)
    await later(running)

    assert texts(running) == []


async def test_silence_can_be_wanted_before_anything_is_said(
    slack: Slack, running: Bot
) -> None:
    said = await overheard(running)
    await slack.say("tanaka", "総務", "静かに", thread=said)
    await later(running)

    assert texts(running) == []
    assert not running.notices(said)


async def test_a_mention_is_answered_in_its_place(slack: Slack, running: Bot) -> None:
    said = await overheard(running)
    mention = "入社した年は何日？"
    await slack.say("tanaka", "総務", f"@shirube {mention}", thread=said)
    await running.answer(said)
    await later(running)

    assert texts(running) == [mention]
    assert len(running.answers(said)) == 1


async def test_what_was_deleted_is_not_answered(slack: Slack, running: Bot) -> None:
    said = await overheard(running)
    await slack.delete(said)
    await running.heard()
    await later(running)

    assert texts(running) == []


@pytest.mark.parametrize(
    "text", ["産休は何日ですか？", "産休は何日ですか？ありがとうございます。"]
)
async def test_what_was_edited_is_answered_as_it_is_then(
    slack: Slack, running: Bot, text: str
) -> None:
    said = await overheard(running)
    await slack.edit(said, text)
    await running.heard()
    await answer_to(running, said)

    assert texts(running) == [text]


@pytest.mark.parametrize("text", ["解決しました", f"【解決済】{LEAVE}"])
async def test_what_asks_nothing_any_more_is_not_answered(
    slack: Slack, running: Bot, text: str
) -> None:
    said = await overheard(running)
    await slack.edit(said, text)
    await running.heard()
    await later(running)

    assert texts(running) == []
    assert not slack.replies(said)


async def test_an_edit_too_late_to_be_heeded_is_answered_when_wanted(
    slack: Slack, running: Bot
) -> None:
    """And then as anything else that the bot is asked."""
    said = await overheard(running)
    await answer_to(running, said)
    await slack.edit(said, "産休は何日ですか？")
    [offer] = await slack.until(
        lambda: [
            m for m in slack.replies(said) if "shirube_ask_edited" in str(m.blocks)
        ]
    )
    running.answerer.found = None
    await slack.click("tanaka", offer, "shirube_ask_edited")

    answers = await slack.until(lambda: running.answers(said)[1:])

    assert answers == ["回答: 産休は何日ですか？"]


async def test_of_what_was_not_answered_an_edit_offers_nothing(
    slack: Slack, running: Bot
) -> None:
    running.answerer.found = None
    said = await overheard(running)
    await later(running)
    await slack.edit(said, "産休は何日ですか？")
    await running.heard()
    await later(running)

    assert not slack.replies(said)


# --- how often ----------------------------------------------------------------------


async def test_so_many_are_answered_in_an_hour(slack: Slack, running: Bot) -> None:
    for who in ("tanaka", "sato", "smith"):
        said = await overheard(running, who=who)
        await answer_to(running, said)
    one_too_many = await slack.say("tanaka", "総務", "もう一つ、締め日はいつですか？")
    assert await question_of(running, one_too_many) is None

    await slack.clock.advance(3600)
    said = await overheard(running)
    await answer_to(running, said)

    assert len(texts(running)) == 4
    assert not slack.replies(one_too_many)


async def test_what_is_overheard_stands_in_nobodys_way(
    slack: Slack, running: Bot
) -> None:
    """Who asked everybody twice may ask the bot twice; a third is left to people."""
    first = await overheard(running, "一つ目はいつですか？")
    second = await overheard(running, "二つ目はいつですか？")
    third = await slack.say("tanaka", "総務", "三つ目はいつですか？")
    assert await question_of(running, third) is None
    mine = await slack.say("tanaka", "general", f"@shirube {LEAVE}")
    await running.answer(mine)
    assert not running.notices(mine)
    for said in (first, second):
        await answer_to(running, said)

    assert not slack.replies(third)
    assert not slack.whispers("tanaka")


async def test_who_stops_everything_is_told_of_nothing_in_the_channel(
    slack: Slack, running: Bot
) -> None:
    said = await overheard(running)
    await slack.command("tanaka", "総務", "/ask", "キャンセル")
    await running.heard()
    await later(running)

    assert texts(running) == []
    assert not slack.replies(said)
