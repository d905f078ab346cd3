"""Turns HTML pages into Markdown: what people read of them, without the site around.

Emphasis is dropped: Markdown cannot mark text that touches Japanese brackets.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from selectolax.lexbor import LexborHTMLParser, LexborNode

from connectors.inline import BREAK, code_span, collapse, escape_starts, image, link
from connectors.tables import Cell, table

_AROUND = (
    "audio button canvas dialog footer head iframe link meta nav noscript object rp "
    "script select style svg template textarea title video"
)
_DROPPED = frozenset(_AROUND.split())
_DROPPED_ROLES = frozenset({"navigation", "contentinfo", "banner", "search"})
_DROPPED_CLASSES = frozenset({"headerlink", "linenos", "lineno", "gutter", "sr-only"})
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_LINE_BREAKING = (
    "address article aside body caption center details div fieldset figcaption figure "
    "form header hgroup hr html legend main menu option p section summary tbody tfoot "
    "thead tr td th table ul ol li dl dt dd blockquote pre h1 h2 h3 h4 h5 h6"
)
_BLOCKS = frozenset(_LINE_BREAKING.split())
_HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}
_CODE = frozenset({"code", "kbd", "samp", "tt"})
_FRAMED = frozenset(
    {*_HEADINGS, *_CODE, "a", "blockquote", "dd", "del", "dl", "dt", "li", "ol", "pre"}
    | {"rt", "s", "strike", "table", "td", "th", "ul"}
)
_DEEP = 40
_OPENED = re.compile(
    r"<(/?)(?:blockquote|div|dl|ol|pre|section|table|ul)\b", re.IGNORECASE
)
_LANGUAGE = re.compile(
    r"(?:language|lang|highlight-source|highlight|brush:)[-\s]*(\S+)"
)
_NO_LANGUAGE = frozenset({"default", "none", "plain", "plaintext", "notranslate"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page as Markdown; the title is its first top heading or else its own."""

    title: str | None
    markdown: str


@dataclass(frozen=True, slots=True)
class _Block:
    text: str
    is_list: bool = False


class _Step(Enum):
    ENTER = 1
    LEAVE = 2
    CLOSE = 3


class _Frame:
    """What has been read so far inside one element that has a shape of its own."""

    def __init__(self, tag: str, *, in_line: bool = False) -> None:
        self.tag = tag
        self.in_line = in_line
        self.blocks: list[_Block] = []
        self.run: list[str] = []
        self.rows: list[list[Cell]] = []
        self.terms: list[str] = []

    def line(self) -> str:
        text, self.run = collapse("".join(self.run)), []
        return text

    def end_run(self) -> None:
        if self.run and (text := self.line()):
            self.blocks.append(_Block(text if self.in_line else escape_starts(text)))

    def add(self, text: str, *, is_list: bool = False) -> None:
        self.end_run()
        if text:
            self.blocks.append(_Block(text, is_list))

    def text(self, loose: str = "\n\n", tight: str = "\n") -> str:
        self.end_run()
        parts: list[str] = []
        for block in self.blocks:
            if parts:
                parts.append(tight if block.is_list else loose)
            parts.append(block.text)
        return "".join(parts)


def convert(html: str, /, *, root: str | None = None) -> Page:
    """Read a page; `root` selects the element to read, if the page has it.

    Without it, that is `main`, the only `article`, or the body.
    """
    parsed = LexborHTMLParser(html)
    writer = _Writer()
    writer.write(_content(parsed, root))
    named = parsed.css_first("title")
    title = writer.title or collapse(named.text() if named else "")
    return Page(title=title.replace("\n", " ") or None, markdown=writer.markdown())


def nesting(html: str, /) -> int:
    """Return how deep elements stand open at most.

    Parsing takes time by the square of it: seconds for ten thousand, minutes for more.
    """
    depth = deepest = 0
    for found in _OPENED.finditer(html):
        depth += -1 if found[1] else 1
        deepest = max(deepest, depth)
    return deepest


