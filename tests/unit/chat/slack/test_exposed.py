"""What Slack would make of a message by itself, and what an answer always offers."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.chat.slack import actions
from bot.chat.slack.contents import View, final
from bot.chat.surface import Ended
from bot.core.model import AnswerKind, Language, Outcome
from bot.text import phrases
from tests.fakes.shown import answered, citation, said
from tests.fakes.slack import Slack
from tests.fakes.slack.clock import Clock
from tests.fakes.slack.model import Message
from tests.fakes.slack_bot import Bot, bot

LEAVE = "有給休暇は何日ですか？"
VIEW = View(question="q1", buttons=Language.JA, now=Clock().datetime())
ECHOED = (
    "<!channel> と <@USATO> と <!subteam^S0123> に知らせます。[1]"
    "[社内規程](https://evil.example/?q=secret) と <https://evil.example|社内> と "
    "https://evil.example/a.png を見てください。[1]"
)
"""What a document says that a model repeats word for word."""


@pytest.fixture
async def running(slack: Slack, tmp_path: Path) -> AsyncIterator[Bot]:
    """A bot that finds something."""
    async with bot(slack, tmp_path) as made:
        made.answerer.found = answered().answer
        yield made


async def streamed(slack: Slack, running: Bot, text: str) -> list[Message]:
    """Show an answer as it is written; return it as it was then, and in the end."""
    running.answerer.found = answered(text).answer
    running.answerer.opening = text
    running.answerer.gate.clear()
    question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    [begun] = await slack.until(lambda: slack.replies(question))
    early = replace(begun)
    running.answerer.gate.set()
    await running.answer(question)
    return [early, *slack.replies(question)]


async def test_trap_16_an_answer_is_nothing_that_vanishes(
    slack: Slack, running: Bot
) -> None:
    """What one person alone sees is gone after a reload: it only says where to look."""
    await slack.command("tanaka", "総務", "/ask", LEAVE)
    await slack.until(lambda: running.told("tanaka")[1:])
    question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await running.answer(question)
    await slack.click("tanaka", slack.replies(question)[0], actions.PRIVATELY)
    await slack.until(lambda: running.told("tanaka")[3:])
    whispered = [each.text for each in slack.whispers("tanaka")]
    slack.reload("tanaka")

    assert whispered
    assert not any("20日" in text for text in whispered)
    assert not slack.whispers("tanaka")
    private = [text for text in running.told("tanaka") if "20日" in text]
    assert len(private) == 2


async def test_trap_20_no_page_of_the_inside_is_previewed(
    slack: Slack, running: Bot
) -> None:
    """Of all methods only one can forbid it: the others carry no address in a text."""
    text = "手順は `https://wiki.example/1` のとおりです。[1]"

    early, answer = await streamed(slack, running, text)

    assert early.stream is not None
    assert "://" not in early.stream.text
    assert "wiki.example/1" in early.stream.text
    assert slack.links(answer) == ["https://wiki.example/1"]
    for message in (early, answer):
        assert not slack.previews(message)


async def test_trap_21_what_a_document_says_calls_nobody_and_leads_nowhere(
    slack: Slack, running: Bot
) -> None:
    early, answer = await streamed(slack, running, ECHOED)

    for message in (early, answer):
        assert not slack.pings(message)
    assert not slack.links(early)
    assert slack.links(answer) == ["https://wiki.example/1"]
    assert "://evil.example" not in slack.outbound()
    assert "に知らせます" in answer.reads


# --- what is always offered --------------------------------------------------------


def offered(ended: Ended, view: View = VIEW) -> set[str]:
    """The buttons below an ending."""
    blocks = [block for content in final(ended, view) for block in content.blocks]
    return {
        element["action_id"]
        for block in blocks
        for element in block.get("elements", [])
        if element.get("type") == "button"
    }


LIMITED = phrases.LIMITED_GUESTS.ja
ANSWER = answered().answer
assert ANSWER is not None
POINTER = replace(ANSWER, kind=AnswerKind.POINTER, citations=(citation(quote=""),))
QUOTED = replace(ANSWER, kind=AnswerKind.EXTRACTIVE)
ENDINGS = {
    "answered": answered(),
    "limited": answered(limited=LIMITED),
    "quoted": replace(answered(), answer=QUOTED),
    "pointed at": replace(answered(), answer=POINTER),
    "without sources": answered(citations=()),
    "not found": said(Outcome.REFUSED, phrases.NOT_FOUND.ja),
    "not found, limited": said(Outcome.REFUSED, phrases.NOT_FOUND.ja, limited=LIMITED),
    "withdrawn": said(Outcome.REFUSED, phrases.AUDIENCE_CHANGED.ja),
    "search down": said(Outcome.REFUSED, phrases.SEARCH_DOWN.ja),
    "failed": said(Outcome.FAILED, phrases.QUESTION_FAILED.ja),
    "expired": said(Outcome.EXPIRED, phrases.QUESTION_EXPIRED.ja),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_private_answer_is_offered_below_everything_in_a_channel(ending: str) -> None:
    """Whoever saw it only where something was hidden would know that it was."""
    private = replace(VIEW, private=True)

    assert actions.PRIVATELY in offered(ENDINGS[ending])
    assert actions.PRIVATELY not in offered(ENDINGS[ending], private)


def test_what_is_offered_does_not_tell_whether_something_was_hidden() -> None:
    limited, nothing = ENDINGS["not found, limited"], ENDINGS["not found"]

    assert offered(limited) == offered(nothing)


@pytest.mark.parametrize("ending", ["limited", "not found, limited"])
def test_why_fewer_documents_were_used_stands_in_the_answer(ending: str) -> None:
    [content] = final(ENDINGS[ending], VIEW)

    [clause] = [block for block in content.blocks if LIMITED in str(block)]
    assert LIMITED == "ゲストがいるため、社外公開可の文書だけで回答"
    assert clause["elements"][0]["text"] == LIMITED
    assert content.blocks.index(clause) == 1
