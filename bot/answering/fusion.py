"""Merges what several searches found into one order.

The two ways have the same shape and no state: `relative` is used, `rrf` is the
alternative that needs no scores.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from bot.core.model import ChunkId, Hit

RRF_CONSTANT: Final = 60

_EQUAL_SCORES: Final = 0.5
"""What every hit of a leg is worth that cannot tell its hits apart.

One lone hit says nothing of how good it is, so it must not get full weight.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """What one search found, best first, and how much it counts."""

    hits: Sequence[Hit]
    weight: float


Fusion: TypeAlias = Callable[[Iterable[Leg]], dict[ChunkId, float]]
"""Legs in, the fused score of every chunk out, best first, ties by chunk id."""


def relative(legs: Iterable[Leg], /) -> dict[ChunkId, float]:
    """Add up each leg's scores, stretched to 0 for its worst hit and 1 for its best.

    A chunk that a leg did not find gets nothing from it.
    """
    return _summed((leg.weight, _stretched(leg.hits)) for leg in legs)


def rrf(legs: Iterable[Leg], /) -> dict[ChunkId, float]:
    """Add up the reciprocal ranks: `weight / (60 + rank)`, the best rank being 0."""
    return _summed((leg.weight, _reciprocal(leg.hits)) for leg in legs)


def _stretched(hits: Sequence[Hit]) -> Mapping[ChunkId, float]:
    if not hits:
        return {}
    worst, best = hits[-1].score, hits[0].score
    if worst == best:
        return dict.fromkeys((hit.chunk.id for hit in hits), _EQUAL_SCORES)
    spread = best - worst
    return {hit.chunk.id: (hit.score - worst) / spread for hit in hits}


def _reciprocal(hits: Sequence[Hit]) -> Mapping[ChunkId, float]:
    return {hit.chunk.id: 1 / (RRF_CONSTANT + at) for at, hit in enumerate(hits)}


def _summed(
    legs: Iterable[tuple[float, Mapping[ChunkId, float]]],
) -> dict[ChunkId, float]:
    fused: dict[ChunkId, float] = {}
    for weight, scores in legs:
        for chunk, score in scores.items():
            fused[chunk] = fused.get(chunk, 0.0) + weight * score
    ranked = sorted(fused)
    ranked.sort(key=fused.__getitem__, reverse=True)
    return {chunk: fused[chunk] for chunk in ranked}
