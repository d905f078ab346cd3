"""The model reads the section around a passage, as far as the budget goes."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answering.widening import WIDENED, widen
from bot.core.access import PUB, Access, Principal
from bot.core.model import Chunk, Passage
from tests.unit.answering.shelf import Shelf, a_chunk, a_shelf

SECTION = [
    a_chunk(f"〈{n}〉休暇の規則、その{n}。", ordinal=n, section=0 if n < 6 else 1)
    for n in range(9)
]
SIZE = len(SECTION[0].text)


async def a_section() -> Shelf:
    shelf = await a_shelf()
    await shelf.put(*SECTION)
    return shelf


def passage(shelf: Shelf, chunk: Chunk, *, score: float = 1.0) -> Passage:
    document = shelf.live[chunk.document]
    return Passage(chunk=chunk, document=document, text=chunk.text, score=score)


async def widened(shelf: Shelf, *chunks: Chunk, budget: int) -> tuple[Passage, ...]:
    return await widen(
        [passage(shelf, chunk) for chunk in chunks],
        index=shelf.index,
        generation=shelf.generation,
        principals={PUB},
        measure=len,
        budget=budget,
    )


def numbers(passage: Passage) -> list[int]:
    """Which chunks of the section a text shows, in order."""
    return [int(part[0]) for part in passage.text.split("〈")[1:]]


async def test_a_passage_grows_in_both_directions_within_its_section() -> None:
    [wide] = await widened(await a_section(), SECTION[4], budget=9999)

    assert numbers(wide) == [0, 1, 2, 3, 4, 5]
    assert wide.chunk == SECTION[4]


@pytest.mark.parametrize(
    ("room", "shown"), [(1, [2]), (2, [2, 3]), (3, [1, 2, 3]), (4, [1, 2, 3, 4])]
)
async def test_it_grows_as_far_as_the_budget_allows(
    room: int, shown: list[int]
) -> None:
    """What follows explains more often than what stands before."""
    [wide] = await widened(await a_section(), SECTION[2], budget=room * SIZE)

    assert numbers(wide) == shown


async def test_what_a_better_passage_took_in_is_not_given_again() -> None:
    wide = await widened(await a_section(), SECTION[2], SECTION[4], budget=9999)

    assert [numbers(each) for each in wide] == [[0, 1, 2, 3, 4, 5]]


async def test_no_passage_is_dropped_so_that_another_can_grow() -> None:
    shelf = await a_section()
    other = a_chunk("〈7〉別の文書の規則です。", document="hr:other")
    await shelf.put(other)

    wide = await widened(
        shelf, SECTION[2], other, budget=SIZE + len(other.text) + SIZE // 2
    )

    assert [numbers(each) for each in wide] == [[2], [7]]


async def test_a_passage_beyond_the_budget_is_left_out() -> None:
    shelf = await a_section()
    huge = a_chunk("長い。" * 500, document="hr:huge")
    await shelf.put(huge)

    wide = await widened(shelf, huge, SECTION[8], budget=100)

    assert [each.chunk for each in wide] == [SECTION[8]]


async def test_another_revision_and_a_forbidden_chunk_do_not_come_along() -> None:
    shelf = await a_shelf()
    board = Access(layers=(frozenset({Principal("grp:board")}),))
    await shelf.put(SECTION[0])
    await shelf.put(SECTION[1], access=board)
    newer = replace(SECTION[2], id=SECTION[8].id, revision=2)
    await shelf.put(newer)

    [wide] = await widened(shelf, SECTION[0], budget=9999)

    assert numbers(wide) == [0]


async def test_parts_of_one_paragraph_are_joined_closer_than_paragraphs() -> None:
    shelf = await a_shelf()
    first = a_chunk("前半。", ordinal=0)
    second = replace(a_chunk("後半。", ordinal=1), lines=first.lines)
    third = a_chunk("次の段落。", ordinal=2)
    await shelf.put(first, second, third)

    [wide] = await widened(shelf, first, budget=9999)

    assert wide.text == "前半。\n後半。\n\n次の段落。"


@settings(deadline=None, max_examples=40)
@given(
    order=st.lists(st.sampled_from(range(9)), min_size=1, max_size=6, unique=True),
    budget=st.integers(0, 12 * SIZE),
)
async def test_every_chunk_is_given_at_most_once_and_within_the_budget(
    order: list[int], budget: int
) -> None:
    shelf = await a_section()

    wide = await widened(shelf, *(SECTION[n] for n in order), budget=budget)

    shown = Counter(number for each in wide for number in numbers(each))
    assert set(shown.values()) <= {1}
    assert sum(len(SECTION[number].text) for number in shown) <= budget
    assert set(order[: budget // SIZE]) <= shown.keys()
    kept = [each.chunk.ordinal for each in wide]
    assert kept == [number for number in order if number in kept]
    assert all(numbers(each) == [each.chunk.ordinal] for each in wide[WIDENED:])
