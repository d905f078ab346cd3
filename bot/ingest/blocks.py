"""Cuts a section's Markdown into pieces that may stand in different chunks."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from markdown_it.token import Token

from bot.ingest.parsing import blocks
from bot.text.size import NARROW_PER_TOKEN, WIDE_PER_TOKEN, estimate
from bot.text.split import border, sentences

_LISTS: Final = frozenset({"bullet_list_open", "ordered_list_open"})
_QUOTE_OR_ITEM: Final = r"(?:[ \t>]|[-*+][ \t]|\d{1,9}[.)][ \t])*"
_FENCE: Final = re.compile(rf"{_QUOTE_OR_ITEM}(`{{3,}}+(?!.*`)|~{{3,}}+)")
_INDENT: Final = re.compile(r"[ \t>]*")
_PADDING: Final = re.compile(r"(?<=\S)( ) +|(---)-+")
_PAUSES: Final = "、，,；; \t"

_HEADER_LINES: Final = 2
_FRAME_SHARE: Final = 0.5
"""A frame that takes more than this part of a chunk is not repeated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How large chunks are, in estimated tokens."""

    target: float
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What each chunk repeats of a block that it holds a part of.

    The header of a table, or the fences around code.
    """

    line: int
    opening: str
    closing: str = ""

    @property
    def size(self) -> float:
        """Its part in the size of a chunk."""
        return estimate(self.opening + self.closing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a section that is not cut any further.

    `glue` joins it to the piece before it; `first` and `last` are its lines in
    the section's text, from 0.
    """

    text: str
    first: int
    last: int
    glue: str = "\n"
    frame: Frame | None = None

    @property
    def size(self) -> float:
        """How many tokens it takes, about."""
        return estimate(self.glue + self.text)


def pieces(text: str, sizes: Sizes, /) -> list[Piece]:
    """Cut Markdown into pieces, none above the limit, in order.

    Paragraphs, list items, code and short tables stay whole where they fit. A
    long table is cut between rows, long code at empty lines, long prose at
    sentence ends, and what has none of them at pauses.
    """
    tokens = blocks(text)
    lines = _compact_tables(text.split("\n"), tokens)
    found: list[Piece] = []
    for block in _atoms(tokens, lines):
        first, *rest = _cut(block, lines, sizes)
        adjoins = not found or first.first - found[-1].last <= 1
        found += [replace(first, glue="\n" if adjoins else "\n\n"), *rest]
    return found


def joined(group: Iterable[Piece], /) -> str:
    """Put pieces together again, each frame around its own."""
    text, frame = "", Frame(line=-1, opening="")
    for piece in group:
        own = piece.frame or Frame(line=-1, opening="")
        if own != frame:
            text += frame.closing
        text += piece.glue if text else ""
        if own != frame:
            text += own.opening
        text, frame = text + piece.text, own
    return (text + frame.closing).strip("\n")


def size(group: Sequence[Piece], /) -> float:
    """Return how many tokens the pieces take together, about."""
    frames = {piece.frame for piece in group if piece.frame}
    return sum(piece.size for piece in group) + sum(frame.size for frame in frames)


# --- blocks ------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """Lines of a section that belong together; `marker` is that of a code fence."""

    first: int
    end: int
    kind: str
    marker: str = ""


def _compact_tables(lines: list[str], tokens: Iterable[Token]) -> list[str]:
    """Drop what only aligns columns in the source and takes room in a chunk."""
    for token in tokens:
        if token.type == "table_open" and token.map:
            rows = slice(*token.map)
            lines[rows] = [_PADDING.sub(r"\1\2", line) for line in lines[rows]]
    return lines


def _atoms(tokens: Iterable[Token], lines: list[str]) -> Iterator[_Block]:
    """Yield every line that is not blank in exactly one block."""
    reached = 0
    for token in filter(_is_atom, tokens):
        first, end = token.map or (reached, reached)
        yield from _loose(lines, reached, first)
        reached = max(end, reached)
        while end > first and not lines[end - 1].strip():
            end -= 1
        if end > first:
            yield _Block(first=first, end=end, kind=token.type, marker=token.markup)
    yield from _loose(lines, reached, len(lines))


def _is_atom(token: Token) -> bool:
    if token.map is None or token.nesting < 0:
        return False
    if token.level == 0:
        return token.type not in _LISTS
    return token.level == 1 and token.type == "list_item_open"


def _loose(lines: list[str], first: int, end: int) -> Iterator[_Block]:
    """Yield lines between blocks, such as the targets of reference links."""
    for number in range(first, end):
        if lines[number].strip():
            yield _Block(first=number, end=number + 1, kind="loose")


def _cut(block: _Block, lines: list[str], sizes: Sizes) -> list[Piece]:
    match block.kind:
        case "fence":
            closing = _closing(block, lines)
            whole = _whole(block, lines, closing)
            if whole.size > sizes.limit:
                return list(_code(block, lines, closing, sizes))
        case "table_open":
            whole = _whole(block, lines)
            if whole.size > sizes.target:
                return list(_rows(block, lines, sizes))
        case _:
            whole = _whole(block, lines)
            if whole.size > sizes.limit:
                return list(_prose(block, lines, sizes))
    return [whole]


def _whole(block: _Block, lines: list[str], closing: str = "") -> Piece:
    text = "\n".join(lines[block.first : block.end]) + closing
    return Piece(text=text, first=block.first, last=block.end - 1)


def _rows(block: _Block, lines: list[str], sizes: Sizes) -> Iterator[Piece]:
    header = lines[block.first : block.first + _HEADER_LINES]
    frame = Frame(line=block.first, opening="\n".join(header) + "\n")
    body = replace(block, first=block.first + len(header))
    if frame.size > sizes.limit * _FRAME_SHARE or body.first == block.end:
        yield from _prose(block, lines, sizes)
        return
    room = replace(sizes, limit=sizes.limit - frame.size)
    for number in range(body.first, body.end):
        row = Piece(text=lines[number], first=number, last=number, frame=frame)
        if row.size <= room.limit:
            yield row
        else:
            yield from _prose(replace(block, first=number, end=number + 1), lines, room)


# --- code --------------------------------------------------------------------


def _closing(block: _Block, lines: list[str]) -> str:
    """What closes a fence that the document left open."""
    last = _INDENT.sub("", lines[block.end - 1], count=1).strip()
    closed = block.end - block.first > 1 and not last.strip(block.marker[0])
    return "" if closed and len(last) >= len(block.marker) else f"\n{block.marker}"


def _code(
    block: _Block, lines: list[str], closing: str, sizes: Sizes
) -> Iterator[Piece]:
    """Cut code at empty lines, or else at any; each part gets the fences."""
    end = block.end if closing else block.end - 1
    frame = Frame(
        line=block.first,
        opening=lines[block.first] + "\n",
        closing=closing or "\n" + lines[end],
    )
    if frame.size > sizes.limit * _FRAME_SHARE:
        yield from _sentences(block, lines, sizes)
        return
    room = sizes.limit - frame.size
    for paragraph in _paragraphs(lines, block.first + 1, end):
        whole = replace(_whole(paragraph, lines), frame=frame)
        if whole.size <= room:
            yield replace(whole, glue=_gap(lines, paragraph.first))
            continue
        for number in range(paragraph.first, paragraph.end):
            glue = _gap(lines, number)
            for text in _fragments(lines[number], room):
                yield Piece(
                    text=text, first=number, last=number, glue=glue, frame=frame
                )
                glue = ""


def _paragraphs(lines: list[str], first: int, end: int) -> Iterator[_Block]:
    start = first
    for number in range(first, end + 1):
        if number == end or not lines[number].strip():
            if number > start:
                yield _Block(first=start, end=number, kind="code")
            start = number + 1


def _gap(lines: list[str], number: int) -> str:
    """The line ends before a line of code: one, and one for each empty line."""
    before = number
    while before and not lines[before - 1].strip():
        before -= 1
    return "\n" * (number - before + 1)


# --- prose -------------------------------------------------------------------


def _prose(block: _Block, lines: list[str], sizes: Sizes) -> Iterator[Piece]:
    """Cut a quote, list item or paragraph; code inside keeps its fences."""
    start = number = block.first
    while number < block.end:
        mark = _FENCE.match(lines[number])
        if mark is None:
            number += 1
            continue
        yield from _sentences(replace(block, first=start, end=number), lines, sizes)
        inside = _fenced(number, block.end, lines, mark[1])
        closing = _closing(inside, lines)
        if (whole := _whole(inside, lines, closing)).size <= sizes.limit:
            yield whole
        else:
            yield from _code(inside, lines, closing, sizes)
        start = number = inside.end
    yield from _sentences(replace(block, first=start), lines, sizes)


def _fenced(first: int, end: int, lines: list[str], marker: str) -> _Block:
    """Return the lines from an opening fence to its closing one, or to the end."""
    for number in range(first + 1, end):
        line = _INDENT.sub("", lines[number], count=1).strip()
        if line.startswith(marker) and not line.strip(marker[0]):
            end = number + 1
            break
    return _Block(first=first, end=end, kind="fence", marker=marker)


def _sentences(block: _Block, lines: list[str], sizes: Sizes) -> Iterator[Piece]:
    number, glue = block.first, "\n"
    for sentence in sentences("\n".join(lines[block.first : block.end])):
        for text in _fragments(sentence, sizes.limit):
            last = number + text.rstrip("\n").count("\n")
            yield Piece(text=text, first=number, last=last, glue=glue)
            number, glue = number + text.count("\n"), ""


def _fragments(text: str, limit: float) -> Iterator[str]:
    """Cut a sentence that is too long at its pauses, or where a line must end."""
    window = max(1, int(limit * WIDE_PER_TOKEN) - 2)
    while len(text) > limit * NARROW_PER_TOKEN or estimate(text) > limit - 1:
        pause = 1 + max(text.rfind(mark, window // 2, window) for mark in _PAUSES)
        cut = pause or border(text, window) or window
        yield text[:cut]
        text = text[cut:]
    yield text
