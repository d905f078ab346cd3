"""Everything one `shirube sync` does: a generation to write to, sources, upkeep."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.core.errors import ConfigError, Unavailable
from bot.core.model import EmbeddingSpec, Generation, GenerationSpec
from bot.core.ports import Embedder, VectorCache
from bot.core.sync import RunState, SyncReport
from bot.ingest import generations
from bot.ingest.chunking import CHUNKER
from bot.ingest.forgetting import forget
from bot.ingest.generations import Build
from bot.ingest.plan import Listing, SyncPlan
from bot.ingest.progress import Progress
from bot.ingest.sync import Policy, Stores, Sync
from bot.ingest.vectors import Vectors
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

    async def prepare(self, *, progress: Progress, rebuild: bool = False) -> Prepared:
        """Make sure there is an active generation made with what is set now.

        A change of backend, analyzer, chunker or embedding model, or an index that
        was lost, builds a new one from the state database; `rebuild` does so in any
        case.
        """
        active = await self._build.generations.active()
        wanted, problem = await self._wanted(active)
        reason = "it was asked for" if active and rebuild else None
        if active is not None and reason is None:
            reason = generations.outdated(active, wanted)
            reason = reason or await generations.lost(active, self._build)
        if reason is None:
            generation = await generations.ensure(wanted, self._build)
        else:
            vectors = self._vectors(wanted.embedding)
            generation = await generations.rebuild(
                wanted, vectors, self._build, progress=progress
            )
        return Prepared(generation=generation, rebuilt=reason, without_vectors=problem)

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
        if self._embedder is not None and generation.spec.embedding and written:
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

    async def _embedding(self) -> tuple[EmbeddingSpec | None, str | None]:
        if self._embedder is None:
            return None, None
        try:
            return await self._embedder.spec(), None
        except (Unavailable, ConfigError) as error:
            return None, str(error)

    def _vectors(self, spec: EmbeddingSpec | None) -> Vectors | None:
        if spec is None:
            return None
        return Vectors(cache=self._cache, embedder=self._embedder, spec=spec)

    def _sync(self, source: str, connector: Connector, generation: Generation) -> Sync:
        return Sync(
            source=source,
            connector=connector,
            stores=self._stores,
            generation=generation,
            vectors=self._vectors(generation.spec.embedding),
            clock=self._clock,
        )
