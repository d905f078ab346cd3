"""How long each step of a question took is known when it has ended."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.chat.course import Course, Timing
from bot.core.access import PUB, Audience
from bot.core.model import Found, Searching, Sentence
from tests.contracts.state_questions import a_question, at
from tests.contracts.state_records import NOW


def ticking() -> Iterator[float]:
    yield from range(1, 99)


@pytest.mark.parametrize("limited", ["ゲストがいるため", None])
def test_steps_are_counted_from_when_it_was_asked(limited: str | None) -> None:
    seconds = ticking()
    timing = Timing(a_question(), lambda: at(next(seconds)))
    timing.read_by(Audience(principals=frozenset({PUB}), limited=limited))
    timing.note(Searching(queries=("有給休暇は何日ですか？",)))
    timing.note(Found(passages=(), confidence=0.9))
    timing.note(Sentence(text="20日です。[1]"))
    timing.note(Sentence(text="半日でも取れます。[1]"))

    expected = Course(waited=1, searched=2, shown=3, passages=0, limited=bool(limited))
    assert timing.course() == expected


def test_what_is_due_later_is_counted_from_then() -> None:
    late = a_question(due_at=NOW + timedelta(seconds=45))

    assert Timing(late, lambda: at(46)).course() == Course(waited=1)
    assert Timing(late, lambda: at(44)).course() == Course(waited=0)