def _content(parsed: LexborHTMLParser, root: str | None) -> LexborNode:
    if root is not None and (asked := parsed.css_first(root)):
        return asked
    articles = parsed.css("article")
    choices = [*parsed.css("main, [role=main]")[:1], *articles[: len(articles) == 1]]
    for choice in choices:
        if choice.text(deep=True).strip():
            return choice
    body = parsed.body or parsed.root
    assert body is not None  # noqa: S101 - lexbor makes a body even of nothing
    return body


def _children(node: LexborNode) -> Iterator[LexborNode]:
    child = node.child
    while child is not None:
        yield child
        child = child.next


class _Writer:
    """Walks the tree without recursion: pages may be nested as deep as they like."""

    def __init__(self) -> None:
        self.title = ""
        self._frames = [_Frame("body")]
        self._cells = 0
        self._raw = 0

    def markdown(self) -> str:
        text = self._frames[0].text(tight="\n\n")
        return text + "\n" if text else ""

    def write(self, root: LexborNode) -> None:
        stack = [(child, _Step.ENTER) for child in reversed([*_children(root)])]
        while stack:
            node, step = stack.pop()
            match step:
                case _Step.ENTER if node.is_text_node:
                    self._frames[-1].run.append(self._text(node))
                case _Step.ENTER if node.is_element_node and not _is_dropped(node):
                    stack.append((node, self._enter(node)))
                    inside = reversed([*_children(node)])
                    stack.extend((child, _Step.ENTER) for child in inside)
                case _Step.LEAVE if node.tag in _BLOCKS and not self._raw:
                    self._frames[-1].end_run()
                case _Step.CLOSE:
                    self._close(node)
                case _:
                    pass

    def _text(self, node: LexborNode) -> str:
        text = node.text_content or ""
        return text if self._raw else text.replace(BREAK, "")

    def _enter(self, node: LexborNode) -> _Step:
        tag, frame = node.tag or "", self._frames[-1]
        if tag in _BLOCKS and not self._raw:
            frame.end_run()
        match tag:
            case "br":
                frame.run.append("\n" if self._raw else BREAK)
            case "img":
                frame.run.append(image(node.attributes))
            case "input" if node.attributes.get("type") == "checkbox":
                frame.run.append("[x] " if "checked" in node.attributes else "[ ] ")
            case "tr" if frame.tag == "table":
                frame.rows.append([])
            case _ if self._has_frame(tag):
                self._open(tag)
                return _Step.CLOSE
            case _:
                pass
        return _Step.LEAVE

    def _has_frame(self, tag: str) -> bool:
        if tag not in _FRAMED or self._raw or len(self._frames) > _DEEP:
            return False
        match tag:
            case "td" | "th":
                return self._frames[-1].tag == "table" and bool(self._frames[-1].rows)
            case "table":
                return not self._cells
            case _:
                return True

    def _open(self, tag: str) -> None:
        self._cells += tag in {"td", "th"}
        in_line = bool(self._cells) or tag in _HEADINGS or tag == "dt"
        self._frames.append(_Frame(tag, in_line=in_line))
        self._raw += tag == "pre"

    def _close(self, node: LexborNode) -> None:
        frame, outer = self._frames.pop(), self._frames[-1]
        self._cells -= frame.tag in {"td", "th"}
        self._raw -= frame.tag == "pre"
        match frame.tag:
            case "pre":
                self._close_code(node, "".join(frame.run), outer)
            case "td" | "th":
                outer.rows[-1].append(_cell(node, frame))
            case "table":
                _close_table(frame, outer)
            case "a" | "rt" | "s" | "strike" | "del" | "code" | "kbd" | "samp" | "tt":
                _close_inline(node, frame, outer)
            case "blockquote":
                outer.add(_prefixed("> ", frame.text(tight="\n\n")))
            case "dt" | "dd" | "li" | "ul" | "ol" | "dl":
                self._close_list(node, frame, outer)
            case _:
                self._close_heading(frame, outer)

    def _close_heading(self, frame: _Frame, outer: _Frame) -> None:
        text = frame.text(loose=" ", tight=" ").replace("\n", " ")
        if frame.tag == "h1" and text and not self.title:
            self.title = text
        if text:
            outer.add(text if self._cells else f"{_HEADINGS[frame.tag]} {text}")

    def _close_code(self, node: LexborNode, code: str, outer: _Frame) -> None:
        if self._cells:
            outer.run.append(code_span(" ".join(code.split())))
            return
        code = code.expandtabs(8).strip("\n").rstrip()
        longest = max((len(run) for run in re.findall(r"`+", code)), default=0)
        fence = "`" * max(3, longest + 1)
        outer.add(f"{fence}{_language(node)}\n{code}\n{fence}" if code else "")

    def _close_list(self, node: LexborNode, frame: _Frame, outer: _Frame) -> None:
        match frame.tag:
            case "dt":
                outer.terms.append(frame.text(loose=" ", tight=" ").replace("\n", " "))
            case "dd":
                term = " / ".join(filter(None, outer.terms))
                outer.terms.clear()
                text = frame.text()
                outer.add(self._item("- ", f"{term}: {text}" if term else text))
            case "li":
                outer.add(self._item(_marker(node, outer), frame.text()))
            case _:
                frame.end_run()
                for term in frame.terms:
                    frame.add(self._item("- ", term))
                glue = "; " if self._cells else "\n"
                outer.add(frame.text(loose=glue, tight=glue), is_list=not self._cells)

    def _item(self, marker: str, text: str) -> str:
        if self._cells or not text:
            return text
        return marker + _prefixed(" " * len(marker), text).lstrip(" ")


