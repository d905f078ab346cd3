"""Who floods is told so here and there, and not once for each message."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.slack.sparing import MINUTE, TIMES, Sparing

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)


def test_a_person_is_told_once_a_minute_in_a_place() -> None:
    sparing = Sparing()

    told = [
        sparing.allows(
            "田中", "総務", f"出来事{second}", now=NOW + timedelta(0, second)
        )
        for second in (0, 30, 59, 60, 61)
    ]

    assert told == [True, False, False, True, False]


def test_the_same_event_is_answered_the_same() -> None:
    sparing = Sparing()

    assert sparing.allows("田中", "総務", "出来事", now=NOW)
    assert sparing.allows("田中", "総務", "出来事", now=NOW)
    assert not sparing.allows("田中", "総務", "別の出来事", now=NOW)


def test_another_person_and_another_place_are_told_as_well() -> None:
    sparing = Sparing()

    assert sparing.allows("田中", "総務", "一", now=NOW)
    assert sparing.allows("佐藤", "総務", "二", now=NOW)
    assert sparing.allows("田中", "人事", "三", now=NOW)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("田佐"), st.integers(0, 30)), max_size=80))
def test_nobody_is_told_more_often_than_that(asked: list[tuple[str, int]]) -> None:
    sparing = Sparing()
    told = [
        person
        for number, (person, place) in enumerate(asked)
        if sparing.allows(person, f"{place}", f"{number}", now=NOW + MINUTE / 100)
    ]

    for person in set(told):
        places = {place for who, place in asked if who == person}
        assert told.count(person) == min(TIMES, len(places))
