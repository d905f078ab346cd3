"""Everything one `shirube sync` does: a generation to write to, sources, upkeep."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.errors import ConfigError, Unavailable
from bot.core.model import EmbeddingSpec, Generation, GenerationId, GenerationSpec
from bot.core.ports import Embedder, VectorCache
from bot.core.sync import RunState, SyncReport
from bot.ingest import building, generations
from bot.ingest.building import Built
from bot.ingest.chunking import CHUNKER
from bot.ingest.forgetting import forget
from bot.ingest.generations import Build
from bot.ingest.plan import Listing, SyncPlan
from bot.ingest.progress import Progress
from bot.ingest.projecting import Projector
from bot.ingest.reconciling import Mended, reconcile
from bot.ingest.sync import Policy, Stores, Sync
from bot.ingest.vectors import Vectors
from bot.ingest.verifying import Verified
from bot.text.tokens import ANALYZER
from connectors.api import Connector


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The generation that is synced into, and why it was built anew, if it was."""

    generation: Generation
    rebuilt: str | None
    without_vectors: str | None


class Engine:
    """Syncs sources one after the other; the caller holds the writer lock."""

    def __init__(
        self,
        *,
        backend: str,
        build: Build,
        stores: Stores,
        cache: VectorCache,
        embedder: Embedder | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._backend = backend
        self._build = build
        self._stores = stores
        self._cache = cache
        self._embedder = embedder
        self._clock = clock
        self._made_by: EmbeddingSpec | None = None

    async def prepare(self, *, progress: Progress, rebuild: bool = False) -> Prepared:
        """Make sure there is an active generation made with what is set now.

        A change of backend, analyzer, chunker or embedding model, or an index that
        was lost, builds a new one from the state database; `rebuild` does so in any
        case.
        """
        await building.tidied(self._build)
        active = await self._build.generations.active()
        wanted, problem = await self._wanted(active)
        reason, doubt = None, None
        if active is not None:
            doubt = "it was asked for" if rebuild else None
            reason = doubt or generations.outdated(active, wanted)
        if active is not None and reason is None:
            reason = doubt = await generations.lost(active, self._build)
        if active is None or reason is None:
            generation = await generations.ensure(wanted, self._build)
        else:
            # What is in doubt is nothing to hold a new one against.
            generation = await building.replace(
                wanted,
                replace(active, rebuild=active.rebuild or doubt),
                self._vectors(wanted.embedding),
                self._build,
                progress=progress,
            )
        return Prepared(generation=generation, rebuilt=reason, without_vectors=problem)

    async def build(
        self, *, progress: Progress, backend: str | None = None
    ) -> tuple[Built, str | None]:
        """Fill a generation that answers later, and say why without vectors.

        What an earlier build of the same kind left is completed.
        """
        active = await self._active()
        wanted, problem = await self._wanted(active)
        wanted = replace(wanted, backend=backend or wanted.backend)
        target = await building.begun(wanted, self._build)
        vectors = self._vectors(wanted.embedding)
        built = await building.complete(
            target, active, vectors, self._build, progress=progress
        )
        if active.spec.embedding and not wanted.embedding:
            problem = (
                f"no embedding model is set: {active.id} has vectors, this has none"
            )
        return built, problem

    async def activate(
        self, name: GenerationId, /, *, progress: Progress
    ) -> tuple[Built, Verified]:
        """Complete a spare generation, verify it and let it answer from now on.

        The one that answered stays, to go back to. Raises `Conflict` where it is not
        found good and where another one was activated meanwhile.
        """
        active = await self._active()
        await self._wanted(active)
        target = await self._spare(name)
        if target.rebuild:
            raise ConfigError(
                f"generation {name} must not be used: {target.rebuild}; "
                f"`shirube index drop {name}`, then `shirube index build`"
            )
        vectors = self._vectors(target.spec.embedding)
        built = await building.complete(
            target, active, vectors, self._build, progress=progress
        )
        found = await building.activate(
            target, active, vectors, self._build, progress=progress
        )
        return built, found

    async def lost(self, generation: Generation, /) -> bool:
        """Say whether the index lost much of what it held; looks at a sample."""
        return await generations.lost(generation, self._build) is not None

    async def outdated(self, generation: Generation, /) -> str | None:
        """Say why the next sync would build another generation, or return None."""
        wanted, _ = await self._wanted(generation)
        return generations.outdated(generation, wanted)

    async def drop(self, name: GenerationId, /) -> None:
        """Delete a generation that does not answer."""
        active = await self._build.generations.active()
        answers = active is not None and active.id == name
        target = active if answers and active else await self._spare(name)
        await building.drop(target, self._build)

    async def reconcile(
        self, generation: Generation, /, *, progress: Progress
    ) -> Mended:
        """Bring what the index holds to what the catalogue shows."""
        projector = Projector(
            store=self._build.chunks,
            generation=generation,
            vectors=self._vectors(generation.spec.embedding),
        )
        return await reconcile(
            projector,
            index=self._build.index,
            chunks=self._build.chunks,
            projection=self._build.projection,
            progress=progress,
        )

    async def restore(self, *, progress: Progress) -> None:
        """Fill an index that keeps nothing between two starts, fetching nothing."""
        active = await self._build.generations.active()
        if active is not None:
            vectors = self._vectors(active.spec.embedding)
            await generations.restore(active, vectors, self._build, progress=progress)

    async def sync(
        self,
        source: str,
        connector: Connector,
        generation: Generation,
        policy: Policy,
        /,
        *,
        progress: Progress,
    ) -> SyncReport:
        """Sync one source into the generation."""
        sync = self._sync(source, connector, generation)
        return await sync.run(policy, progress=progress)

    async def preview(
        self,
        source: str,
        connector: Connector,
        /,
        *,
        progress: Progress,
    ) -> tuple[Listing, SyncPlan]:
        """Say what a sync would do; the most that is made is an empty generation."""
        active = await self._build.generations.active()
        wanted, _ = await self._wanted(active)
        generation = active or await generations.ensure(wanted, self._build)
        return await self._sync(source, connector, generation).preview(
            progress=progress
        )

    async def forget(self, source: str, /) -> SyncReport:
        """Take a source out of the answers, whether or not its index is there."""
        active = await self._build.generations.active()
        if active is None:
            return SyncReport(source=source, state=RunState.FINISHED)
        return await forget(source, active, self._stores, clock=self._clock)

    async def finish(self, generation: Generation, /, *, written: int) -> Generation:
        """Keep the index up if chunks were written, and probe the embedding model."""
        if written:
            await self._build.index.maintain(generation)
        mine = generation.spec.embedding == self._made_by
        if self._embedder is not None and self._made_by and mine and written:
            try:
                await generations.probe(generation, self._embedder, self._build)
            except Unavailable:
                return generation  # the next sync probes again
        return await self._build.generations.active() or generation

    async def _wanted(
        self, active: Generation | None
    ) -> tuple[GenerationSpec, str | None]:
        """Say what a generation would be made with now, and why without vectors."""
        embedding, problem = await self._embedding()
        if active is not None and problem:
            # A host that is down keeps the vectors there are in the cache.
            embedding = active.spec.embedding
        wanted = GenerationSpec(
            analyzer=ANALYZER,
            chunker=CHUNKER,
            backend=self._backend,
            embedding=embedding,
        )
        return wanted, problem

    async def _active(self) -> Generation:
        active = await self._build.generations.active()
        if active is None:
            raise ConfigError("nothing was synced yet; run `shirube sync` first")
        return active

    async def _spare(self, name: GenerationId) -> Generation:
        spare = {each.id: each for each in await self._build.generations.spare()}
        if name not in spare:
            names = ", ".join(spare) or "none"
            raise ConfigError(
                f"there is no spare generation {name!r}; spare are: {names}"
            )
        return spare[name]

    async def _embedding(self) -> tuple[EmbeddingSpec | None, str | None]:
        if self._embedder is None:
            return None, None
        try:
            self._made_by = await self._embedder.spec()
        except (Unavailable, ConfigError) as error:
            return None, str(error)
        return self._made_by, None

    def _vectors(self, spec: EmbeddingSpec | None) -> Vectors | None:
        if spec is None:
            return None
        # The cache must never get vectors of one model under the name of another.
        embedder = self._embedder if spec == self._made_by else None
        return Vectors(cache=self._cache, embedder=embedder, spec=spec)

    def _sync(self, source: str, connector: Connector, generation: Generation) -> Sync:
        return Sync(
            source=source,
            connector=connector,
            stores=self._stores,
            generation=generation,
            vectors=self._vectors(generation.spec.embedding),
            clock=self._clock,
        )
