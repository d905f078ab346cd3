"""Tables of the storage format."""

from collections.abc import Callable

from connectors.confluence.markup import Child, Node
from connectors.tables import Cell
from connectors.tables import table as markdown_table

_PARTS = frozenset({"thead", "tbody", "tfoot"})
_CELLS = frozenset({"td", "th"})


def rows_of(table: Node, /) -> list[Node]:
    """Return the rows of a table, not those of tables inside of it."""
    rows = []
    for node in table.nodes():
        if node.tag == "tr":
            rows.append(node)
        elif node.tag in _PARTS:
            rows += [row for row in node.nodes() if row.tag == "tr"]
    return rows


def strays_of(table: Node, /) -> list[Child]:
    """Return what stands in a table and in none of its cells: a caption, at best."""
    rows = rows_of(table)
    parts = [node for node in table.nodes() if node.tag in _PARTS]
    inside = [*rows, *parts, *(cell for row in rows for cell in cells_of(row))]
    known = {id(node) for node in inside}
    return [
        child
        for node in (table, *parts, *rows)
        for child in node.children
        if id(child) not in known
    ]


def cells_of(row: Node, /) -> list[Node]:
    """Return the cells of a row."""
    return [node for node in row.nodes() if node.tag in _CELLS]


def table(node: Node, text_of: Callable[[Node], str], /) -> str:
    """Return a Markdown table; `text_of` renders one cell on one line."""
    return markdown_table(
        [
            [
                Cell(
                    text=text_of(cell),
                    is_header=cell.tag == "th",
                    rows=_span(cell, "rowspan"),
                    columns=_span(cell, "colspan"),
                )
                for cell in cells_of(row)
            ]
            for row in rows_of(node)
        ]
    )


def _span(cell: Node, name: str) -> int:
    text = cell.get(name).strip()
    # Seven digits are beyond any table; int() of a million of them takes minutes.
    return max(int(text[:7]), 1) if text.isascii() and text.isdigit() else 1
