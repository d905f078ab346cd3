"""Cuts code into pieces that are short enough to quote, each a whole, closed fence."""

import re
from collections.abc import Iterator, Sequence
from textwrap import dedent
from typing import Final

from bot.text.split import truncate

LINES: Final = 15
"""Lines of code in one fence; a longer block gives several."""

_COLUMNS: Final = 160
_SOONEST: Final = 5
"""Lines; a cut at an empty line before that would leave crumbs."""

_CUT: Final = "…"
_OPENING: Final = re.compile(r"\s*(?:`{3,}|~{3,})\s*([\w+#.-]{0,20})")
_INNER: Final = re.compile("`{3,}")


def fences(block: Sequence[str], /) -> list[str]:
    """Return the code of a block, from its opening fence to before its closing one.

    A line `…` stands where the code goes on. Whatever the code holds, it does not
    close the fence, so that what follows it is never read as code.
    """
    opening = _OPENING.match(block[0])
    name = opening[1] if opening else ""
    code = _INNER.sub("~~~", dedent("\n".join(block[1:])))
    lines = code.strip("\n").split("\n") if code.strip() else []
    return [f"```{name}\n{part}\n```" for part in _parts(lines)]


def _parts(lines: Sequence[str]) -> Iterator[str]:
    start = 0
    while start < len(lines):
        end = _end(lines, start)
        part = [truncate(line, characters=_COLUMNS) for line in lines[start:end]]
        before = [_CUT] if start else []
        after = [_CUT] if end < len(lines) else []
        yield "\n".join([*before, *part, *after]).strip("\n")
        start = end


def _end(lines: Sequence[str], start: int) -> int:
    """Return where to cut: before the last empty line that is not too near."""
    end = start + LINES
    if end >= len(lines):
        return len(lines)
    empty = (n for n in range(end, start + _SOONEST, -1) if not lines[n].strip())
    return next(empty, end)
