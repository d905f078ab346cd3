"""How the index stands against the catalogue."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, Protocol

from bot.core.model import Generation, Language, Revision, chunk_id
from bot.core.ports import ChunkStore, IndexGenerations, Projection
from bot.ingest.projecting import cut
from bot.ops.check import Finding, Speaker
from bot.text import findings as say

SECONDS: Final = 5.0
"""How long the index is walked before a sample has to do."""

SAMPLE: Final = 200
"""Documents of a sample."""


class Walked(ChunkStore, IndexGenerations, Protocol):
    """What the comparison asks of an index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How the index differs from the catalogue, in revisions.

    `chunks` and `documents` were compared: all of them if `whole`.
    """

    documents: int
    chunks: int
    lacking: int
    orphans: int
    whole: bool = True


async def drift(
    generation: Generation,
    /,
    *,
    index: Walked,
    projection: Projection,
    seconds: float | None = None,
) -> Drift:
    """Compare what is stored with what is live and staged.

    After `seconds` the walk ends, and a sample of the documents is looked for. A
    live document without text has no chunks and does not count as lacking.
    """
    chunks, whole = 0, False
    stored: set[Revision] = set()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            async for _, revision in index.scan(generation):
                chunks += 1
                stored.add(revision)
            whole = True
    live = {
        revision
        async for revision in _first(
            projection.live(generation.id), None if whole else SAMPLE
        )
    }
    gone = live - stored if whole else await _missing(generation, live, index)
    kept = await projection.kept(generation.id, stored)
    lacking = [revision for revision in gone if await _has_text(revision, projection)]
    return Drift(
        documents=len(live),
        chunks=chunks,
        lacking=len(lacking),
        orphans=len(stored - kept),
        whole=whole,
    )


def drift_findings(found: Drift, language: Language, /) -> list[Finding]:
    """Say what the index lacks, and what it has too much."""
    speaker, findings = Speaker(language), []
    if not found.whole:
        findings.append(
            speaker.ok(say.IN_PART, chunks=found.chunks, documents=found.documents)
        )
    if found.lacking:
        findings.append(speaker.error(say.LACKING, count=found.lacking))
    if found.orphans:
        findings.append(speaker.warning(say.ORPHANS, count=found.orphans))
    return findings


async def _missing(
    generation: Generation, live: set[Revision], index: ChunkStore
) -> set[Revision]:
    """Return those whose first chunk is not there."""
    first = {chunk_id(*revision, 0): revision for revision in live}
    return {first[chunk] for chunk in await index.missing(generation, list(first))}


async def _first(
    revisions: AsyncIterator[Revision], most: int | None
) -> AsyncIterator[Revision]:
    count = 0
    async for revision in revisions:
        if count == most:
            return
        yield revision
        count += 1


async def _has_text(revision: Revision, projection: Projection) -> bool:
    state = await projection.staged(revision)
    return state is not None and bool(cut(revision, state))
