"""Makes sure that there is a generation to sync into, and that it is still good."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from bot.core.errors import Gone
from bot.core.model import (
    Generation,
    GenerationSpec,
    Language,
    Revision,
    chunk_id,
)
from bot.core.ports import (
    ChunkStore,
    Embedder,
    Generations,
    Projection,
)
from bot.ingest.probe import alpha
from bot.ingest.progress import Progress, Stage
from bot.ingest.projecting import Projector, cut
from bot.ingest.reconciling import TOGETHER, put
from bot.ingest.vectors import Vectors
from bot.ingest.verifying import Walkable

LOOKED_AT = 200
"""Live documents whose first chunks tell whether the index was lost."""

FEW = 0.1
"""So large a share of them that lacks chunks is mended; more means a new index."""

PAIRS = 40
"""Title and first paragraph of so many documents a language probe the model.

About half of them tell something: see `bot.ingest.probe`.
"""

_LOST = "the index had lost documents that are live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """The ports that generations are made with."""

    generations: Generations
    index: Walkable
    chunks: ChunkStore
    projection: Projection


async def ensure(wanted: GenerationSpec, build: Build, /) -> Generation:
    """Return the active generation; the first one is made and activated here."""
    active = await build.generations.active()
    if active is None:
        active = await made(wanted, build)
        await build.generations.activate(active.id, expected=None)
    else:
        await build.index.create(active)
    return active


def outdated(active: Generation, wanted: GenerationSpec) -> str | None:
    """Say why a new generation should be built, or return None.

    A model host that is down is no reason: the vectors of before stay good.
    """
    if active.rebuild:
        return active.rebuild
    for part in ("backend", "analyzer", "chunker", "schema"):
        before, now = getattr(active.spec, part), getattr(wanted, part)
        if before != now:
            return f"the {part} changed from {before} to {now}"
    embedding = active.spec.embedding
    if wanted.embedding is None or embedding == wanted.embedding:
        return None
    if embedding is None:
        return f"the embedding model {wanted.embedding.model} is available now"
    return (
        f"the embedding model changed from {embedding.model} "
        f"to {wanted.embedding.model}"
    )


async def lost(active: Generation, build: Build, /) -> str | None:
    """Say that the index lost what it held, or return None.

    Looks at a sample: this finds an index that was deleted or put back from a
    backup; single chunks are mended every night. A generation that is gone is not
    made again: while it was empty, every answer would be that nothing is known.
    """
    first = {
        chunk_id(document, revision, 0): (document, revision)
        async for document, revision in _some_live(active, build)
    }
    try:
        gone = await build.chunks.missing(active, first) if first else ()
    except Gone:
        return _LOST
    states = await build.projection.states([first[chunk] for chunk in gone])
    missing = sum(bool(cut(key, state)) for key, state in states.items())
    return _LOST if missing > FEW * len(first) else None


async def restore(
    active: Generation,
    vectors: Vectors | None,
    build: Build,
    /,
    *,
    progress: Progress,
) -> None:
    """Write everything that is live into the active generation again."""
    await build.index.create(active)
    projector = Projector(store=build.chunks, generation=active, vectors=vectors)
    revisions = [revision async for revision in build.projection.live(active.id)]
    for start in range(0, len(revisions), TOGETHER):
        progress(Stage.REBUILDING, done=start, total=len(revisions))
        part = revisions[start : start + TOGETHER]
        await put(projector, await build.projection.states(part))
    progress(Stage.REBUILDING, done=len(revisions), total=len(revisions))


async def probe(
    generation: Generation, embedder: Embedder, build: Build, /
) -> Mapping[Language, float]:
    """Find out, and record, which languages the embedding model speaks."""
    samples: dict[Language, list[tuple[str, str]]] = {}
    async for revision in build.projection.live(generation.id):
        state = await build.projection.staged(revision)
        if state is None:
            continue
        pairs = samples.setdefault(state.language, [])
        paragraph = first_paragraph(state.markdown)
        if paragraph and len(pairs) < PAIRS:
            pairs.append((state.title, paragraph))
        if all(len(samples.get(language, ())) >= PAIRS for language in Language):
            break
    found = await alpha(samples, embedder)
    await build.generations.set_alpha(generation.id, found)
    return found


def first_paragraph(markdown: str) -> str:
    """Return the first block that is neither a heading nor a marker."""
    for block in markdown.split("\n\n"):
        text = "\n".join(
            line for line in block.splitlines() if not line.startswith(("#", "---"))
        ).strip()
        if len(text) > 1:
            return text
    return ""


async def made(wanted: GenerationSpec, build: Build, /) -> Generation:
    """Register a new generation and make room for it."""
    made = await build.generations.create(wanted)
    # A state database that was lost, and begun anew, gives its names a second time:
    # what the index still holds under this one is of the first.
    await build.index.drop(made)
    await build.index.create(made)
    return made


async def _some_live(active: Generation, build: Build) -> AsyncIterator[Revision]:
    left = LOOKED_AT
    async for revision in build.projection.live(active.id):
        yield revision
        left -= 1
        if not left:
            return
