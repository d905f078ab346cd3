"""Cuts text into search tokens, the same way for the index and for a question."""

import re
import threading
from collections.abc import Callable
from functools import lru_cache
from operator import add
from typing import Final

from snowballstemmer.english_stemmer import EnglishStemmer

from bot.core.errors import ConfigError
from bot.text.normalise import search_form

ANALYZER: Final = "cjk2h-v1"
"""Names the rules below; whatever changes a token needs a new name."""

TOKEN_BYTES: Final = 39
"""Some engines drop longer tokens without a word."""

_KANA: Final = "\u3040-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
_HAN: Final = (
    "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
)

_RUNS: Final = re.compile(f"([{_HAN}{_KANA}]+)|([^\\W_{_HAN}{_KANA}]+)")
_HAN_CHARACTERS: Final = re.compile(f"[{_HAN}]")

_STEMMED_LENGTH: Final = 3

# Words that are also names or abbreviations (it, us, who, no, can) are not here;
# "s" and "t" are what the apostrophe leaves of "team's" and "don't".
_COMMONEST: Final = (
    "a about also am an and any are as at be been but by did do does for from had has "
    "have he her him his how i if in into is its me my of on or our s she so some such "
    "t than that the their then there these they this to was we were what when where "
    "which will with would you your"
)
STOP_WORDS: Final = frozenset(_COMMONEST.split())
"""Tell the documents of an index apart too little to be searched."""

# A stemmer keeps the word that it works on in itself.
_stemmer: Final = EnglishStemmer()
_one_at_a_time: Final = threading.Lock()


@lru_cache(maxsize=1 << 16)
def _stem(word: str) -> str:
    with _one_at_a_time:
        return str(_stemmer.stemWord(word))


def _word(word: str) -> str:
    if len(word) >= _STEMMED_LENGTH and word.isascii() and word.isalpha():
        word = _stem(word)
    if len(word) * 4 > TOKEN_BYTES:
        word = word.encode()[:TOKEN_BYTES].decode(errors="ignore")
    return word


def analyse(text: str, /) -> list[str]:
    """Return the tokens of `text`, in order, by the rules of `ANALYZER`.

    Japanese and Chinese runs give overlapping pairs of characters and then their
    Han characters one by one; a run of one character gives itself. Other words
    give their Porter2 stem when they are English and themselves when they are
    not; the commonest English words give nothing. No token holds a space.
    """
    tokens: list[str] = []
    for cjk, word in _RUNS.findall(search_form(text)):
        if word:
            if word not in STOP_WORDS:
                tokens.append(_word(word))
        elif len(cjk) == 1:
            tokens.append(cjk)
        else:
            tokens += map(add, cjk, cjk[1:])
            tokens += _HAN_CHARACTERS.findall(cjk)
    return tokens


_ANALYZERS: Final = {ANALYZER: analyse}


def analyzer(name: str, /) -> Callable[[str], list[str]]:
    """Return the analyzer of that id; `ConfigError` for one we do not have."""
    try:
        return _ANALYZERS[name]
    except KeyError:
        known = ", ".join(sorted(_ANALYZERS))
        raise ConfigError(
            f"analyzer {name!r} is unknown here (known: {known}); "
            "build the index again with this version"
        ) from None
