"""Says how far a question is from its turn, in Japanese and English."""

import math
from typing import assert_never

from bot.core.model import Language
from bot.core.ports import Place
from bot.text import chatting, phrases

_STEP = 5
"""Seconds that an estimate is rounded up to."""

_MINUTES_FROM = 120
"""Seconds from which on minutes are said."""

_NTH = (
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
)


def in_line(place: Place, language: Language, /) -> str:
    """Say the place in the line and how long it will take, roughly."""
    return phrases.IN_LINE.say(
        language,
        place=_nth(place.position, language),
        wait=_duration(place.wait, language),
    )


def ahead(place: Place, language: Language, /) -> str:
    """Say the same as briefly as a status line needs it: 「2人待ち（約30秒）」."""
    return chatting.STATUS_AHEAD.say(
        language, count=place.position, wait=_duration(place.wait, language)
    )


def _nth(position: int, language: Language) -> str:
    match language:
        case Language.JA:
            return f"{position}番目"
        case Language.EN if position <= len(_NTH):
            return _NTH[position - 1]
        case Language.EN:
            return f"number {position}"
        case _:
            assert_never(language)


def _duration(seconds: float, language: Language) -> str:
    rounded = max(_STEP, math.ceil(seconds / _STEP) * _STEP)
    long = rounded >= _MINUTES_FROM
    amount = math.ceil(rounded / 60) if long else rounded
    match language:
        case Language.JA:
            return f"約{amount}{'分' if long else '秒'}"
        case Language.EN:
            return f"about {amount} {'min' if long else 's'}"
        case _:
            assert_never(language)
