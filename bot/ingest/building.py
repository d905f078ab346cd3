"""Builds a generation from what the state database holds, and lets it answer.

Whatever stops a build, the next one for the same spec goes on where it stopped.
"""

from collections.abc import Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass

from bot.core.errors import ConfigError, Conflict, Unavailable
from bot.core.model import Generation, GenerationId, GenerationSpec, Revision
from bot.ingest import enforcing, generations
from bot.ingest.generations import Build
from bot.ingest.progress import Progress, Stage
from bot.ingest.projecting import Projector, ahead
from bot.ingest.reconciling import Mended, reconcile, shown, writable
from bot.ingest.vectors import Vectors
from bot.ingest.verifying import Verified, verify

TOGETHER = 50
"""Documents written at once: what a build that is killed does again, at most."""

REPLACED = "a sync built another one in its place"


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A generation that shows what the active one shows.

    `written` documents had to be written for it; `pending` lack vectors.
    """

    generation: Generation
    documents: int
    written: int
    pending: int
    mended: Mended


async def begun(
    wanted: GenerationSpec, build: Build, /, *, unused: bool = False
) -> Generation:
    """Return the spare generation of that spec, or a new one.

    With `unused`, one that answered before is left as it is.
    """
    for each in reversed(await build.generations.builds()):
        spare = each.generation
        usable = not (each.active or spare.rebuild or (unused and each.synced))
        if usable and spare.spec == wanted:
            return spare
    return await generations.made(wanted, build)


async def complete(
    target: Generation,
    active: Generation,
    vectors: Vectors | None,
    build: Build,
    /,
    *,
    progress: Progress,
) -> Built:
    """Bring a generation to what the active one shows, fetching nothing.

    Only what it lacks is written; what it holds of nothing is deleted.
    """
    await build.index.create(target)
    projector = Projector(store=build.chunks, generation=target, vectors=vectors)
    available = vectors is not None and vectors.available
    behind = await build.projection.behind(target.id, of=active.id, vectors=available)
    total = await _count(active.id, build)
    if behind and not writable(target):
        raise ConfigError(
            f"generation {target.id} was cut by {target.spec.chunker}, as this release "
            f"does not, and lacks {len(behind)} documents; `shirube index build` "
            "builds another one"
        )
    await _write(behind, total, projector, build, progress)
    await enforcing.collect(
        generation=target, projection=build.projection, chunks=build.chunks
    )
    mended = await reconcile(
        projector,
        index=build.index,
        chunks=build.chunks,
        projection=build.projection,
        progress=progress,
    )
    if behind or mended != Mended():
        await build.index.maintain(target)
    await _weigh(target, active, vectors, build)
    pending = await build.projection.behind(target.id, of=active.id, vectors=True)
    return Built(
        generation=target,
        documents=total,
        written=len(behind),
        pending=len(pending),
        mended=mended,
    )


async def activate(
    target: Generation,
    active: Generation,
    vectors: Vectors | None,
    build: Build,
    /,
    *,
    progress: Progress,
    replaced: str | None = None,
) -> Verified:
    """Let a generation answer instead of the active one, if it is found good.

    Raises `Conflict` with what is wrong, and also if another generation was
    activated meanwhile; then nothing has changed. `replaced` says why the old one
    must not be used again, if it must not.
    """
    found = await verify(
        target,
        active,
        vectors,
        index=build.index,
        projection=build.projection,
        progress=progress,
    )
    if found.problems:
        raise Conflict(
            f"generation {target.id} was not made active, {active.id} still answers: "
            + "; ".join(found.problems)
            + f"; `shirube index drop {target.id}`, then `shirube index build`"
        )
    await build.generations.activate(target.id, expected=active.id, replaced=replaced)
    return found


async def drop(generation: Generation, build: Build, /) -> None:
    """Delete a generation that does not answer, from the index and the state."""
    active = await build.generations.active()
    if active is not None and active.id == generation.id:
        raise Conflict(
            f"generation {generation.id} answers questions now; activate another one "
            "before you drop it"
        )
    await build.index.drop(generation)
    await build.generations.retire(generation.id)


async def replace(
    wanted: GenerationSpec,
    active: Generation,
    vectors: Vectors | None,
    build: Build,
    /,
    *,
    progress: Progress,
) -> Generation:
    """Build a generation and make it the active one.

    The old one answers meanwhile, and stays until `tidied`: answers that are being
    written still look at it. Raises `Unavailable` where the model host stopped
    answering: the next call goes on there.
    """
    target = await begun(wanted, build, unused=active.rebuild is not None)
    built = await complete(target, active, vectors, build, progress=progress)
    if built.pending and vectors is not None and vectors.failed:
        raise Unavailable(
            f"the model host stopped answering while generation {target.id} was built: "
            f"{built.pending} of {built.documents} documents lack vectors, and "
            f"{active.id} still answers; run `shirube sync` again to go on"
        )
    await activate(target, active, vectors, build, progress=progress, replaced=REPLACED)
    return await build.generations.active() or target


async def tidied(build: Build, /) -> None:
    """Drop the generations that must not be used again, where they can be reached."""
    for spare in await build.generations.spare():
        if spare.rebuild:
            with suppress(Unavailable):  # `index list` shows what could not be
                await drop(spare, build)


async def _weigh(
    target: Generation, active: Generation, vectors: Vectors | None, build: Build
) -> None:
    """Give a new generation the weights of its vectors before it answers."""
    if target.alpha or target.spec.embedding is None:
        return
    if target.spec.embedding == active.spec.embedding:
        await build.generations.set_alpha(target.id, active.alpha)
    elif vectors is not None and vectors.embedder is not None:
        with suppress(Unavailable):  # the next sync probes
            await generations.probe(target, vectors.embedder, build)


async def _count(generation: GenerationId, build: Build) -> int:
    return sum([1 async for _ in build.projection.live(generation)])


async def _write(
    behind: Sequence[Revision],
    total: int,
    projector: Projector,
    build: Build,
    progress: Progress,
) -> None:
    target = projector.generation.id
    done = total - len(behind)
    parts = [behind[n : n + TOGETHER] for n in range(0, len(behind), TOGETHER)]
    async with aclosing(ahead(projector, parts, build.projection.states)) as ready:
        async for part in ready:
            progress(Stage.REBUILDING, done=done, total=total)
            adopted = shown(part.states, await projector.put(part))
            await build.projection.adopt(target, adopted)
            done += len(part.states)
    if behind:
        progress(Stage.REBUILDING, done=total, total=total)
