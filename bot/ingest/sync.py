"""A source becomes live documents: the story of one sync run."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from bot.core.access import NOBODY, Access
from bot.core.errors import BotError
from bot.core.model import DocumentId, Generation, RunId
from bot.core.ports import ChunkStore, Ledger, Projection, Quarantine, Runs
from bot.core.sync import Failure, Known, RunState, SyncReport
from bot.ingest import plan as planning
from bot.ingest.embedding import fill_in
from bot.ingest.enforcing import Enforcer, collect
from bot.ingest.plan import Listing, SyncPlan
from bot.ingest.progress import Progress, Stage, silent
from bot.ingest.projecting import Projector
from bot.ingest.publishing import Batch, Publisher
from bot.ingest.reading import Reader, reading
from bot.ingest.staging import staged
from bot.ingest.vectors import Vectors
from bot.telemetry import SYNC_FINISHED
from connectors.api import Connector, Entry, Failed
from connectors.errors import SourceError

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the operator allows a run to do without asking again."""

    removals: bool = False
    widening: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """The ports a sync writes through."""

    ledger: Ledger
    runs: Runs
    projection: Projection
    quarantine: Quarantine
    chunks: ChunkStore


@dataclass(slots=True)
class Tally:
    """What a run has done so far; becomes its report."""

    report: SyncReport
    failures: list[Failure] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    contents: set[str] = field(default_factory=set)

    def count(self, **more: int) -> None:
        """Add to counters of the report."""
        counters = {name: getattr(self.report, name) + n for name, n in more.items()}
        self.report = replace(self.report, **counters)

    def begin(self, listed: Listing, work: SyncPlan) -> None:
        """Note what was listed and what is to do."""
        self.failures += listed.failures
        self.report = replace(
            self.report,
            state=RunState.FINISHED if listed.complete else RunState.INCOMPLETE,
            detail=listed.detail,
            listed=len(listed.entries),
            unchanged=work.unchanged,
            denied=sum(
                planning.access_of(entry.layers) == NOBODY
                for entry in listed.entries.values()
            ),
            access_changed=len(work.tighten),
            warnings=listed.warnings,
        )


