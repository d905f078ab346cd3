"""The whole house without a terminal: state, index, engine and answers together."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.answering.pipeline import Answering
from bot.answering.retrieval import Orphans, Retrieval, uncounted
from bot.app.rooms import Index
from bot.backends.memory import MemoryIndex
from bot.core.access import Access, Audience, Principal
from bot.core.model import (
    ChunkId,
    ChunkRecord,
    ConversationId,
    Declined,
    DocumentId,
    Finished,
    Generation,
    Question,
    Revision,
)
from bot.core.ports import Embedder, Kept, LanguageModel
from bot.core.sync import SyncReport
from bot.ingest.engine import Engine
from bot.ingest.generations import Build
from bot.ingest.progress import silent
from bot.ingest.sync import Policy, Stores
from bot.state.store import State, open_state
from bot.text.language import detect
from connectors.api import Connector

UNASKED = Policy()
NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)


class Killed(BaseException):
    """Ends a run like a kill: nothing of ours handles it."""


@dataclass(slots=True)
class Writes:
    """A chunk store that counts, and dies before or after the n-th write."""

    store: Index
    puts: int = 0
    other: int = 0
    dies_before: int | None = None
    dies_after: int | None = None
    calls: list[str] = field(default_factory=list)

    async def put(
        self, generation: Generation, records: Sequence[ChunkRecord], /
    ) -> None:
        self._before("put")
        await self.store.put(generation, records)
        self.puts += 1
        self._after()

    async def missing(
        self, generation: Generation, ids: Collection[ChunkId], /
    ) -> frozenset[ChunkId]:
        return await self.store.missing(generation, ids)

    async def set_access(
        self, generation: Generation, access: Mapping[DocumentId, Access], /
    ) -> int:
        self._before("set_access")
        changed = await self.store.set_access(generation, access)
        self.other += 1
        self._after()
        return changed

    async def collect(
        self, generation: Generation, revisions: Collection[Revision], /, *, kept: Kept
    ) -> int:
        self._before("collect")
        deleted = await self.store.collect(generation, revisions, kept=kept)
        self.other += 1
        self._after()
        return deleted

    def _before(self, name: str) -> None:
        if self.dies_before == len(self.calls):
            raise Killed
        self.calls.append(name)

    def _after(self) -> None:
        if self.dies_after == len(self.calls) - 1:
            raise Killed


@dataclass(slots=True)
class House:
    """Syncs sources and answers questions, at a time that the test sets."""

    state: State
    index: Index
    writes: Writes
    embedder: Embedder | None = None
    model: LanguageModel | None = None
    now: datetime = NOW
    orphans: Orphans = uncounted

    async def sync(
        self,
        connector: Connector,
        policy: Policy = UNASKED,
        *,
        source: str = "handbook",
    ) -> SyncReport:
        """Do what `shirube sync` does."""
        engine = self.engine()
        prepared = await engine.prepare(progress=silent)
        report = await engine.sync(
            source, connector, prepared.generation, policy, progress=silent
        )
        await engine.finish(prepared.generation, written=report.chunks_written)
        return report

    def engine(self) -> Engine:
        """Return the engine as the app builds it."""
        return Engine(
            backend="memory",
            build=Build(
                generations=self.state.generations,
                index=self.index,
                chunks=self.writes,
                projection=self.state.projection,
            ),
            stores=Stores(
                ledger=self.state.ledger,
                runs=self.state.runs,
                projection=self.state.projection,
                quarantine=self.state.quarantine,
                chunks=self.writes,
            ),
            cache=self.state.vectors,
            embedder=self.embedder,
            clock=self.clock,
        )

    def clock(self) -> datetime:
        """Return the time and let a second pass."""
        self.now += timedelta(seconds=1)
        return self.now

    def answering(self) -> Answering:
        """Return the pipeline as the app builds it."""
        return Answering(
            retrieval=Retrieval(
                index=self.index,
                catalogue=self.state.catalogue,
                embedder=self.embedder,
                orphans=self.orphans,
            ),
            index=self.index,
            catalogue=self.state.catalogue,
            generations=self.state.generations,
            model=self.model,
            lost=self.engine().lost,
        )

    async def ask(
        self, text: str, *, holding: Collection[str] = ("pub",)
    ) -> Finished | Declined:
        """Ask as somebody who holds these principals."""
        question = Question(
            id=text,
            text=text,
            language=detect(text),
            audience=Audience(principals=frozenset(map(Principal, holding))),
            asked_at=self.now,
            conversation=ConversationId("test"),
        )
        async for event in self.answering().answer(question):
            if isinstance(event, Finished | Declined):
                return event
        raise AssertionError("no outcome")

    async def stored(self) -> set[Revision]:
        """Return every revision of which the index holds chunks."""
        generation = await self.state.generations.active()
        assert generation is not None
        return {revision async for _, revision in self.index.scan(generation)}


@asynccontextmanager
async def house(
    folder: Path,
    *,
    index: Index | None = None,
    embedder: Embedder | None = None,
    model: LanguageModel | None = None,
    orphans: Orphans = uncounted,
) -> AsyncIterator[House]:
    """Open a house over a data folder; give the same index to open it again."""
    chunks = index or MemoryIndex()
    async with open_state(folder, clock=lambda: NOW) as state:
        yield House(
            state=state,
            index=chunks,
            writes=Writes(chunks),
            embedder=embedder,
            model=model,
            orphans=orphans,
        )
