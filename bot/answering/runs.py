"""Finds what of a passage may be quoted together: sentences, lists, whole sections."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from bot.answering.units import Kind, Unit
from bot.text.tokens import analyse

_LONGEST: Final = 3
"""Sentences in a row that are quoted together."""

_ITEMS: Final = 12
"""Items, rows and blocks of code of one list or table."""

_LINES: Final = 30
"""Of such a list or table; the first one is quoted whatever it has."""

_SECTION: Final = 400
"""Columns; no more of a section is quoted only because of its heading."""

SHORT: Final = 100
"""Columns; a shorter quotation takes the next sentence along."""

_TARGET: Final = re.compile(r"(?<=\])\([^()\s]*\)")
_ANNOUNCES: Final = re.compile(
    r"(?:[:：]|(?:次|以下|下記)(?:[のに][^。」]{0,12}|である|です)?。?"
    r"|\bfollowing\W*|\bas follows\W*)\s*$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Units in a row, with what they and their heading say.

    `lead` is what the first one says, which should be the answer. A `first` one
    stands right under its heading; `steps` are a list from its beginning.
    """

    units: tuple[Unit, ...]
    tokens: frozenset[str]
    lead: frozenset[str]
    first: bool
    steps: bool


def runs(found: Sequence[Unit], *, steps: bool) -> Iterator[Run]:
    """Yield what may be quoted together: some units, a list, what a heading covers."""
    tokens = [frozenset(analyse(f"{unit.head} {unit.text}")) for unit in found]
    for start, unit in enumerate(found):
        first = start == 0 or found[start - 1].head != unit.head
        if first:
            yield _run(found, tokens, start, _behind_section(found, start), first=True)
        begins = first or found[start - 1].kind not in (Kind.ITEM, Kind.CODE)
        if steps and begins and unit.kind in (Kind.ITEM, Kind.CODE):
            behind = _behind_items(found, start, unit.head)
            yield _run(found, tokens, start, behind, first=first, steps=True)
        for end in range(start + 1, min(start + _LONGEST, len(found)) + 1):
            if not _belong_together(found[start:end]):
                break
            yield _run(found, tokens, start, end, first=first)


def whole(found: Sequence[Unit], /) -> Run:
    """Return all of a passage as one run."""
    tokens = [frozenset(analyse(f"{unit.head} {unit.text}")) for unit in found]
    return Run(
        units=tuple(found),
        tokens=frozenset[str]().union(*tokens),
        lead=tokens[0],
        first=True,
        steps=False,
    )


def _run(
    found: Sequence[Unit],
    tokens: Sequence[frozenset[str]],
    start: int,
    end: int,
    *,
    first: bool = False,
    steps: bool = False,
) -> Run:
    said = _long_enough(found, start, end)
    end = _behind_announced(found, said)
    listed = end > said and found[end - 1].kind is not Kind.ROW
    return Run(
        units=tuple(found[start:end]),
        tokens=frozenset[str]().union(*tokens[start:end]),
        lead=tokens[start],
        first=first,
        steps=steps or (listed and found[start].kind is Kind.SENTENCE),
    )


def _long_enough(found: Sequence[Unit], start: int, end: int) -> int:
    """Return where to stop so that a very short sentence does not stand alone."""
    while end < min(len(found), start + _LONGEST):
        length = sum(width(unit.text) for unit in found[start:end])
        alone = found[end - 1].kind is Kind.ITEM
        if alone or length >= SHORT or not _belong_together(found[end - 1 : end + 1]):
            break
        end += 1
    return end


def _belong_together(run: Sequence[Unit]) -> bool:
    return all(
        one.kind is other.kind is not Kind.CODE
        and one.head == other.head
        and (one.block == other.block or one.kind is Kind.ITEM)
        for one, other in pairwise(run)
    )


def _behind_section(found: Sequence[Unit], start: int) -> int:
    """Return where to stop when what stands under a heading is quoted."""
    end = start
    length = 0
    while end < len(found) and found[end].head == found[start].head:
        most = _LONGEST if found[end].kind is Kind.SENTENCE else _ITEMS
        length += width(found[end].text)
        full = end - start >= most or length > _SECTION
        if end > start and (full or _is_more_code(found, end)):
            break
        end += 1
    return end


def _behind_announced(found: Sequence[Unit], end: int) -> int:
    """Return where the list, table or code ends that the last unit announces."""
    head = found[end - 1].head
    follows = end < len(found) and found[end].head == head
    if not follows or not _ANNOUNCES.search(found[end - 1].text):
        return end
    return max(end + 1, _behind_items(found, end, head))


def _behind_items(found: Sequence[Unit], start: int, head: str) -> int:
    end = start
    lines = 0
    while end < min(len(found), start + _ITEMS) and (
        found[end].kind is not Kind.SENTENCE and found[end].head == head
    ):
        lines += found[end].text.count("\n") + 1
        if end > start and (lines > _LINES or _is_more_code(found, end)):
            break
        end += 1
    return end


def _is_more_code(found: Sequence[Unit], at: int) -> bool:
    """Whether a unit is the rest of the long block of code before it."""
    return found[at].kind is Kind.CODE and found[at].block == found[at - 1].block


def width(text: str, /) -> int:
    """Return how many columns a text takes, without the targets of its links."""
    shown = _TARGET.sub("", text)
    return sum(1 if character.isascii() else 2 for character in shown)
