"""Looks at a new generation as askers would, before it may answer them.

It must show what the active one shows, hold exactly that, find it, and give
nothing to those who may not read it.
"""

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol

from bot.core.access import PUB, Principal
from bot.core.errors import BotError
from bot.core.model import Generation, Revision
from bot.core.ports import IndexGenerations, PassageIndex, Projection
from bot.ingest.progress import Progress, Stage
from bot.ingest.reconciling import Difference, compare, names
from bot.ingest.sampling import Recall, Sample, samples
from bot.ingest.vectors import Vectors
from bot.text.tokens import analyzer

SAMPLE = 40
"""Documents that are searched for, and restricted ones whose access is tried."""

STRANGER = Principal("shirube:nobody-holds-this")
"""Stands for somebody whom no document names."""

STEPS = 4


class Walkable(IndexGenerations, PassageIndex, Protocol):
    """An index that is searched and walked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was found wrong; nothing, if the generation may answer."""

    problems: Sequence[str]
    searched: int = 0
    restricted: int = 0


async def verify(
    new: Generation,
    active: Generation,
    vectors: Vectors | None,
    /,
    *,
    index: Walkable,
    projection: Projection,
    progress: Progress,
) -> Verified:
    """Compare a generation with the active one, and try its search and its access.

    An active one that must be built anew, or cannot be read, is compared with by
    its catalogue only.
    """
    old = None if active.rebuild else active
    progress(Stage.VERIFYING, done=0, total=STEPS)
    problems = await _counts(new, active, old, index, projection)
    progress(Stage.VERIFYING, done=1, total=STEPS)
    chosen = await samples(new, projection)
    readable = [each for each in chosen if each.holders][:SAMPLE]
    recall = Recall(new, old, search=index, projection=projection, vectors=vectors)
    if readable:
        problems += filter(None, [await recall.words(readable)])
        progress(Stage.VERIFYING, done=2, total=STEPS)
        problems += filter(None, [await recall.meaning(readable)])
    progress(Stage.VERIFYING, done=3, total=STEPS)
    restricted = [each for each in chosen if not each.access.permits({PUB})][:SAMPLE]
    problems += await _rights(new, restricted, index)
    progress(Stage.VERIFYING, done=STEPS, total=STEPS)
    return Verified(
        problems=problems, searched=len(readable), restricted=len(restricted)
    )


# --- counts ------------------------------------------------------------------


async def _counts(
    new: Generation,
    active: Generation,
    old: Generation | None,
    index: IndexGenerations,
    projection: Projection,
) -> list[str]:
    behind = await projection.behind(new.id, of=active.id, vectors=False)
    there = {document async for document, _ in projection.live(active.id)}
    here = [each async for each in projection.live(new.id)]
    surplus = [each for each in here if each[0] not in there]
    found = await compare(new, index=index, projection=projection)
    fewer = await _fewer(found, new, old, index, projection)
    return [
        f"{len(which)} documents {what}: {names(which)}"
        for which, what in (
            (behind, f"are not in it as {active.id} has them"),
            (surplus, f"are in it and not in {active.id}"),
            (found.lacking, "lack chunks in the index"),
            (found.orphans, "have chunks in the index and are not shown"),
            (fewer, f"have fewer chunks than in {active.id}"),
        )
        if which
    ]


async def _fewer(
    found: Difference,
    new: Generation,
    old: Generation | None,
    index: IndexGenerations,
    projection: Projection,
) -> Collection[Revision]:
    """Name the documents of which the old generation holds more chunks."""
    if old is None or old.spec.chunker != new.spec.chunker:
        return ()
    try:
        before = await compare(old, index=index, projection=projection)
    except BotError:
        return ()  # it cannot be read, which is no reason to keep it
    return [
        revision
        for revision, held in found.held.items()
        if revision in before.held and before.held[revision].chunks > held.chunks
    ]


# --- access ------------------------------------------------------------------


async def _rights(
    generation: Generation, restricted: Sequence[Sample], index: PassageIndex
) -> list[str]:
    everybody = frozenset[Principal]().union(*(each.holders for each in restricted))
    hidden, open_to = [], []
    for sample in restricted:
        if sample.holders and not await _gives(
            generation, sample, sample.holders, index
        ):
            hidden.append(sample.revision)
        for others in _strangers(sample, everybody):
            if await _gives(generation, sample, others, index):
                open_to.append(sample.revision)
                break
    return [
        f"{len(which)} documents {what}: {names(which)}"
        for which, what in (
            (hidden, "are not given to those who may read them"),
            (open_to, "are given to people who may not read them"),
        )
        if which
    ]


def _strangers(
    sample: Sample, everybody: frozenset[Principal]
) -> list[AbstractSet[Principal]]:
    """Return sets of principals that may not read the document."""
    narrower = [sample.holders - layer for layer in sample.access.indexed()]
    tried = [{PUB}, {STRANGER, PUB}, everybody - sample.holders | {PUB}, *narrower]
    if not sample.holders:
        tried.append(everybody | {PUB})
    return [each for each in tried if not sample.access.permits(each)]


async def _gives(
    generation: Generation,
    sample: Sample,
    principals: AbstractSet[Principal],
    index: PassageIndex,
) -> bool:
    """Whether holders of these get the first chunk, named or searched for."""
    beside = await index.neighbours(
        generation, sample.revision, range(1), principals=principals
    )
    if beside:
        return True
    tokens = analyzer(generation.spec.analyzer)(sample.question)
    hits = await index.search_lexical(
        generation, tokens, principals=principals, limit=SAMPLE
    )
    return any(hit.chunk.id == sample.chunk.id for hit in hits)
