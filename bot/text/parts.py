"""Cuts a long message into parts that a chat platform takes, where a reader would."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Final

from bot.text.split import border, sentences

_FENCE: Final = re.compile(
    r"^(?P<open> {0,3}(?P<mark>`{3,}|~{3,})[^\n`]*\n)(?P<code>.*?)"
    r"(?:^ {0,3}(?P=mark)[`~]*[^\S\n]*$|\Z)",
    re.MULTILINE | re.DOTALL,
)
_TABLE: Final = re.compile(
    r"^(?P<head>\|[^\n]*\n\|[ :|-]+\n)(?P<rows>(?:\|[^\n]*(?:\n|\Z))+)", re.MULTILINE
)
_ROW: Final = re.compile(r"^\|[^\n]*\n?", re.MULTILINE)
_WHOLE: Final = re.compile(
    r"`[^`\n]+`"
    r"|!?\[[^\]\n]{0,300}\]\([^)\n]{1,2000}\)"  # [text](link)
    r"|<[^<>\n]{1,2000}>"  # <link|text>, <@mention>
    r"|https?://[!-~]+"
    r"|[\[［【〔][^\[\]［］【】〔〕\n]{1,40}[\]］】〕]"  # a citation
    r"|&[a-z#0-9]{1,8};"
)
_BLANK: Final = re.compile(r"\n[^\S\n]*\n\s*")
_LINE: Final = re.compile(r"\n")
_COMMA: Final = re.compile(r"[、，；]|[,;](?=\s)")
_SPACE: Final = re.compile(r"\s+")

_NEVER_FIRST: Final = frozenset(
    "」』）】〕〉》］｝)]}。．、，,.・：；:;！？!?ー〜～ゝゞヽヾ々"
    "ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ%％"
)
_NEVER_LAST: Final = frozenset("「『（【〔〈《［｛([{")

_LEAST: Final = 3
"""Where text is left, a part holds at least one in so many of what it could."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a text, with what makes it stand alone.

    `before` opens a fence again or repeats the head of a table, `after` closes a
    fence. The texts of all parts together are the whole.
    """

    text: str
    before: str = ""
    after: str = ""

    @property
    def shown(self) -> str:
        """What is sent."""
        return f"{self.before}{self.text.rstrip()}{self.after}"


def parts(text: str, /, *, limit: int, size: Callable[[str], int]) -> list[Part]:
    """Cut `text` into parts of at most `limit` each, as `size` counts what is shown.

    Cuts are at blank lines, else at line ends, sentences, commas, spaces, and at last
    between two characters; never inside a link, a citation, inline code or a row of a
    table, unless that alone is too long. No part begins with a mark that may not begin
    a line (kinsoku). `limit` must have room for a fence and a character.
    """
    return list(_parts(_Text(text), limit, size)) if text.strip() else []


def _parts(text: "_Text", limit: int, size: Callable[[str], int]) -> Iterator[Part]:
    start = 0
    while start < text.end:
        too_long = partial(_too_long, text, start, limit, size)
        ends = range(start + 1, text.end + 1)
        longest = start + max(1, bisect_left(ends, x=True, key=too_long))
        end = _best(text, start, longest, too_long)
        yield text.part(start, end)
        start = end


def _too_long(
    text: "_Text", start: int, limit: int, size: Callable[[str], int], end: int
) -> bool:
    return size(text.part(start, end).shown) > limit


def _best(
    text: "_Text", start: int, longest: int, too_long: Callable[[int], bool]
) -> int:
    """Return the best place to end a part that may reach to `longest`."""
    if longest == text.end:
        return longest
    least = start + (longest - start) // _LEAST
    near = [cut for cut in text.cuts if least < cut <= longest]
    for cut in sorted(near, key=lambda cut: (text.cuts[cut], -cut)):
        if not too_long(cut):
            return cut
    anywhere = filter(text.may_cut, range(longest, start, -1))
    whole = border(text.text, longest)
    return next(anywhere, whole if whole > start else longest)


class _Text:
    """A text with the places where it may be cut, the best of them ranked first."""

    def __init__(self, text: str, /) -> None:
        self.text = text
        self.end = len(text)
        self._fences = list(_FENCE.finditer(text))
        self._tables = list(_TABLE.finditer(text))
        self._inside = {
            at for first, last in self._whole() for at in range(first + 1, last)
        }
        self.cuts: dict[int, int] = {}
        for rank, places in enumerate(_places(text)):
            for at in places:
                if at < self.end and self.may_cut(at):
                    self.cuts.setdefault(at, rank)

    def part(self, start: int, end: int) -> Part:
        """Return the piece between two cuts as it can stand alone."""
        opened, closed = self._fence(start), self._fence(end)
        before = opened["open"].lstrip("\n") if opened else self._head(start)
        after = f"\n{closed['mark']}" if closed else ""
        return Part(text=self.text[start:end], before=before, after=after)

    def may_cut(self, at: int) -> bool:
        """Whether a cut tears nothing apart and leaves no mark where none may be."""
        if at in self._inside or border(self.text, at) != at:
            return False
        if self._fence(at):
            return True
        following = self.text[at : at + 1]
        return following not in _NEVER_FIRST and self.text[at - 1] not in _NEVER_LAST

    def _whole(self) -> Iterator[tuple[int, int]]:
        """Yield what is never cut: links, marks, rows, and the lines of fences."""
        for match in _WHOLE.finditer(self.text):
            if not self._fence(match.start()):
                yield match.span()
        for table in self._tables:
            yield table.span("head")
            for row in _ROW.finditer(self.text, *table.span("rows")):
                yield row.span()
        for fence in self._fences:
            yield fence.span("open")
            yield fence.end("code"), fence.end()

    def _fence(self, at: int) -> re.Match[str] | None:
        """Return the fence whose code a cut would part, or reach the end of."""
        for fence in self._fences:
            if fence.start("code") <= at <= fence.end("code") < self.end:
                return fence
        return None

    def _head(self, at: int) -> str:
        for table in self._tables:
            if table.start("rows") < at < table.end("rows"):
                return table["head"]
        return ""


def _places(text: str) -> Iterator[list[int]]:
    """Yield where text may be cut: blank lines, lines, sentences, commas, spaces."""
    for mark in (_BLANK, _LINE):
        yield [match.end() for match in mark.finditer(text)]
    yield list(accumulate(map(len, sentences(text))))
    for mark in (_COMMA, _SPACE):
        yield [match.end() for match in mark.finditer(text)]
