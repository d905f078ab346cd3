"""Cuts the Markdown of a passage into what can be quoted: sentences, rows, items."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise, zip_longest
from typing import Final, assert_never

from bot.answering.fences import fences
from bot.text.split import sentences

# In a list a fence is indented as far as the text of its item.
_FENCE: Final = re.compile(r"\s*(`{3,}(?![^`\n]*`)|~{3,})")
_STRAY_FENCE: Final = re.compile("`{3,}")
_ROW: Final = re.compile(r"\s*\|.*\|\s*$")
_RULE: Final = re.compile(r"\s*\|?[\s:|-]*-[\s:|-]*$")
_ITEM: Final = re.compile(r"\s*(?:[-*+・●○■◆]|\d{1,3}[.)．）]|[①-⑳])\s*(?=\S)")
# Headings of small sections that were put together stand there as bold lines.
_HEADING: Final = re.compile(
    r" {0,3}#{1,6}\s+(.+?)\s*#*\s*\Z"
    r"|\s*(?:\*\*|__)([^*_]{1,60})(?:\*\*|__)[:：]?\s*\Z"
)
# Site generators draw a box from such a line to the next one.
_CONTAINER: Final = re.compile(r" {0,3}:{3,}")
_QUOTED: Final = re.compile(r"^ {0,3}(?:> ?)+", re.MULTILINE)
_ENDED: Final = re.compile(r"[。．.！？!?:：」』）)]\s*$")
# An entry of a glossary in plain text: its columns stand apart.
_TERM: Final = re.compile(r"(?! )(\w[^\n|.。:：]{0,30}?) {2,}(?=\S)")
_BEGINS: Final = re.compile(
    "|".join(p.pattern for p in (_FENCE, _ROW, _ITEM, _HEADING, _CONTAINER, _TERM))
)
_WRAPPED: Final = 56
"""Columns; a line that is shorter was not wrapped by an editor."""
_KEY: Final = {
    True: re.compile(r"(?:[^:/]{1,40}: )?([^/]{1,60})(?: /|\Z)"),
    False: re.compile(r"(?:[-*+・]|\d+[.)])?\s*([^:：。.]{1,40})[:：](?!//)"),
}
_EMPHASIS: Final = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_CELL: Final = re.compile(r"(?<!\\)\|")


class Kind(StrEnum):
    """What a unit was in the document."""

    SENTENCE = "sentence"
    ITEM = "item"
    ROW = "row"
    CODE = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """The smallest thing that is quoted whole.

    `block` counts paragraphs, `head` is the heading inside the passage that it
    stands under, `key` names what it is about: the first cell of a row, or what
    stands before a colon. A row of a table names its columns, as in
    `種類: 年休 / 日数: 20日`. Code is a closed fence, and no other unit holds one.
    """

    text: str
    kind: Kind
    block: int
    head: str = ""
    key: str = ""


def units(markdown: str, /) -> list[Unit]:
    """Return the quotable units of a passage, in order, without headings."""
    found: list[Unit] = []
    head = ""
    blocks = _blocks(_QUOTED.sub("", markdown).split("\n"))
    for block, (kind, text) in enumerate(blocks):
        if kind is None:
            head = text
        else:
            parts = filter(None, _parts(kind, text))
            found += [_unit(part, kind, block, head) for part in parts]
    return found


def _parts(kind: Kind, text: str) -> list[str]:
    match kind:
        case Kind.SENTENCE:
            return [piece.strip() for piece in sentences(_plain(text))]
        case Kind.ROW:
            return _rows(_plain(text).split("\n"))
        case Kind.ITEM:
            return [_TERM.sub(r"\1: ", _plain(text), count=1)]
        case Kind.CODE:
            return fences(text.split("\n"))
        case _:
            assert_never(kind)


def _unit(part: str, kind: Kind, block: int, head: str) -> Unit:
    key = None if kind is Kind.CODE else _KEY[kind is Kind.ROW].match(part)
    return Unit(text=part, kind=kind, block=block, head=head, key=key[1] if key else "")


def _plain(text: str) -> str:
    return _EMPHASIS.sub(r"\2", _STRAY_FENCE.sub("`", text))


def _blocks(lines: list[str]) -> Iterator[tuple[Kind | None, str]]:
    """Yield blocks with their kind, and headings with none."""
    at = 0
    while at < len(lines):
        line = lines[at]
        end = at + 1
        heading = _HEADING.match(line)
        if not line.strip() or _CONTAINER.match(line):
            pass
        elif heading:
            yield None, heading[1] or heading[2]
        elif _FENCE.match(line):
            closing = _closing_fence(lines, at)
            end = closing + 1
            yield Kind.CODE, "\n".join(lines[at:closing])
        elif _ROW.match(line):
            end = _while(_ROW, lines, at)
            yield Kind.ROW, "\n".join(lines[at:end])
        else:
            end = _behind_text(lines, at)
            listed = _ITEM.match(line) or _TERM.match(line)
            kind = Kind.ITEM if listed else Kind.SENTENCE
            yield kind, _unwrapped(lines[at:end])
        at = end


def _closing_fence(lines: list[str], at: int) -> int:
    """Return the line that closes a fence; the end of the text closes an open one."""
    opening = _FENCE.match(lines[at])
    marker = opening[1] if opening else ""
    for n in range(at + 1, len(lines)):
        line = lines[n].strip()
        if line.startswith(marker) and not line.strip(marker[0]):
            return n
    return len(lines)


def _while(pattern: re.Pattern[str], lines: list[str], at: int) -> int:
    others = (n for n in range(at, len(lines)) if not pattern.match(lines[n]))
    return next(others, len(lines))


def _behind_text(lines: list[str], at: int) -> int:
    for n in range(at + 1, len(lines)):
        if not lines[n].strip() or _BEGINS.match(lines[n]):
            return n
    return len(lines)


def _unwrapped(lines: list[str]) -> str:
    """Join lines that were wrapped by an editor; a short line ended on purpose."""
    text = lines[0].strip()
    for before, line in pairwise(lines):
        following = line.strip()
        if _ENDED.search(before) or _width(before) < _WRAPPED:
            text += "\n" + following
        elif before[-1:].isascii() or following[:1].isascii():
            text += " " + following
        else:
            text += following
    return text


def _width(line: str) -> int:
    return sum(1 if character.isascii() else 2 for character in line)


def _rows(lines: list[str]) -> list[str]:
    if len(lines) > 1 and _RULE.fullmatch(lines[1]):
        columns = _cells(lines[0])
        return [_named(columns, _cells(line)) for line in lines[2:]]
    return [" / ".join(filter(None, _cells(line))) for line in lines]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in _CELL.split(line.strip().strip("|"))]


def _named(columns: list[str], cells: list[str]) -> str:
    pairs = zip_longest(columns[: len(cells)], cells, fillvalue="")
    named = (f"{column}: {cell}" if column else cell for column, cell in pairs if cell)
    return " / ".join(named)
