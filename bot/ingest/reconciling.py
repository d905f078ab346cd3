"""Brings what the index holds of a generation to what the catalogue shows of it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.core.model import DocumentId, Generation, Revision, chunk_id
from bot.core.ports import ChunkStore, IndexGenerations, Projection
from bot.core.sync import Staged
from bot.ingest.chunking import CHUNKER
from bot.ingest.progress import Progress, Stage
from bot.ingest.projecting import Projected, Projector, cut

TOGETHER = 50
"""Documents written at once."""


@dataclass(slots=True)
class Held:
    """How many chunks of one revision are stored, and the sum of their ids."""

    chunks: int = 0
    ids: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where index and catalogue differ; `held` is everything that is stored.

    `lacking` are live revisions of which chunks are missing. One that lost its last
    chunks and no other looks whole: its text says how many there should be, and
    reading all texts takes too long for every night.
    """

    held: Mapping[Revision, Held]
    lacking: Sequence[Revision]
    orphans: frozenset[Revision]


@dataclass(frozen=True, slots=True)
class Mended:
    """What was done: documents put again, and chunks deleted that nobody is shown."""

    put: int = 0
    collected: int = 0


async def compare(
    generation: Generation, /, *, index: IndexGenerations, projection: Projection
) -> Difference:
    """Walk the ids of a generation and compare them with what is live in it."""
    held: defaultdict[Revision, Held] = defaultdict(Held)
    async for chunk, revision in index.scan(generation):
        found = held[revision]
        found.chunks += 1
        found.ids += _number(chunk)
    live = [revision async for revision in projection.live(generation.id)]
    loose = held.keys() - set(live)
    kept = await projection.kept(generation.id, loose)
    damaged = [each for each in live if not _whole(each, held.get(each))]
    return Difference(
        held=held,
        lacking=await _with_text(damaged, held, projection),
        orphans=frozenset(loose - kept),
    )


async def reconcile(
    projector: Projector,
    /,
    *,
    index: IndexGenerations,
    chunks: ChunkStore,
    projection: Projection,
    progress: Progress,
) -> Mended:
    """Put what the index lacks, and delete what it holds of nothing."""
    generation = projector.generation
    found = await compare(generation, index=index, projection=projection)

    async def kept(revisions: Collection[Revision]) -> frozenset[Revision]:
        return await projection.kept(generation.id, revisions)

    collected = 0
    if found.orphans:
        collected = await chunks.collect(generation, found.orphans, kept=kept)
    for start in range(0, len(found.lacking), TOGETHER):
        progress(Stage.MENDING, done=start, total=len(found.lacking))
        part = found.lacking[start : start + TOGETHER]
        states = await projection.states(part)
        await projection.adopt(generation.id, await put(projector, states))
    return Mended(put=len(found.lacking), collected=collected)


async def put(
    projector: Projector, states: Mapping[Revision, Staged], /
) -> dict[Revision, tuple[str, bool]]:
    """Write states into a generation; return under which access, with all vectors?"""
    return shown(states, await projector.project(states, embed=True))


def shown(
    states: Mapping[Revision, Staged], projected: Projected, /
) -> dict[Revision, tuple[str, bool]]:
    """Return what a projection adopts of states that were written."""
    return {
        revision: (state.access.digest(), projected.embedded[revision[0]])
        for revision, state in states.items()
    }


def writable(generation: Generation, /) -> bool:
    """Whether this release cuts documents as the generation holds them."""
    return generation.spec.chunker == CHUNKER


def _number(chunk: str) -> int:
    return int(chunk.replace("-", ""), 16)


def _whole(revision: Revision, found: Held | None) -> bool:
    """Whether the chunks that are stored are the first ones, none left out."""
    if found is None:
        return False
    document, number = revision
    expected = (chunk_id(document, number, n) for n in range(found.chunks))
    return sum(map(_number, expected)) == found.ids


async def _with_text(
    damaged: Sequence[Revision],
    held: Mapping[Revision, Held],
    projection: Projection,
) -> list[Revision]:
    """Leave out the documents without any text: they have no chunk to be missing."""
    lacking: list[Revision] = []
    for start in range(0, len(damaged), TOGETHER):
        part = damaged[start : start + TOGETHER]
        states = await projection.states(part)
        lacking += [
            each for each in part if each in held or _says(each, states.get(each))
        ]
    return lacking


def _says(revision: Revision, state: Staged | None) -> bool:
    return state is not None and bool(cut(revision, state))


def names(revisions: Collection[Revision], /) -> str:
    """Name a few documents for the operator."""
    few: list[DocumentId] = sorted({document for document, _ in revisions})[:3]
    more = " …" if len(few) < len({document for document, _ in revisions}) else ""
    return ", ".join(few) + more
