"""Fills in the vectors of what was published without them."""

from dataclasses import dataclass

from bot.core.ports import Projection
from bot.ingest.progress import Progress, Stage
from bot.ingest.projecting import Projector

TOGETHER = 20
"""Documents whose vectors are filled in by one write."""


@dataclass(slots=True)
class Filled:
    """What a pass wrote, in chunks, and what it had to leave, in documents."""

    chunks: int = 0
    pending: int = 0


async def fill_in(
    source: str, *, projector: Projector, projection: Projection, progress: Progress
) -> Filled:
    """Embed the live documents of a source that lack vectors, as far as the host goes.

    The text comes from the state database: nothing is fetched for it.
    """
    generation = projector.generation.id
    total = await projection.pending(generation, source=source)
    filled = Filled(pending=total)
    vectors = projector.vectors
    while vectors is not None and vectors.available and filled.pending:
        progress(Stage.EMBEDDING, done=total - filled.pending, total=total)
        revisions = await projection.unembedded(
            generation, source=source, limit=TOGETHER
        )
        states = await projection.states(revisions)
        if not states:
            break
        projected = await projector.project(states, embed=True)
        # The chunks were put again under the access that the catalogue enforces.
        await projection.indexed(
            generation,
            access={name: state.access.digest() for (name, _), state in states.items()},
            embedded=[pair for pair in states if projected.embedded[pair[0]]],
        )
        filled.chunks += projected.chunks
        filled.pending = await projection.pending(generation, source=source)
    if total:
        progress(Stage.EMBEDDING, done=total - filled.pending, total=total)
    return filled
