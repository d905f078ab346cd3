"""The estimate of tokens that budgets and chunk sizes are made with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.size import estimate


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("four", 1),
        ("経費精", 2),
        ("経費精 VPN", 3),
        ("👍🏽x é", 2 / 1.5 + 3 / 4),
    ],
)
def test_wide_and_narrow_characters_count_differently(text: str, tokens: float) -> None:
    assert tokens == pytest.approx(estimate(text))


@given(st.text(), st.text())
def test_parts_add_up(one: str, other: str) -> None:
    assert estimate(one) + estimate(other) == pytest.approx(estimate(one + other))
