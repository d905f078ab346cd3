"""Checks and combines vectors, and prepares texts that a model stumbled over."""

import math
import re
import unicodedata
from array import array
from collections.abc import Sequence

from bot.core.model import Vector

_LEAST = 1e-300
"""A shorter vector has too few digits to show a direction."""

_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKUP = re.compile(r"[`*_~#>|=\\]+|-{2,}|\.{3,}|<[^>]*>")
_SPACE = re.compile(r"\s+")
_BREAK = re.compile(r"[\s。．.!?！？、,]")


def unit(numbers: Sequence[float], /) -> Vector | None:
    """Return a vector of length 1; None where numbers are missing, zero or no numbers.

    bge-m3 gives NaN for some texts, always for the same ones.
    """
    length = math.hypot(*numbers)
    if not math.isfinite(length) or length < _LEAST:
        return None
    return array("f", [number / length for number in numbers])


def middle(vectors: Sequence[Vector | None], /) -> Vector | None:
    """Return the direction between vectors, leaving out those that are missing."""
    found = [vector for vector in vectors if vector is not None]
    return (
        unit([sum(numbers) for numbers in zip(*found, strict=True)]) if found else None
    )


def bare(text: str, /) -> str:
    """Return a text without Markdown and compatibility characters."""
    folded = unicodedata.normalize("NFKC", text)
    without = _MARKUP.sub(" ", _LINK.sub(r"\1", folded))
    return _SPACE.sub(" ", without).strip()


def halves(text: str, /) -> tuple[str, str]:
    """Cut a text in two near its middle, behind a space or a sentence if possible."""
    centre = len(text) // 2
    reach = len(text) // 4
    breaks = [m.end() for m in _BREAK.finditer(text, centre - reach, centre + reach)]
    at = min(breaks, key=lambda end: abs(end - centre), default=centre)
    return text[:at], text[at:]
