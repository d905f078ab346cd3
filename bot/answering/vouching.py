"""Tells claims that the cited passages plainly do not make.

Words and numbers are compared, not meanings: what is told here is worth a second look,
and what is not told is not proved. A sentence in another language than its passage is
held to its numbers alone.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bot.answering.overlap import coverage, weights
from bot.text.language import detect
from bot.text.normalise import search_form
from bot.text.tokens import analyse

FAINT: Final = 0.15
"""Of the words of a claim, by worth: what shares less with a passage is told.

Of 400 questions put together with their answers, with the passage that answers them,
0.5 % (squad2-en), 1.8 % (jsquad-ja) and 3 % (jaquad-ja) share less; with any other
passage 96 % and more.
"""

_TELLING: Final = 4
"""Tokens beside grammar; a shorter sentence has too few words to be missed."""

_NUMBER: Final = re.compile(r"\d+(?:[,.]\d+)*")
_PLACE: Final = re.compile(r"\A\s*(?:\d{1,2}[.)）、．]\s|[-*・])\s*")
_DIGITS: Final = "〇一二三四五六七八九"
_UNITS: Final = ("", "十", "百", "千")
_WORDS: Final[tuple[str, ...]] = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen"),
    *("seventeen", "eighteen", "nineteen", "twenty"),
)
_HIRAGANA: Final = re.compile("[\u3040-\u309f]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A sentence of an answer, without its marks, and the passages that it cites."""

    text: str
    passages: tuple[str, ...]


def vouched(claim: Claim, /, *, known: str = "") -> bool:
    """Whether the passages could be where a claim comes from.

    False where a number stands in none of them, nor in `known`, or where hardly a
    word does.
    """
    said = _PLACE.sub("", claim.text, count=1)
    texts = "\n".join(claim.passages)
    return _numbers_stand(said, f"{texts}\n{known}") and _words_stand(said, claim)


def _numbers_stand(said: str, texts: str) -> bool:
    there = search_form(texts)
    digits = {_bare(number) for number in _NUMBER.findall(there)}
    return all(
        _bare(number) in digits
        or any(_stands(form, there) for form in _spelled(number))
        for number in _NUMBER.findall(search_form(said))
    )


def _words_stand(said: str, claim: Claim) -> bool:
    language = detect(said)
    alike = [text for text in claim.passages if detect(text) is language]
    words = set(analyse(said))
    telling = [word for word in words if not _HIRAGANA.fullmatch(word)]
    if len(alike) < len(claim.passages) or len(telling) < _TELLING:
        return True
    return coverage(words, _all_words(alike), weights(alike)) >= FAINT


def _all_words(texts: Iterable[str]) -> set[str]:
    return {token for text in texts for token in analyse(text)}


def _bare(number: str) -> str:
    return number.replace(",", "")


def _stands(form: str, texts: str) -> bool:
    """Whether a number in words stands there, and not as a part of another one."""
    part = "a-z" if form.isascii() else f"{_DIGITS}十百千万"
    return re.search(rf"(?<![{part}]){form}(?![{part}])", texts) is not None


def _spelled(number: str) -> list[str]:
    """Return how a small whole number is written in words."""
    bare = _bare(number)
    if not bare.isdigit() or len(bare) > len(_UNITS):
        return []
    value = int(bare)
    english = [_WORDS[value]] if value < len(_WORDS) else []
    plain = "".join(_DIGITS[int(digit)] for digit in bare)
    return [*english, plain, _kanji(value)] if value else english


def _kanji(value: int) -> str:
    parts = []
    for place, digit in reversed(list(enumerate(reversed(str(value))))):
        if digit != "0":
            one = digit == "1" and place > 0
            parts.append(("" if one else _DIGITS[int(digit)]) + _UNITS[place])
    return "".join(parts)
