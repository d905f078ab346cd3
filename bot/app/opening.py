"""Opens everything that the settings name, and closes it again."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from bot.answering.retrieval import Orphans, uncounted
from bot.app import models, stores
from bot.app.answers import answering
from bot.app.rooms import Rooms
from bot.app.running import App, now
from bot.backends.yielding import YieldingEmbedder
from bot.core.ports import ActiveGeneration, Catalogue, Embedder, PassageIndex
from bot.ingest.engine import Engine
from bot.ingest.generations import Build
from bot.ingest.progress import silent
from bot.ingest.sync import Stores
from bot.settings import Settings
from bot.state.store import LEASE_SECONDS, State


@dataclass(frozen=True, slots=True, kw_only=True)
class _Live:
    """The team's own documents."""

    index: PassageIndex
    catalogue: Catalogue
    generations: ActiveGeneration
    embedder: Embedder | None


@asynccontextmanager
async def opened(
    settings: Settings,
    /,
    *,
    writing: bool = False,
    holder: str = "sync",
    lease_seconds: float = LEASE_SECONDS,
    clock: Callable[[], datetime] = now,
    orphans: Orphans = uncounted,
) -> AsyncIterator[App]:
    """Open everything, and close it again in reverse order.

    `writing` takes the writer lock, which one process can hold; `holder` says what
    it does; `orphans` counts what searches find of nothing live. The index is
    reached at its first use, where the active generation lies.
    """
    async with AsyncExitStack() as stack:
        state = await stores.state(
            settings,
            stack,
            writing=writing,
            holder=holder,
            clock=clock,
            lease_seconds=lease_seconds,
        )
        index = stores.index(settings, stack, writing=writing)
        hosted = await models.models(settings, stack, generations=state.generations)
        live = _live(state, index, hosted)
        engine = _engine(
            settings=settings,
            state=state,
            index=index,
            embedder=_yielding(hosted.documents, state),
            clock=clock,
        )
        await _restore(engine, state)
        written = answering(live, hosted.gate, orphans=orphans)
        yield App(
            settings=settings,
            state=state,
            index=index,
            models=hosted,
            engine=engine,
            answering=replace(written, lost=engine.lost),
            clock=clock,
        )


def _live(state: State, index: PassageIndex, hosted: models.Models) -> _Live:
    return _Live(
        index=index,
        catalogue=state.catalogue,
        generations=state.generations,
        embedder=hosted.questions,
    )


async def _restore(engine: Engine, state: State) -> None:
    """Fill the index anew where it was in the memory of a process that has ended."""
    active = await state.generations.active()
    if active is not None and active.spec.backend == "memory":
        await engine.restore(progress=silent)


def _yielding(embedder: Embedder | None, state: State) -> Embedder | None:
    """Return what embeds documents, and lets the questions of any process go first."""
    return embedder and YieldingEmbedder(embedder, questions=state.line)


def _engine(
    *,
    settings: Settings,
    state: State,
    index: Rooms,
    embedder: Embedder | None,
    clock: Callable[[], datetime],
) -> Engine:
    stores = Stores(
        ledger=state.ledger,
        runs=state.runs,
        projection=state.projection,
        quarantine=state.quarantine,
        chunks=index,
    )
    build = Build(
        generations=state.generations,
        index=index,
        chunks=index,
        projection=state.projection,
    )
    return Engine(
        backend=settings.index.backend,
        build=build,
        stores=stores,
        cache=state.vectors,
        embedder=embedder,
        clock=clock,
    )
