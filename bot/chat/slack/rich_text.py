"""Shows Markdown in Slack's rich text, in which every word is literal.

What `mrkdwn` makes of 「*」 between Japanese letters, of `<!channel>` or of a link in
brackets cannot happen here: a text element is shown as it is.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from bot.text.normalise import printable

Block: TypeAlias = dict[str, Any]

_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}).enable(
    ["table", "strikethrough"]
)
_DEEPEST: Final = 6
"""How far Slack indents a list."""

_SPACED: Final = frozenset(["paragraph", "bullet_list", "ordered_list"])
"""What a paragraph stands apart from."""

_MARKS: Final = re.compile(r"(?:\[\d{1,2}\])+")
_STYLES: Final = {"strong": "bold", "em": "italic", "s": "strike"}


def rich_text(markdown: str, /) -> list[Block]:
    """Return the elements of a `rich_text` block: paragraphs, lists, quotes, code.

    Headings become bold, tables code, links and images their text.
    """
    tree = SyntaxTreeNode(_MARKDOWN.parse(printable(markdown)))
    return _marked_above(list(_blocks(tree.children)))


def _marked_above(blocks: Sequence[Block]) -> list[Block]:
    """Put citations that stand alone below code behind what is said above it.

    In Markdown they have to stand there, for only a bare line closes a fence.
    """
    marked: list[Block] = []
    for block in blocks:
        if len(marked) > 1 and _is_code(marked[-1]) and (marks := _marks(block)):
            above = _last_line(marked[-2])
            if above is not None:
                space = " " if above[-1]["text"][-1:].isascii() else ""
                above.append(_text(f"{space}{marks}", {}))
                continue
        marked.append(block)
    return marked


def _is_code(block: Block) -> bool:
    return bool(block["type"] == "rich_text_preformatted")


def _marks(block: Block) -> str | None:
    """Return the citations of a paragraph that has nothing else."""
    if block["type"] != "rich_text_section":
        return None
    said = "".join(piece["text"] for piece in block["elements"]).strip()
    return said if _MARKS.fullmatch(said) else None


def _last_line(block: Block) -> list[Block] | None:
    match block["type"]:
        case "rich_text_section":
            elements: list[Block] = block["elements"]
            return elements
        case "rich_text_list":
            return _last_line(block["elements"][-1])
        case _:
            return None


def _blocks(nodes: Sequence[SyntaxTreeNode], *, indent: int = 0) -> Iterator[Block]:
    before = None
    for node in nodes:
        shown = list(_block(node, indent=indent))
        # Slack has no space of its own above a paragraph.
        if before in _SPACED and node.type == "paragraph" and shown:
            shown[0]["elements"].insert(0, _text("\n", {}))
        yield from shown
        before = node.type


def _block(node: SyntaxTreeNode, *, indent: int) -> Iterator[Block]:
    match node.type:
        case "paragraph":
            yield _part("section", _inline(node))
        case "heading":
            yield _part("section", _inline(node, bold=True))
        case "bullet_list" | "ordered_list":
            yield from _list(node, indent)
        case "fence" | "code_block":
            yield _part("preformatted", [_text(node.content.rstrip("\n") or " ", {})])
        case "table":
            yield _part("preformatted", [_text(_table(node), {})])
        case "blockquote":
            yield _part("quote", _quoted(node))
        case _:
            yield _part("section", [_text("―" * 8, {})])


def _list(node: SyntaxTreeNode, indent: int) -> Iterator[Block]:
    """Yield one list for each run of items; what is nested comes between the runs."""
    style = "bullet" if node.type == "bullet_list" else "ordered"
    first = int(node.attrs.get("start", 1))
    items: list[Block] = []
    number = first
    for item in node.children:
        sections = [child for child in item.children if child.type == "paragraph"]
        lines = [piece for child in sections for piece in (*_inline(child), _BREAK)]
        items.append(_part("section", lines[:-1] or [_text(" ", {})]))
        nested = [child for child in item.children if child.type != "paragraph"]
        if nested:
            yield _items(style, items, indent, number)
            number, items = number + len(items), []
            yield from _blocks(nested, indent=indent + 1)
    if items:
        yield _items(style, items, indent, number)


def _items(style: str, items: Sequence[Block], indent: int, number: int) -> Block:
    block = _part("list", items) | {"style": style, "indent": min(indent, _DEEPEST)}
    if style == "ordered" and number > 1:
        block["offset"] = number - 1
    return block


def _quoted(node: SyntaxTreeNode) -> list[Block]:
    lines = [
        piece
        for child in node.walk()
        if child.type == "inline"
        for piece in (*_pieces(child.children, {}), _BREAK)
    ]
    return lines[:-1] or [_text(" ", {})]


def _inline(node: SyntaxTreeNode, *, bold: bool = False) -> list[Block]:
    style = {"bold": True} if bold else {}
    found = [
        piece for inline in node.children for piece in _pieces(inline.children, style)
    ]
    return found or [_text(" ", {})]


def _pieces(nodes: Sequence[SyntaxTreeNode], style: dict[str, bool]) -> Iterator[Block]:
    for node in nodes:
        match node.type:
            case "text" | "image":
                if node.content:
                    yield _text(node.content, style)
            case "code_inline":
                yield _text(node.content, style | {"code": True})
            case "softbreak" | "hardbreak":
                yield _BREAK
            case kind:
                more = {_STYLES[kind]: True} if kind in _STYLES else {}
                yield from _pieces(node.children, style | more)


def _table(node: SyntaxTreeNode) -> str:
    rows = [child for child in node.walk() if child.type == "tr"]
    return "\n".join(" | ".join(_said(cell) for cell in row.children) for row in rows)


def _said(node: SyntaxTreeNode) -> str:
    return "".join(
        child.content for child in node.walk() if child.type in {"text", "code_inline"}
    )


def _text(text: str, style: dict[str, bool]) -> Block:
    piece: Block = {"type": "text", "text": text}
    return piece | {"style": style} if style else piece


def _part(kind: str, elements: Sequence[Block]) -> Block:
    return {"type": f"rich_text_{kind}", "elements": list(elements)}


_BREAK: Final[Block] = {"type": "text", "text": "\n"}
