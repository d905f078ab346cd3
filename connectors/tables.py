"""Writes tables as Markdown, cells that span others filled in by repeating them."""

from collections.abc import Sequence
from dataclasses import dataclass

_MOST_SPANNED = 200
_MOST_CELLS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A table cell: its text in one line, and as it would stand outside a table."""

    text: str
    alone: str = ""
    is_header: bool = False
    rows: int = 1
    columns: int = 1


def table(rows: Sequence[Sequence[Cell]], /) -> str:
    """Return a Markdown table; the empty text for a table of empty cells.

    The first row is the header, unless every row has a header cell of its own.
    """
    grid = _grid(rows)
    if not any(text for row in grid for text in row):
        return ""
    width = max(map(len, grid))
    lines = [_line(row, width) for row in grid]
    if _is_sideways(rows):
        lines.insert(0, _line([], width))
    lines.insert(1, "|" + " --- |" * width)
    return "\n".join(lines)


def _is_sideways(rows: Sequence[Sequence[Cell]]) -> bool:
    return all(
        len(row) > 1 and row[0].is_header and not row[1].is_header for row in rows
    )


def _line(row: Sequence[str], width: int) -> str:
    filled = [*row, *[""] * (width - len(row))]
    return "| " + " | ".join(filled) + " |"


def _grid(rows: Sequence[Sequence[Cell]]) -> list[list[str]]:
    """Lay cells out; spans beyond reason count as one, so that none is a bomb."""
    below: dict[tuple[int, int], str] = {}
    grid: list[list[str]] = []
    spanned = 0
    for y, row in enumerate(rows):
        line: list[str] = []
        for cell in row:
            _fill_from_above(line, y, below)
            text = " ".join(cell.text.replace("|", "\\|").split())
            height, width = _span(cell, len(rows) - y, spanned)
            spanned += height * width
            for x in range(len(line), len(line) + width):
                below.update({(y + down, x): text for down in range(1, height)})
            line += [text] * width
        _fill_from_above(line, y, below)
        grid.append(line)
    return grid


def _fill_from_above(
    line: list[str], y: int, below: dict[tuple[int, int], str]
) -> None:
    while (y, len(line)) in below:
        line.append(below.pop((y, len(line))))


def _span(cell: Cell, left: int, spanned: int) -> tuple[int, int]:
    height = min(cell.rows, left, _MOST_SPANNED)
    width = min(cell.columns, _MOST_SPANNED)
    return (height, width) if spanned < _MOST_CELLS else (1, 1)
