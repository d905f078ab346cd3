"""Brings text into the form that is searched, and into the form that is shown."""

import re
import unicodedata
from typing import Final

_INVISIBLE: Final = re.compile(
    "[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
    "\ufe00-\ufe0f\U000e0000-\U000e007f\U000e0100-\U000e01ef]"
)

_ENCLOSED: Final = re.compile("(?=[\u2460-\u24ff])")

_UNPRINTABLE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060"
    "\u2066-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)

_LINE_END: Final = re.compile("\r\n?|\u0085|\u2028|\u2029")


def search_form(text: str, /) -> str:
    """Return `text` as it is compared: one width, one case, nothing invisible.

    Lengths and offsets of the original are lost; show and quote the original.
    """
    if text.isascii():
        return text.lower()
    # NFKC makes "12" of ①②; the space keeps the items of a list apart.
    composed = unicodedata.normalize("NFKC", _ENCLOSED.sub(" ", text))
    visible = _INVISIBLE.sub("", composed)
    return unicodedata.normalize("NFKC", visible).lower()


def printable(text: str, /) -> str:
    r"""Return `text` without what could disturb a screen or cannot be sent.

    Control, direction and tag characters, invisible spaces and lone surrogates
    go; line ends become `\n`. Emoji joiners and the variation selectors of names
    stay.
    """
    return _UNPRINTABLE.sub("", _LINE_END.sub("\n", text))


def storable(text: str, /) -> str:
    """Return `text` without NUL and lone surrogates, which no store takes."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")
