"""Gives the model the section around a passage, as far as the budget goes."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import pairwise
from typing import Final

from bot.answering.concurrently import together
from bot.core.access import Principal
from bot.core.model import Chunk, ChunkId, Generation, Passage
from bot.core.ports import PassageIndex

WIDENED: Final = 4
"""How many passages grow: each costs another read of the index."""

REACH: Final = 4
"""How many chunks are looked at on either side."""


async def widen(
    passages: Sequence[Passage],
    *,
    index: PassageIndex,
    generation: Generation,
    principals: AbstractSet[Principal],
    measure: Callable[[str], int],
    budget: int,
) -> tuple[Passage, ...]:
    """Return the passages that fit into `budget`, the best ones as wide as it allows.

    A passage grows by its neighbours of the same revision and section. Every
    chunk is given once: one that a better passage took in is no passage any more.
    The order stays, and no passage is left out so that another can grow.
    """
    shelf = _Shelf(measure, budget)
    kept = [passage for passage in passages if shelf.take(passage.chunk)]
    sections = await together(
        *(
            _section(passage.chunk, index, generation, principals)
            for passage in kept[:WIDENED]
        )
    )
    return shelf.grown(kept, sections)


async def _section(
    chunk: Chunk,
    index: PassageIndex,
    generation: Generation,
    principals: AbstractSet[Principal],
) -> dict[int, Chunk]:
    """Return the chunks of the section near `chunk`, by ordinal."""
    near = await index.neighbours(
        generation,
        (chunk.document, chunk.revision),
        range(max(0, chunk.ordinal - REACH), chunk.ordinal + REACH + 1),
        principals=principals,
    )
    return {other.ordinal: other for other in near if other.section == chunk.section}


class _Shelf:
    """Knows which chunks are given already and what else there is room for."""

    def __init__(self, measure: Callable[[str], int], budget: int) -> None:
        self._measure = measure
        self._left = budget
        self._given: set[ChunkId] = set()

    def take(self, chunk: Chunk) -> bool:
        """Make room for a chunk, if there is any."""
        if chunk.id in self._given:
            return False
        cost = self._measure(chunk.text)
        if cost > self._left:
            return False
        self._left -= cost
        self._given.add(chunk.id)
        return True

    def grown(
        self, kept: Sequence[Passage], sections: Sequence[Mapping[int, Chunk]]
    ) -> tuple[Passage, ...]:
        """Widen the best passages and drop those that one of them took in."""
        waiting = {passage.chunk.id for passage in kept}
        wide: list[Passage] = []
        for at, passage in enumerate(kept):
            if passage.chunk.id not in waiting:
                continue
            waiting.remove(passage.chunk.id)
            section = sections[at] if at < len(sections) else {}
            run = self._run(passage.chunk, section, waiting)
            wide.append(replace(passage, text=_joined(run)))
        return tuple(wide)

    def _run(
        self, chunk: Chunk, section: Mapping[int, Chunk], waiting: set[ChunkId]
    ) -> list[Chunk]:
        """Grow in both directions, the following text first, without a gap."""
        run = [chunk]
        steps = [1, -1]
        while steps:
            for step in tuple(steps):
                edge = run[-1] if step > 0 else run[0]
                other = section.get(edge.ordinal + step)
                if other is None or not self._may_join(other, waiting):
                    steps.remove(step)
                    continue
                run.insert(len(run) if step > 0 else 0, other)
        return run

    def _may_join(self, chunk: Chunk, waiting: set[ChunkId]) -> bool:
        """Whether the chunk is a waiting passage, or new and there is room."""
        if chunk.id in waiting:
            waiting.remove(chunk.id)
            return True
        return self.take(chunk)


def _joined(run: Sequence[Chunk]) -> str:
    text = run[0].text
    for before, after in pairwise(run):
        # Parts of one long paragraph share its lines.
        apart = after.lines.first > before.lines.last
        text += ("\n\n" if apart else "\n") + after.text
    return text
