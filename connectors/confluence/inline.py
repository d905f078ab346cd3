"""Inline elements of the storage format, as raw text with marks.

Everything can be rendered inline: what is a block elsewhere becomes a line of text
here, for table cells and headings.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from connectors.confluence import links, macros, marks
from connectors.confluence.emoticons import character
from connectors.confluence.links import Notes
from connectors.confluence.marks import BREAK, EDGES
from connectors.confluence.markup import Child, Node
from connectors.confluence.references import is_script
from connectors.confluence.tables import cells_of, rows_of, strays_of

_LINE_TAGS = frozenset(
    {"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "dt", "dd", "tr"}
    | {"ac:layout", "ac:layout-section", "ac:layout-cell", "ac:task", "caption"}
    | {"ac:rich-text-body", "ac:caption", "ac:adf-content"}
)
_SILENT_TAGS = frozenset(
    {"ac:parameter", "ac:default-parameter", "ac:placeholder", "ac:adf-mark"}
    | {"ac:adf-attribute", "ac:task-id", "ac:task-uuid", "colgroup", "col"}
    | {"script", "style"}
)
_LIST_TAGS = frozenset({"ul", "ol", "ac:task-list"})
_LINK_BODIES = ("ac:link-body", "ac:plain-text-link-body")


Handler: TypeAlias = Callable[[Node, Notes], str]


def inline(children: Iterable[Child], notes: Notes, /) -> str:
    """Return the raw text of some elements; `marks.settle` finishes it."""
    return "".join(
        _element(child, notes) if isinstance(child, Node) else child
        for child in children
    )


def _element(node: Node, notes: Notes) -> str:
    handler = _HANDLERS.get(node.tag)
    if handler:
        return handler(node, notes)
    if node.tag in _SILENT_TAGS:
        return ""
    text = inline(node.children, notes)
    return f"{BREAK}{text}{BREAK}" if node.tag in _LINE_TAGS else text


def _emphasised(mark: str) -> Handler:
    def render(node: Node, notes: Notes) -> str:
        return marks.wrap(mark, inline(node.children, notes))

    return render


def _code(node: Node, notes: Notes) -> str:
    return marks.code(_plain(node.children, notes).replace("\xa0", " "))


def _plain(children: Iterable[Child], notes: Notes) -> str:
    """Return text as a code span can hold it: links and pictures by name only."""
    return "".join(_plain_of(child, notes) for child in children)


def _plain_of(child: Child, notes: Notes) -> str:
    if isinstance(child, str):
        return child
    if child.tag == "br":
        return BREAK
    if child.tag in _SILENT_TAGS:
        return ""
    if child.tag == "ac:link" and not child.text().strip():
        reference = links.reference_of(child)
        return reference.name if reference else ""
    if child.tag in {"ac:emoticon", "time", "ac:image", *macros.MACROS}:
        return marks.bare(_element(child, notes))
    return _plain(child.children, notes)


def _lines_of_code(text: str) -> str:
    return BREAK.join(marks.code(line) for line in text.split("\n"))


def _preformatted(node: Node, notes: Notes) -> str:
    text = _lines_of_code(_plain(node.children, notes))
    return f"{BREAK}{text}{BREAK}"


def _line_break(_node: Node, _notes: Notes) -> str:
    return BREAK


def _list(node: Node, notes: Notes) -> str:
    items = "; ".join(item for item in _items(node, notes) if item)
    return f"{BREAK}{items}{BREAK}"


def _items(node: Node, notes: Notes) -> Iterator[str]:
    for child in node.children:
        if isinstance(child, str):
            yield child.strip()
            continue
        if child.tag in _LIST_TAGS:
            yield from _items(child, notes)
            continue
        nested = [n for n in child.nodes() if n.tag in _LIST_TAGS]
        own = [c for c in child.children if not any(c is n for n in nested)]
        yield inline([Node(child.tag, child.attributes, own)], notes).strip(EDGES)
        for item in nested:
            yield from _items(item, notes)


def _task_status(node: Node, _notes: Notes) -> str:
    return checkbox(node) + " "


def checkbox(status: Node | None, /) -> str:
    """Return the state of a task as Markdown writes it."""
    done = status is not None and status.text().strip() == "complete"
    return marks.markup("[x]" if done else "[ ]")


def _table(node: Node, notes: Notes) -> str:
    lines = [strays_of(node), *(list(_spaced(row)) for row in rows_of(node))]
    texts = (inline(line, notes).strip(EDGES) for line in lines)
    return BREAK + "; ".join(text for text in texts if text) + BREAK


def _spaced(row: Node) -> Iterator[Child]:
    for cell in cells_of(row):
        yield from (cell, " ")


def _time(node: Node, notes: Notes) -> str:
    text = inline(node.children, notes).strip(EDGES)
    date = node.get("datetime").strip()
    return f"{text} ({date})" if text and date and date not in text else text or date


def _anchor_tag(node: Node, notes: Notes) -> str:
    text = inline(node.children, notes)
    url = node.get("href")
    if not url.strip() or is_script(url):
        return text
    return links.link(text, url)


def _link(node: Node, notes: Notes) -> str:
    body = node.first(*_LINK_BODIES)
    return links.link_of(node, inline((body or node).children, notes), notes)


def _image(node: Node, notes: Notes) -> str:
    caption = node.first("ac:caption")
    text = inline(caption.children, notes) if caption else ""
    return links.image(node, text, notes)


def _html_image(node: Node, _notes: Notes) -> str:
    url = node.get("src")
    name = node.get("alt") or node.get("title") or links.last_part(url)
    return name if "emoticon" in node.get("class").split() else links.picture(name, url)


def _emoticon(node: Node, _notes: Notes) -> str:
    return character(node)


def _adf(node: Node, notes: Notes) -> str:
    kind, parts = macros.adf_parts(node)
    title = f"{BREAK}{macros.KINDS.get(kind, kind)}: " if kind else ""
    return f"{title}{inline(parts, notes)}"


def _macro(node: Node, notes: Notes) -> str:
    name = macros.name_of(node)
    if name in macros.SILENT:
        return ""
    handler = _MACROS.get(name)
    if handler:
        return handler(node, notes)
    if name in macros.KINDS:
        return _box(node, notes)
    if name in macros.CODE | macros.EXPAND:
        return _title(node) + _bodies(node, notes)
    if name not in macros.CONTENTS:
        notes.dropped[name] += 1
    return _bodies(node, notes)


def _box(node: Node, notes: Notes) -> str:
    words = [macros.KINDS[macros.name_of(node)], macros.parameter_text(node, "title")]
    title = ": ".join(word for word in words if word)
    return f"{BREAK}{title}: {_bodies(node, notes).strip(EDGES)}{BREAK}"


def _title(node: Node) -> str:
    title = macros.parameter_text(node, "title")
    return BREAK + marks.wrap(marks.STRONG, title) + BREAK if title else ""


def _bodies(node: Node, notes: Notes) -> str:
    return "".join(
        _lines_of_code(body.text())
        if macros.is_plain(body)
        else f"{BREAK}{inline(body.children, notes)}{BREAK}"
        for body in macros.bodies(node)
    )


def _status(node: Node, _notes: Notes) -> str:
    title = macros.parameter_text(node, "title")
    return f"[{title}]" if title else ""


def _jira(node: Node, notes: Notes) -> str:
    key = macros.parameter_text(node, "key")
    if not key:
        notes.dropped["jira"] += 1
    return key


_MACROS: dict[str, Handler] = {
    "status": _status,
    "jira": _jira,
    **dict.fromkeys(macros.INCLUDES, links.include),
    **dict.fromkeys(macros.FILES, links.file),
    **dict.fromkeys(macros.EMBEDS, links.embed),
}

_HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(("strong", "b"), _emphasised(marks.STRONG)),
    **dict.fromkeys(("em", "i", "cite"), _emphasised(marks.EMPHASIS)),
    **dict.fromkeys(("del", "s", "strike"), _emphasised(marks.STRIKE)),
    **dict.fromkeys(("code", "tt", "kbd", "samp"), _code),
    **dict.fromkeys(_LIST_TAGS, _list),
    **dict.fromkeys(macros.MACROS, _macro),
    "pre": _preformatted,
    "br": _line_break,
    "hr": _line_break,
    "ac:task-status": _task_status,
    "table": _table,
    "time": _time,
    "a": _anchor_tag,
    "ac:link": _link,
    "ac:image": _image,
    "img": _html_image,
    "ac:emoticon": _emoticon,
    "ac:adf-extension": _adf,
}
