"""Rights that were not looked at for too long count for less, and then for nothing."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.access import OPEN, PUB, Access, principal
from bot.core.model import DocumentId, LiveDocument
from bot.state.ageing import LONGEST, Ageing

NOW = datetime(2026, 11, 26, 3, tzinfo=UTC)
HR, PARTNERS = principal("grp:人事部"), principal("grp:partners")
OPENED = Access(layers=(frozenset({PUB, PARTNERS}),))
CLOSED = Access(layers=(frozenset({HR}),))


def document(access: Access, source: str = "wiki") -> LiveDocument:
    name = DocumentId(f"{source}:1")
    return LiveDocument(id=name, revision=1, access=access, title="休暇規程")


def ageing(days: float) -> Ageing:
    return Ageing(valid={"wiki": timedelta(days=days)}, clock=lambda: NOW)


def seen_by(
    holders: Collection[str], access: Access, *, valid: float, days: float | None
) -> bool:
    read = None if days is None else NOW - timedelta(days=days)
    seen = ageing(valid).seen(document(access), read)
    principals = frozenset(map(principal, holders))
    return seen is not None and seen.access.permits(principals)


@pytest.mark.parametrize(
    ("holders", "access", "fresh", "late", "old"),
    [
        pytest.param(["pub"], OPENED, True, True, False, id="open inside"),
        pytest.param(["pub", "grp:人事部"], CLOSED, True, False, False, id="closed"),
        pytest.param(["grp:partners"], OPENED, True, False, False, id="outsiders"),
        pytest.param(["grp:人事部"], CLOSED, True, False, False, id="without pub"),
    ],
)
def test_row_47_what_is_seen_shrinks_with_time(
    holders: list[str], access: Access, *, fresh: bool, late: bool, old: bool
) -> None:
    """Three days, as the settings say, and a week."""
    told = [seen_by(holders, access, valid=3, days=d) for d in (0, 3, 3.01, 7, 7.01)]

    assert told == [fresh, fresh, late, late, old]


def test_row_47_a_time_beyond_a_week_is_taken_at_its_word() -> None:
    assert seen_by(["grp:人事部"], CLOSED, valid=30, days=30)
    assert not seen_by(["pub"], OPENED, valid=30, days=31)


def test_row_47_what_was_never_read_whole_is_for_who_is_inside() -> None:
    assert seen_by(["pub"], OPENED, valid=3, days=None)
    assert not seen_by(["pub", "grp:人事部"], CLOSED, valid=3, days=None)


def test_row_47_rights_of_other_sources_do_not_age() -> None:
    live = document(CLOSED, source="notes")

    assert ageing(3).seen(live, NOW - 10 * LONGEST) == live
    assert ageing(3).seen(live, None) == live


@settings(deadline=None)
@given(st.floats(0.1, 40), st.floats(0, 60), st.sampled_from([OPEN, OPENED, CLOSED]))
def test_time_never_opens_anything(valid: float, days: float, access: Access) -> None:
    for holders in (["pub"], ["grp:人事部"], ["grp:partners"], ["pub", "grp:人事部"]):
        now = seen_by(holders, access, valid=valid, days=days)

        assert not now or access.permits(frozenset(map(principal, holders)))
