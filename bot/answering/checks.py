"""Looks at one sentence of a model: is it in this language, and said only once?"""

import re
from collections.abc import Set as AbstractSet
from typing import Final

from bot.answering.citing import without_marks
from bot.core.model import Language
from bot.text.language import foreign_han
from bot.text.normalise import search_form

_CODE: Final = re.compile(r"```.*?(?:```|\Z)|`[^`\n]+`", re.DOTALL)
_QUOTED: Final = re.compile(r"「[^「」]*」|『[^『』]*』|“[^“”]*”|\"[^\"\n]*\"")
_KANA: Final = re.compile("[\u3041-\u3096\u30a1-\u30fa\u30fc\uff66-\uff9f]")
_HAN: Final = re.compile("[\u3005\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_LATIN: Final = re.compile("[A-Za-z\u00c0-\u024f]")
_LATIN_WORD: Final = re.compile("[A-Za-z\u00c0-\u024f]{2,}")

_FEW_LETTERS: Final = 4
_FEW_WORDS: Final = 3
_OURS: Final = 0.7
"""Share of letters that must be of scripts which the two languages are written in."""

_CHINESE_RUN: Final = 12
"""So many Han characters without one kana between them are not Japanese prose."""

_LOOP: Final = re.compile(r"(?=\w)(.{1,60}?)\1{5,}", re.DOTALL)
_LOOPED: Final = 18
"""Characters; shorter repetitions are laughter, ellipses or rules of a table."""


def fits_language(
    sentence: str, language: Language, /, *, known: AbstractSet[str] = frozenset()
) -> bool:
    """Whether a sentence is in `language`; names, quotations and code may be foreign.

    `known` are the characters of the sources: Chinese ones among them are names,
    not slips.
    """
    prose = _QUOTED.sub(" ", _CODE.sub(" ", without_marks(sentence)))
    letters = sum(map(str.isalpha, prose))
    japanese = len(_KANA.findall(prose)) + len(_HAN.findall(prose))
    latin = len(_LATIN.findall(prose))
    if letters < _FEW_LETTERS:
        return True
    if japanese + latin < _OURS * letters:
        return False
    if language is Language.EN:
        return japanese <= latin
    return _is_japanese(prose) and foreign_han(sentence) <= known


def loops(text: str, /) -> bool:
    """Whether a text says the same few characters over and over."""
    return any(
        len(match[0]) >= _LOOPED and any(map(str.isalpha, match[1]))
        for match in _LOOP.finditer(text)
    )


def fingerprint(sentence: str, /) -> str:
    """Return what is equal for sentences that say the same in the same words."""
    return re.sub(r"[\W_]+", "", search_form(without_marks(sentence)))


def _is_japanese(prose: str) -> bool:
    kana, han = len(_KANA.findall(prose)), len(_HAN.findall(prose))
    if not kana and han >= _CHINESE_RUN:
        return False
    words = len(_LATIN_WORD.findall(prose))
    return words < _FEW_WORDS or kana + han >= words
