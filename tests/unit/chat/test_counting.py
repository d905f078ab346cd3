"""Questions are counted on their way through the inbox, each once."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.chat.counting import Counted
from bot.chat.course import Course
from bot.core.errors import Conflict
from bot.core.feedback import Provenance
from bot.core.inbox import Incoming, Kind, Notice, QuestionId
from bot.core.model import Outcome, Reason
from bot.state.store import State, open_state
from tests.contracts.state_questions import LEASE, SLACK, a_question, at
from tests.contracts.state_records import NOW


@dataclass
class Tally:
    """What was counted."""

    open: int = 0
    ended: list[tuple[str, Outcome, float]] = field(default_factory=list)
    asked: list[Kind] = field(default_factory=list)
    duplicates: int = 0

    def duplicate_event(self, platform: str, /) -> None:
        """Count a repetition."""
        assert platform == SLACK
        self.duplicates += 1

    def question_opened(self, platform: str, /) -> None:
        """Count one more."""
        assert platform == SLACK
        self.open += 1

    def question_left(self, platform: str, /) -> None:
        """Count one less."""
        assert platform == SLACK
        self.open -= 1

    def question_finished(
        self, platform: str, outcome: Outcome, /, *, asked: Kind, seconds: float
    ) -> None:
        """Count one less."""
        self.open -= 1
        self.asked.append(asked)
        self.ended.append((platform, outcome, seconds))


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[State]:
    async with open_state(tmp_path / "状態", clock=lambda: NOW) as opened:
        yield opened


@pytest.fixture
def tally() -> Tally:
    return Tally()


@pytest.fixture
def counted(state: State, tally: Tally) -> Counted:
    return Counted(state.questions, state.inbox_upkeep, tally)


async def test_one_line_tells_how_a_question_went(
    counted: Counted, tally: Tally
) -> None:
    await counted.accept(a_question(), now=NOW)
    await counted.accept(a_question(), now=NOW)
    assert tally.open == 1
    claim = await counted.claim("甲", surfaces=[SLACK], now=NOW, until=NOW + LEASE)
    assert claim is not None

    with capture_logs() as logs:
        made = Provenance(reason=Reason.NO_MODEL)
        await counted.finish(claim, Outcome.ANSWERED, now=at(7), made=made)

    assert (tally.open, tally.ended) == (0, [(SLACK, Outcome.ANSWERED, 7.0)])
    [line] = [line for line in logs if line["event"] == "question.finished"]
    assert line["question_id"] == claim.question
    assert (line["outcome"], line["reason"]) == (Outcome.ANSWERED, Reason.NO_MODEL)
    assert "有給" not in str(logs)


async def test_an_event_that_comes_again_is_counted_and_its_twin_is_not(
    counted: Counted, tally: Tally
) -> None:
    """A mention comes as two events, which is no fault of anybody's."""
    asked = a_question()
    await counted.accept(asked, now=NOW)
    await counted.accept(replace(asked, event="Ev双子"), now=NOW)
    assert tally.duplicates == 0

    for _ in range(3):
        await counted.accept(asked, now=NOW)

    assert (tally.open, tally.duplicates) == (1, 3)


async def test_an_entry_in_the_menu_of_a_message_is_a_kind_of_its_own(
    counted: Counted, tally: Tally
) -> None:
    asked = a_question(kind=Kind.SHORTCUT)
    accepted = await counted.accept(asked, now=NOW)

    with capture_logs() as logs:
        await counted.end(accepted.question, Outcome.REFUSED, now=at(1))

    [line] = [line for line in logs if line["event"] == "question.finished"]
    assert tally.asked == [Kind.SHORTCUT]
    assert (line["asked"], line["private"]) == (Kind.SHORTCUT, True)