class Sync:
    """Syncs one source into one generation.

    Whatever happens, what was published before stays: a document changes whole or
    not at all, and removals and wider access come last, after a complete listing.
    """

    def __init__(
        self,
        *,
        source: str,
        connector: Connector,
        stores: Stores,
        generation: Generation,
        vectors: Vectors | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._source = source
        self._connector = connector
        self._stores = stores
        self._generation = generation
        self._vectors = vectors
        self._clock = clock
        self._projector = Projector(
            store=stores.chunks, generation=generation, vectors=vectors
        )

    async def run(
        self, policy: Policy, /, *, progress: Progress = silent
    ) -> SyncReport:
        """Do one run and report it; a source that fails is a report, not an error.

        Raises what the state database or the index raise, after closing the run;
        the next run goes on where this one stopped.
        """
        run = await self._begin()
        tally = Tally(SyncReport(source=self._source, state=RunState.FINISHED))
        try:
            checkpoint = await self._read(run, policy, tally, progress)
            await self._fill_in(tally, progress)
            await self._clean()
        except asyncio.CancelledError:
            await asyncio.shield(self._close(run, tally, state=RunState.CANCELLED))
            raise
        except SourceError as error:
            return await self._close(
                run, tally, state=RunState.FAILED, detail=str(error)
            )
        except BotError as error:
            await self._close(run, tally, state=RunState.FAILED, detail=str(error))
            raise
        return await self._close(run, tally, checkpoint=checkpoint)

    async def preview(self, *, progress: Progress = silent) -> tuple[Listing, SyncPlan]:
        """List and plan, and change nothing. Raises `SourceError`."""
        run = await self._begin()
        tally = Tally(SyncReport(source=self._source, state=RunState.CANCELLED))
        try:
            async with await self._open() as reader:
                listed = await self._list(reader, progress)
            known = await self._stores.ledger.known(run)
            return listed, planning.plan(listed, known, now=self._clock())
        finally:
            await self._close(run, tally, state=RunState.CANCELLED, detail="dry run")

    # --- the steps of a run, in their order ---

    async def _begin(self) -> RunId:
        return await self._stores.runs.begin(
            self._source, generation=self._generation.id, now=self._clock()
        )

    async def _read(
        self, run: RunId, policy: Policy, tally: Tally, progress: Progress
    ) -> str | None:
        known = await self._stores.ledger.known(run)
        enforcer = self._enforcer(run, known)
        async with await self._open() as reader:
            listed = await self._list(reader, progress)
            work = planning.plan(listed, known, now=self._clock())
            tally.begin(listed, work)
            await enforcer.enforce(work.tighten)
            publisher = self._publisher(run, known, enforcer, listed, tally)
            await self._resume(work, listed, publisher)
            await self._fetch(work, reader, publisher, tally, progress)
            checkpoint = await reader.checkpoint() if listed.complete else None
        await self._stores.quarantine.failed(run, tally.failures, now=self._clock())
        await enforcer.remove(_removals(work, listed, known, policy, tally))
        await enforcer.enforce(_widenings(work, policy, tally))
        await enforcer.index(work.reindex)
        return checkpoint

    async def _list(self, reader: Reader, progress: Progress) -> Listing:
        found: list[Entry | Failed] = []
        error: str | None = None
        try:
            async for part in reader.entries():
                found += part
                progress(Stage.LISTING, done=len(found), total=None)
        except SourceError as broken:
            error = str(broken)
        return planning.listing(self._source, found, error=error)

    async def _resume(
        self, work: SyncPlan, listed: Listing, publisher: Publisher
    ) -> None:
        """Finish what a killed run staged, without fetching it again."""
        for key, revision in work.resume.items():
            state = await self._stores.projection.staged((key, revision))
            if state is not None:
                access = planning.access_of(listed.entries[key].layers)
                await publisher.add(replace(state, access=access))
        await publisher.flush()

    async def _fetch(
        self,
        work: SyncPlan,
        reader: Reader,
        publisher: Publisher,
        tally: Tally,
        progress: Progress,
    ) -> None:
        total = len(work.fetch)
        for done, (key, entry) in enumerate(work.fetch):
            progress(Stage.FETCHING, done=done, total=total)
            fetched = await reader.fetch(entry)
            if isinstance(fetched, Failed):
                seen = planning.failure(self._source, fetched, version=entry.version)
                tally.failures.append(replace(seen, document=key))
                continue
            tally.count(fetched=1)
            tally.report.warnings.update(fetched.warnings)
            await publisher.add(await asyncio.to_thread(staged, key, entry, fetched))
        await publisher.flush()
        if total:
            progress(Stage.FETCHING, done=total, total=total)

    async def _fill_in(self, tally: Tally, progress: Progress) -> None:
        filled = await fill_in(
            self._source,
            projector=self._projector,
            projection=self._stores.projection,
            progress=progress,
        )
        tally.count(chunks_written=filled.chunks, pending=filled.pending)

    async def _clean(self) -> None:
        await collect(
            generation=self._generation,
            projection=self._stores.projection,
            chunks=self._stores.chunks,
        )

    async def _close(
        self,
        run: RunId,
        tally: Tally,
        *,
        state: RunState | None = None,
        detail: str | None = None,
        checkpoint: str | None = None,
    ) -> SyncReport:
        counts = self._vectors.counts if self._vectors else None
        report = replace(
            tally.report,
            state=state or (RunState.HELD if tally.held else tally.report.state),
            detail=detail or tally.report.detail,
            failures=tuple(tally.failures),
            held=tuple(tally.held),
            embedded=counts.embedded if counts else 0,
            cached=counts.cached if counts else 0,
        )
        await self._stores.runs.finish(
            run, report, checkpoint=checkpoint, now=self._clock()
        )
        log.info(
            SYNC_FINISHED,
            source=report.source,
            state=report.state,
            added=report.added,
            changed=report.changed,
            removed=report.removed,
            failures=len(report.failures),
        )
        return report

    # --- what the steps are made with ---

    async def _open(self) -> AbstractAsyncContextManager[Reader]:
        checkpoint = await self._stores.runs.checkpoint(self._source)
        return reading(self._connector, checkpoint)

    def _enforcer(self, run: RunId, known: Mapping[DocumentId, Known]) -> Enforcer:
        return Enforcer(
            run=run,
            ledger=self._stores.ledger,
            projection=self._stores.projection,
            chunks=self._stores.chunks,
            generation=self._generation,
            known=known,
        )

    def _publisher(
        self,
        run: RunId,
        known: Mapping[DocumentId, Known],
        enforcer: Enforcer,
        listed: Listing,
        tally: Tally,
    ) -> Publisher:
        def done(batch: Batch) -> None:
            new = sum(_is_new(known.get(key)) for key in batch.published)
            tally.count(
                added=new,
                changed=len(batch.published) - new,
                unchanged=len(batch.touched),
                chunks_written=batch.chunks,
            )
            tally.contents |= batch.contents
            wanted = {
                key: planning.access_of(listed.entries[key].layers)
                for key in batch.published
            }
            enforcer.was_indexed(wanted)

        return Publisher(
            run=run,
            ledger=self._stores.ledger,
            projector=self._projector,
            known=known,
            done=done,
        )


def _is_new(row: Known | None) -> bool:
    return row is None or row.revision is None


def _removals(
    work: SyncPlan,
    listed: Listing,
    known: Mapping[DocumentId, Known],
    policy: Policy,
    tally: Tally,
) -> tuple[DocumentId, ...]:
    moved = {key for key in work.remove if known[key].content in tally.contents}
    reason = planning.held_removals(
        work.remove, live=work.live, listed=len(listed.entries), moved=moved
    )
    if reason and not policy.removals:
        tally.held.append(reason)
        return ()
    tally.count(removed=len(work.remove))
    return work.remove


def _widenings(
    work: SyncPlan, policy: Policy, tally: Tally
) -> Mapping[DocumentId, Access]:
    opened = planning.opened(work.widen)
    allowed = work.widen
    if planning.exceeds_guard(len(opened), work.live) and not policy.widening:
        tally.held.append(f"{len(opened)} documents would become open to everybody")
        allowed = {key: wanted for key, wanted in allowed.items() if key not in opened}
    tally.count(access_changed=len(allowed.keys() - work.tighten.keys()))
    return allowed
