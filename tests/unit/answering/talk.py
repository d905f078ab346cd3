"""What people said in a thread before a question."""

from dataclasses import replace
from datetime import timedelta

from bot.core.model import Question
from bot.core.thread import Said, Thread
from tests.unit.answering.shelf import NOON, a_question


def said(*texts: str, author: str = "佐藤 健", first: int = 1) -> tuple[Said, ...]:
    """Messages, one a minute until shortly before noon."""
    return tuple(
        Said(
            place=place,
            author=author,
            text=text,
            said_at=NOON - timedelta(minutes=len(texts) - number),
        )
        for number, (place, text) in enumerate(enumerate(texts, start=first))
    )


def a_thread(*texts: str, count: int | None = None) -> Thread:
    """A thread that was read; `count` is how many messages it has."""
    return Thread(said=said(*texts), count=len(texts) if count is None else count)


def in_a_thread(question: str, *before: str) -> Question:
    """A question that is asked after others wrote something."""
    return replace(a_question(question), thread=a_thread(*before))