def _is_dropped(node: LexborNode) -> bool:
    if node.tag in _DROPPED:
        return True
    given = node.attributes
    if not given:
        return False
    return (
        "hidden" in given
        or given.get("aria-hidden") == "true"
        or given.get("role") in _DROPPED_ROLES
        or not _DROPPED_CLASSES.isdisjoint((given.get("class") or "").split())
        or bool(_HIDDEN.search(given.get("style") or ""))
    )


def _close_inline(node: LexborNode, frame: _Frame, outer: _Frame) -> None:
    if frame.blocks:  # a link or code around whole blocks: keep the blocks
        frame.end_run()
        outer.end_run()
        outer.blocks += frame.blocks
        return
    raw = "".join(frame.run)
    text = collapse(raw)
    match frame.tag:
        case "a":
            shown = link(text, node.attributes)
        case "rt":
            shown = f"（{text}）" if text else ""
        case tag if tag in _CODE:
            shown = code_span(text)
        case _:
            shown = f"~~{text}~~" if text else ""
    outer.run += [raw[: raw[:1].isspace()], shown, raw[len(raw) - raw[-1:].isspace() :]]


def _close_table(frame: _Frame, outer: _Frame) -> None:
    for block in frame.blocks:  # a caption
        outer.add(block.text)
    rows = [row for row in frame.rows if row]
    if len(rows) == 1 and len(rows[0]) == 1:
        outer.add(rows[0][0].alone)
    else:
        outer.add(table(rows))


def _cell(node: LexborNode, frame: _Frame) -> Cell:
    return Cell(
        text=frame.text(loose="; ", tight="; "),
        alone=frame.text(),
        is_header=frame.tag == "th",
        rows=_number(node, "rowspan"),
        columns=_number(node, "colspan"),
    )


def _number(node: LexborNode, name: str) -> int:
    text = node.attributes.get(name) or ""
    return max(1, int(text)) if text.isdecimal() and len(text) < _DEEP else 1


def _prefixed(prefix: str, text: str) -> str:
    return "\n".join((prefix + line).rstrip() for line in text.split("\n"))


def _marker(node: LexborNode, outer: _Frame) -> str:
    if outer.tag != "ol":
        return "- "
    first = _number(node.parent, "start") if node.parent is not None else 1
    return f"{first + len(outer.blocks)}. "


def _language(node: LexborNode) -> str:
    inner, around = node.css_first("code"), node.parent
    for place in (inner, node, around, around.parent if around else None):
        if place is None:
            continue
        found = _LANGUAGE.search(place.attributes.get("class") or "")
        name = found[1] if found else place.attributes.get("data-lang") or ""
        if re.fullmatch(r"[\w+#.-]+", name) and name not in _NO_LANGUAGE:
            return name.removeprefix("source-")
    return ""