async def test_what_was_overheard_is_timed_from_when_it_is_due(
    counted: Counted, tally: Tally
) -> None:
    await counted.accept(a_question(kind=Kind.OVERHEARD, due_at=at(45)), now=NOW)
    claim = await counted.claim("甲", surfaces=[SLACK], now=at(46), until=at(99))
    assert claim is not None

    with capture_logs() as logs:
        await counted.finish(claim, Outcome.ANSWERED, now=at(48))

    [line] = [line for line in logs if line["event"] == "question.finished"]
    assert tally.asked == [Kind.OVERHEARD]
    assert (line["asked"], line["private"]) == (Kind.OVERHEARD, False)
    assert tally.ended == [(SLACK, Outcome.ANSWERED, 3.0)]


async def test_what_an_earlier_process_took_is_counted_when_it_is_seen(
    state: State, counted: Counted, tally: Tally
) -> None:
    await state.questions.accept(a_question(), now=NOW)
    claim = await counted.claim("乙", surfaces=[SLACK], now=NOW, until=NOW + LEASE)
    assert claim is not None
    assert tally.open == 1

    await counted.finish(claim, Outcome.ANSWERED, now=at(1))

    assert tally.open == 0


async def test_what_another_process_ended_is_open_here_no_more(
    state: State, counted: Counted, tally: Tally
) -> None:
    await counted.accept(a_question(), now=NOW)
    claim = await counted.claim("甲", surfaces=[SLACK], now=NOW, until=NOW + LEASE)
    assert claim is not None
    await state.questions.end(claim.question, Outcome.EXPIRED, now=at(1))

    with pytest.raises(Conflict):
        await counted.finish(claim, Outcome.ANSWERED, now=at(2))

    assert (tally.open, tally.ended) == (0, [])


async def test_what_is_left_to_another_process_is_counted_anew_when_it_comes_back(
    counted: Counted, tally: Tally
) -> None:
    for message in ("1", "2"):
        await counted.accept(a_question(message, thread=message), now=NOW)

    counted.left()
    left = tally.open
    await counted.claim("甲", surfaces=[SLACK], now=NOW, until=NOW + LEASE)

    assert (left, tally.open, tally.ended) == (0, 1, [])


async def test_what_ends_without_an_answer_is_counted_once(
    counted: Counted, tally: Tally
) -> None:
    accepted = await counted.accept(a_question(), now=NOW)

    assert await counted.end(accepted.question, Outcome.CANCELLED, now=at(2))
    assert not await counted.end(accepted.question, Outcome.CANCELLED, now=at(3))
    assert tally.ended == [(SLACK, Outcome.CANCELLED, 2.0)]


@pytest.mark.parametrize("seen", [True, False])
async def test_what_expires_is_counted(
    state: State, counted: Counted, tally: Tally, *, seen: bool
) -> None:
    inbox = counted if seen else state.questions
    await inbox.accept(a_question(), now=NOW)
    late = NOW + timedelta(minutes=16)

    def telling(question: QuestionId, incoming: Incoming) -> Notice | None:
        del question, incoming
        return None

    await counted.expire(surfaces=[SLACK], now=late, telling=telling)

    assert tally.open == 0
    assert [outcome for _, outcome, _ in tally.ended] == [Outcome.EXPIRED]


async def test_the_line_of_a_question_has_the_course_it_took(counted: Counted) -> None:
    course = Course(waited=1, searched=2, shown=3.5, passages=4, limited=True)
    counted.note(QuestionId("何でもない"), course)
    await counted.accept(a_question(), now=NOW)
    claim = await counted.claim("甲", surfaces=[SLACK], now=NOW, until=NOW + LEASE)
    assert claim is not None
    counted.note(claim.question, course)

    with capture_logs() as logs:
        await counted.finish(claim, Outcome.ANSWERED, now=at(5))

    [line] = [line for line in logs if line["event"] == "question.finished"]
    told = {name: line[name] for name in ("waited", "searched", "shown", "limited")}
    assert told == {"waited": 1, "searched": 2, "shown": 3.5, "limited": True}
    assert line["passages"] == 4
