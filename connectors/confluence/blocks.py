"""Block elements of the storage format, as blocks of Markdown."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from connectors.confluence import macros, marks
from connectors.confluence.inline import checkbox, inline
from connectors.confluence.links import Notes
from connectors.confluence.markup import Child, Node
from connectors.confluence.tables import cells_of, rows_of, strays_of, table

_LISTS = frozenset({"ul", "ol", "ac:task-list"})
_WRAPPERS = frozenset(
    {"span", "font", "u", "small", "big", "sub", "sup", "ins", "center", "strong"}
    | {"b", "em", "i", "del", "s", "ac:inline-comment-marker", "label", "time"}
)
_CONTAINERS = frozenset(
    {"p", "div", "li", "td", "th", "tr", "tbody", "thead", "tfoot", "dl", "dd"}
    | {"ac:layout", "ac:layout-section", "ac:layout-cell", "ac:rich-text-body"}
    | {"ac:adf-content", "ac:adf-node", "ac:adf-fallback", "ac:task-body"}
    | {"article", "section", "main", "header", "footer", "figure", "center"}
    | {"ac:adf-extension", "caption", "figcaption"}
)

# Our own links and pictures: what looks like one in the text is escaped.
_PICTURE = re.compile(r"!\[(?:\\.|[^\]\\])*\]\([^\s()]*\)")
_LINK = re.compile(r"\[((?:\\.|[^\]\\])*)\]\([^\s()]*\)")

Blocks: TypeAlias = list[str]
Handler: TypeAlias = Callable[[Node, Notes], Blocks]


def blocks(children: Iterable[Child], notes: Notes, /) -> Blocks:
    """Render elements as blocks; what is inline between blocks is a paragraph."""
    found: Blocks = []
    run: list[Child] = []
    for child in children:
        handler = _handler(child)
        if handler is None or isinstance(child, str):
            run.append(child)
            continue
        found += _paragraph(run, notes)
        run = []
        found += handler(child, notes)
    return found + _paragraph(run, notes)


def _paragraph(run: list[Child], notes: Notes) -> Blocks:
    text = marks.settle(inline(run, notes))
    return [text] if text else []


def _handler(child: Child) -> Handler | None:
    """Return how to render a block, None for what is inline."""
    if isinstance(child, str):
        return None
    if child.tag in macros.MACROS:
        return _macro if _is_block_macro(child) else None
    if child.tag in _WRAPPERS:
        return _container if any(_handler(node) for node in child.nodes()) else None
    return _HANDLERS.get(child.tag)


def _is_block_macro(macro: Node) -> bool:
    name = macros.name_of(macro)
    if name in macros.CODE | macros.KINDS.keys() | macros.EXPAND:
        return True
    return any(
        "\n" in body.text().strip()
        if macros.is_plain(body)
        else any(_handler(node) for node in body.nodes())
        for body in macros.bodies(macro)
    )


def _container(node: Node, notes: Notes) -> Blocks:
    return blocks(node.children, notes)


def _heading(node: Node, notes: Notes) -> Blocks:
    """Render a heading without addresses and emphasis: it is shown in many places.

    Pictures come after it; a heading of nothing but pictures is none.
    """
    text = marks.settle(marks.light(inline(node.children, notes)), in_line=True)
    pictures = _PICTURE.findall(text)
    bare = " ".join(_LINK.sub(r"\1", _PICTURE.sub("", text)).split())
    if not bare:
        return [text] if text else []
    return [marks.heading(int(node.tag[1]), bare), *pictures]


def _rule(_node: Node, _notes: Notes) -> Blocks:
    return ["---"]


def _quote(node: Node, notes: Notes) -> Blocks:
    return _quoted(blocks(node.children, notes))


def _quoted(inner: Blocks) -> Blocks:
    text = "\n\n".join(inner)
    lines = (f"> {line}".rstrip() for line in text.split("\n"))
    return ["\n".join(lines)] if text else []


def _preformatted(node: Node, _notes: Notes) -> Blocks:
    text = node.text()
    return [marks.fence(text)] if text.strip() else []


def _term(node: Node, notes: Notes) -> Blocks:
    text = marks.wrap(marks.STRONG, inline(node.children, notes))
    return [marks.settle(text)] if text.strip() else []


# --- lists -------------------------------------------------------------------


def _list(node: Node, notes: Notes) -> Blocks:
    """Render a list; one that stands where an item should belongs to the item above."""
    items: list[Blocks] = []
    above: Blocks = []
    for child in node.children:
        inner = _item(child, notes)
        if not inner or not _is_list(inner[0]):
            items += [inner] if inner else []
        elif items:
            items[-1] += inner
        else:
            above += inner
    markers = _markers(node)
    loose = any(_is_loose(inner) for inner in items)
    lines = [_indented(next(markers), _joined(inner)) for inner in items]
    return [*above, ("\n\n" if loose else "\n").join(lines)] if lines else above


def _item(child: Child, notes: Notes) -> Blocks:
    if isinstance(child, Node) and child.tag == "li":
        return blocks(child.children, notes)
    return blocks([child], notes)


def _markers(node: Node) -> Iterator[str]:
    if node.tag != "ol":
        while True:
            yield "- "
    start = node.get("start").strip()
    number = int(start) if start.isascii() and start.isdigit() else 1
    while True:
        yield f"{number}. "
        number += 1


def _is_loose(inner: Blocks) -> bool:
    return any(not _is_list(block) for block in inner[1:])


def _is_list(block: str) -> bool:
    marker = block.split(" ", 1)[0]
    return marker == "-" or (marker.endswith(".") and marker[:-1].isdigit())


def _joined(inner: Blocks) -> str:
    text = ""
    for block in inner:
        between = "\n" if _is_list(block) else "\n\n"
        text += (between if text else "") + block
    return text


def _indented(marker: str, text: str) -> str:
    first, *rest = text.split("\n")
    indent = " " * len(marker)
    return "\n".join([marker + first, *(indent + r if r else "" for r in rest)])


def _tasks(node: Node, notes: Notes) -> Blocks:
    lines = []
    for task in node.nodes():
        if task.tag != "ac:task":
            lines += blocks([task], notes)
            continue
        state = marks.settle(checkbox(task.first("ac:task-status")))
        body = task.first("ac:task-body") or Node("ac:task-body")
        text = _joined(blocks(body.children, notes))
        lines.append(_indented("- ", f"{state} {text}".rstrip()))
    return ["\n".join(lines)] if lines else []


# --- tables ------------------------------------------------------------------


def _table(node: Node, notes: Notes) -> Blocks:
    rows = rows_of(node)
    if len(rows) == 1 and len(cells_of(rows[0])) == 1:
        return blocks(cells_of(rows[0]), notes)
    strays = blocks(strays_of(node), notes)
    text = table(node, lambda cell: _cell(cell, notes))
    return [*strays, text] if text else strays


def _cell(cell: Node, notes: Notes) -> str:
    return marks.settle(inline(cell.children, notes), in_line=True)


# --- macros ------------------------------------------------------------------


def _macro(node: Node, notes: Notes) -> Blocks:
    name = macros.name_of(node)
    if name in macros.SILENT:
        return []
    if name in macros.KINDS:
        title = macros.parameter_text(node, "title")
        return _boxed(macros.KINDS[name], title, _bodies(node, notes))
    if name in macros.CODE | macros.EXPAND:
        return _title(node) + _bodies(node, notes)
    if name not in macros.CONTENTS:
        notes.dropped[name] += 1
    return _bodies(node, notes)


def _title(node: Node) -> Blocks:
    title = macros.parameter_text(node, "title")
    return [marks.settle(marks.wrap(marks.STRONG, title))] if title else []


def _boxed(kind: str, title: str, inner: Blocks) -> Blocks:
    word = f"{kind}: {title}" if title else kind
    return _quoted([marks.settle(marks.wrap(marks.STRONG, word)), *inner])


def _bodies(node: Node, notes: Notes) -> Blocks:
    found: Blocks = []
    for body in macros.bodies(node):
        if not macros.is_plain(body):
            found += blocks(body.children, notes)
        elif body.text().strip():
            found.append(marks.fence(body.text(), macros.language_of(node)))
    return found


def _adf(node: Node, notes: Notes) -> Blocks:
    kind, parts = macros.adf_parts(node)
    inner = blocks(parts, notes)
    return _boxed(macros.KINDS.get(kind, kind), "", inner) if kind else inner


_HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(_CONTAINERS, _container),
    **dict.fromkeys((f"h{level}" for level in range(1, 7)), _heading),
    "ul": _list,
    "ol": _list,
    "ac:task-list": _tasks,
    "table": _table,
    "blockquote": _quote,
    "pre": _preformatted,
    "hr": _rule,
    "dt": _term,
    "ac:adf-extension": _adf,
}
