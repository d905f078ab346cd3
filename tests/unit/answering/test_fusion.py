"""Two legs become one order, whatever their scores look like."""

from math import isclose

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answering.fusion import RRF_CONSTANT, Fusion, Leg, relative, rrf
from bot.core.model import ChunkId, Hit
from tests.unit.answering.shelf import a_chunk

CHUNKS = [a_chunk(f"第{n}条", ordinal=n) for n in range(12)]


def hits(*scores: float) -> list[Hit]:
    """The first chunks of the library with these scores, best first."""
    pairs = zip(CHUNKS, sorted(scores, reverse=True), strict=False)
    return [Hit(chunk=chunk, score=score) for chunk, score in pairs]


def leg(*scores: float, weight: float = 1.0) -> Leg:
    return Leg(hits=hits(*scores), weight=weight)


def ids(count: int) -> list[ChunkId]:
    return [chunk.id for chunk in CHUNKS[:count]]


SCORES = st.lists(st.integers(-1000, 1000), min_size=1, max_size=12)
LEGS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(CHUNKS), max_size=12, unique=True),
        st.lists(st.integers(-1000, 1000), min_size=12, max_size=12),
        st.sampled_from([0.0, 0.25, 0.5, 1.0]),
    ).map(
        lambda made: Leg(
            hits=[
                Hit(chunk=chunk, score=float(score))
                for chunk, score in zip(
                    made[0], sorted(made[1], reverse=True), strict=False
                )
            ],
            weight=made[2],
        )
    ),
    max_size=4,
)


def test_the_best_hit_of_a_leg_counts_one_and_the_worst_nothing() -> None:
    assert relative([leg(30, 20, 10)]) == dict(
        zip(ids(3), [1.0, 0.5, 0.0], strict=True)
    )


def test_legs_add_up_by_weight() -> None:
    lexical, vector = leg(8, 4, 0, weight=0.75), leg(0.9, 0.8, weight=0.25)

    assert relative([lexical, vector]) == dict(
        zip(ids(3), [1.0, 0.375, 0.0], strict=True)
    )


@pytest.mark.parametrize("scores", [(7.0,), (7.0, 7.0), (0.0,)])
def test_a_leg_that_cannot_tell_its_hits_apart_gives_each_half(
    scores: tuple[float, ...],
) -> None:
    """One lone hit says nothing of how good it is."""
    assert set(relative([leg(*scores)]).values()) == {0.5}


def test_ties_are_ordered_by_id() -> None:
    assert list(relative([leg(5, 5, 5, 5)])) == sorted(ids(4))


def test_rrf_looks_at_ranks_only() -> None:
    assert rrf([leg(900, 2, 1), leg(1, weight=0.5)]) == dict(
        zip(
            ids(3),
            [1.5 / RRF_CONSTANT, 1 / (RRF_CONSTANT + 1), 1 / (RRF_CONSTANT + 2)],
            strict=True,
        )
    )


@pytest.mark.parametrize("fuse", [relative, rrf])
def test_nothing_found_fuses_to_nothing(fuse: Fusion) -> None:
    assert fuse([]) == {}
    assert fuse([Leg(hits=[], weight=1.0)]) == {}


@pytest.mark.parametrize("fuse", [relative, rrf])
@settings(deadline=None, max_examples=40)
@given(legs=LEGS)
def test_every_hit_is_ranked_once_best_first(fuse: Fusion, legs: list[Leg]) -> None:
    fused = fuse(legs)

    assert fused.keys() == {hit.chunk.id for each in legs for hit in each.hits}
    assert list(fused.items()) == sorted(
        fused.items(), key=lambda item: (-item[1], item[0])
    )


@pytest.mark.parametrize("fuse", [relative, rrf])
@settings(deadline=None, max_examples=40)
@given(legs=LEGS)
def test_the_order_of_the_legs_does_not_matter(fuse: Fusion, legs: list[Leg]) -> None:
    there, back = fuse(legs), fuse(legs[::-1])

    assert all(isclose(score, back[chunk]) for chunk, score in there.items())


@settings(deadline=None, max_examples=40)
@given(scores=SCORES, factor=st.integers(1, 50), shift=st.integers(-500, 500))
def test_scale_and_zero_of_an_engine_do_not_matter(
    scores: list[int], factor: int, shift: int
) -> None:
    """Weaviate's scores are those of the others divided by 2.2."""
    plain = relative([leg(*scores)])
    other = relative([leg(*(score * factor + shift for score in scores))])

    assert all(isclose(score, other[chunk]) for chunk, score in plain.items())


@settings(deadline=None, max_examples=40)
@given(legs=LEGS)
def test_scores_stay_between_nothing_and_the_sum_of_the_weights(
    legs: list[Leg],
) -> None:
    whole = sum(each.weight for each in legs)

    assert all(-1e-9 <= score <= whole + 1e-9 for score in relative(legs).values())
