"""Cuts Markdown into sections at its headings, with the exact lines of each."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.core.model import Lines, Section
from bot.text.normalise import search_form

_BLOCKS: Final = MarkdownIt("commonmark").enable("table")
_BLOCKS.core.ruler.enableOnly(["normalize", "block"])
_INLINE: Final = MarkdownIt("commonmark")

_LINE_END: Final = re.compile("\r\n?")
_FRONT_MATTER_KEY: Final = re.compile(r"[\w.\"'-]+\s*[:=]|#")
_CODE_OR_COMMENT: Final = re.compile(r"`[^`\n]*`|(<!--)")
_ANCHOR: Final = re.compile(r"\s*\{[#.][^{}]*\}\s*$")
_SHOWN: Final = frozenset({"text", "code_inline", "image"})


def blocks(markdown: str, /) -> list[Token]:
    """Return the block tokens of `markdown`; their maps count lines from 0."""
    return _BLOCKS.parse(markdown)


def sections(markdown: str, /, *, title: str = "") -> list[Section]:
    """Cut a document at its headings, in order.

    A section's text is the Markdown below its heading: the last line of the text
    is `lines.last`, and every line before it stands on the line before it. Front
    matter and comments are left out. Headings inside fences, quotes and lists are
    text. A first heading that repeats `title` is no part of the heading paths.
    """
    text = _LINE_END.sub("\n", markdown.removeprefix("\ufeff"))
    lines = _without_front_matter(text.split("\n"))
    tokens = blocks("\n".join(lines))
    shown = _without_comments(lines, tokens)
    return [
        section
        for start in _starts(tokens, title)
        if (section := _section(start, shown)) is not None
    ]


# --- lines that are not text -------------------------------------------------


def _without_front_matter(lines: list[str]) -> list[str]:
    """Blank the front matter, so that all other lines keep their numbers."""
    fence = lines[0].rstrip()
    if fence not in {"---", "+++"}:
        return lines
    ends = (n for n, line in enumerate(lines) if n and line.rstrip() == fence)
    end = next(ends, 0)
    filled = [line for line in lines[1:end] if line.strip()]
    if not end or (filled and not _FRONT_MATTER_KEY.match(filled[0])):
        return lines
    return [""] * (end + 1) + lines[end + 1 :]


def _without_comments(lines: list[str], tokens: Iterable[Token]) -> list[str]:
    """Drop HTML comments outside code; the number of lines stays."""
    code = {
        number
        for token in tokens
        if token.type in {"fence", "code_block"} and token.map
        for number in range(*token.map)
    }
    shown: list[str] = []
    prose: list[str] = []
    for number, line in enumerate(lines):
        if number not in code:
            prose.append(line)
            continue
        shown += [*_uncommented(prose), line] if prose else [line]
        prose = []
    return shown + (_uncommented(prose) if prose else [])


def _uncommented(lines: list[str]) -> list[str]:
    text = "\n".join(lines)
    shown, position = "", 0
    while (opening := _opening(text, position)) >= 0:
        closing = text.find("-->", opening)
        if closing < 0:
            break
        shown += text[position:opening] + "\n" * text.count("\n", opening, closing)
        position = closing + len("-->")
    return (shown + text[position:]).split("\n")


def _opening(text: str, position: int) -> int:
    """Find the next comment that does not begin inside inline code, or -1."""
    found = _CODE_OR_COMMENT.finditer(text, position)
    return next((match.start() for match in found if match[1]), -1)


# --- headings ----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """Where a section begins: the heading's first line, and the first below it."""

    path: tuple[str, ...]
    heading: int
    body: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heading:
    level: int
    text: str
    first: int
    body: int


def _headings(tokens: list[Token]) -> Iterator[_Heading]:
    for token, inline in pairwise(tokens):
        if token.type == "heading_open" and token.level == 0 and token.map:
            first, body = token.map
            text = _plain(inline.content)
            yield _Heading(level=int(token.tag[1]), text=text, first=first, body=body)


def _plain(heading: str) -> str:
    """Return what a reader sees of a heading, without an attribute such as {#id}."""
    (inline,) = _INLINE.parseInline(_ANCHOR.sub("", heading))
    children = inline.children or []
    text = "".join(
        child.content if child.type in _SHOWN else " " * child.type.endswith("break")
        for child in children
    )
    return " ".join(text.split())


def _starts(tokens: list[Token], title: str) -> Iterator[_Start]:
    found = list(_headings(tokens))
    ends = [heading.first for heading in found] + [-1]
    yield _Start(path=(), heading=0, body=0, end=ends[0])
    open_above: list[tuple[int, str]] = []
    for heading, end in zip(found, ends[1:], strict=True):
        open_above = [above for above in open_above if above[0] < heading.level]
        repeats = heading is found[0] and _repeats(heading, title)
        open_above.append((heading.level, "" if repeats else heading.text))
        path = tuple(text for _, text in open_above if text)
        yield _Start(path=path, heading=heading.first, body=heading.body, end=end)


def _repeats(heading: _Heading, title: str) -> bool:
    same = search_form(heading.text).split() == search_form(title).split()
    return heading.level == 1 and same


def _section(start: _Start, lines: list[str]) -> Section | None:
    end = start.end if start.end >= 0 else len(lines)
    filled = [n for n in range(start.body, end) if lines[n].strip()]
    headed = start.body > start.heading
    if not filled:
        if not (headed and start.path):
            return None
        span = Lines(first=start.heading + 1, last=start.body)
        return Section(heading_path=start.path, text="", lines=span)
    text = "\n".join(lines[filled[0] : filled[-1] + 1])
    first = start.heading if headed else filled[0]
    span = Lines(first=first + 1, last=filled[-1] + 1)
    return Section(heading_path=start.path, text=text, lines=span)
