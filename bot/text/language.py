"""Tells which language a text is written in, and finds Chinese in Japanese."""

import re
from functools import cache
from typing import Final

from bot.core.model import Language
from bot.text.tokens import STOP_WORDS

_CODE: Final = re.compile(
    r"(?ms)^ {0,3}(`{3,}+|~{3,}+)[^\n]*\n.*?(?:^ {0,3}\1|\Z)|`[^`\n]+`"
)
_QUOTED: Final = re.compile(r"「[^「」]*」|『[^『』]*』|“[^“”]*”|\"[^\"\n]*\"")

_HIRAGANA: Final = "\u3041-\u309f"
_OTHER_JAPANESE: Final = (
    "\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
    "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
)
_LATIN: Final = "A-Za-z\u00c0-\u024f"

_IS_HIRAGANA: Final = re.compile(f"[{_HIRAGANA}]")
_IS_OTHER_JAPANESE: Final = re.compile(f"[{_OTHER_JAPANESE}]")
_LETTER: Final = re.compile(f"[{_HIRAGANA}{_OTHER_JAPANESE}{_LATIN}]")
_PIECE: Final = re.compile("[!-~\u00c0-\u024f’]+")
_WORD: Final = re.compile(f"[{_LATIN}]+(?:['’-][{_LATIN}]+)*")
_CAMEL: Final = re.compile("[a-z][A-Z]|[A-Z].*[A-Z]")

_MORE_GRAMMAR: Final = "can could it may no not please shall should who whose why"
_GRAMMAR: Final = STOP_WORDS | frozenset(_MORE_GRAMMAR.split())

# Weights of one sign each. Hiragana and function words are grammar and cannot be
# borrowed as easily as names can; how a text begins and ends is grammar as well.
_GRAMMAR_SIGN: Final = 4
_PLAIN_WORD: Final = 2
_FRAME: Final = 10


def detect(text: str, /, *, default: Language = Language.EN) -> Language:
    """Return the language that `text` is written in.

    Code, addresses, identifiers and abbreviations do not count, and what is
    quoted counts only where nothing else is left. `default` is returned for a
    text without words, such as one of emoji.
    """
    prose = _CODE.sub(" ", text)
    unquoted = _QUOTED.sub(" ", prose)
    for part in (unquoted, prose):
        japanese, english = _japanese(part), _english(part)
        if japanese or english:
            return Language.JA if japanese >= english else Language.EN
    return default


def _japanese(text: str) -> int:
    grammar = len(_IS_HIRAGANA.findall(text)) * _GRAMMAR_SIGN
    letters = _LETTER.findall(text)
    ends = bool(letters) and _IS_HIRAGANA.match(letters[-1]) is not None
    return grammar + len(_IS_OTHER_JAPANESE.findall(text)) + ends * _FRAME


def _english(text: str) -> int:
    words = [piece.strip("\"'()[]*.,;!?…") for piece in _PIECE.findall(text)]
    words = [word.rstrip(":") for word in words]
    grammar = [word.lower() in _GRAMMAR for word in words]
    plain = sum(map(_is_plain, words))
    begins = bool(words) and grammar[0] and text.lstrip()[:1].isascii()
    return sum(grammar) * _GRAMMAR_SIGN + plain * _PLAIN_WORD + begins * _FRAME


def _is_plain(word: str) -> bool:
    return (
        word.lower() not in _GRAMMAR
        and _WORD.fullmatch(word) is not None
        and _CAMEL.search(word) is None
    )


@cache
def _chinese_only() -> frozenset[str]:
    """The simplified characters of GB 2312 that no Japanese character set has."""
    rows, cells = range(0xB0, 0xF8), range(0xA1, 0xFF)
    chinese = bytes(byte for row in rows for cell in cells for byte in (row, cell))
    characters = chinese.decode("gb2312", errors="ignore")
    return frozenset(char for char in characters if not _is_japanese(char))


def _is_japanese(character: str) -> bool:
    for encoding in ("cp932", "euc_jis_2004"):
        try:
            character.encode(encoding)
        except UnicodeEncodeError:
            continue
        return True
    return False


def foreign_han(text: str, /) -> frozenset[str]:
    """Return the Chinese characters in `text` that Japanese is not written with.

    Chinese names in Japanese text have some too: what the sources themselves
    contain is no sign of a slip.
    """
    if text.isascii():
        return frozenset()
    return _chinese_only() & frozenset(text)
