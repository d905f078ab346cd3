"""A place in the line, in words."""

import pytest

from bot.core.model import Language
from bot.core.ports import Place
from bot.text.waiting import in_line


@pytest.mark.parametrize(
    ("position", "wait", "ja", "en"),
    [
        (1, 0.0, "あなたは1番目、約5秒。", "You are first in line, about 5 s."),
        (3, 38.2, "あなたは3番目、約40秒。", "You are third in line, about 40 s."),
        (10, 115.0, "あなたは10番目、約115秒。", "tenth in line, about 115 s."),
        (11, 116.0, "あなたは11番目、約2分。", "number 11 in line, about 2 min."),
        (99, 1500.0, "あなたは99番目、約25分。", "number 99 in line, about 25 min."),
    ],
)
def test_a_place_is_told_in_both_languages(
    position: int, wait: float, ja: str, en: str
) -> None:
    place = Place(position=position, wait=wait)

    assert in_line(place, Language.JA).endswith(ja)
    assert in_line(place, Language.EN).endswith(en)
