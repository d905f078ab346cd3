"""Sync runs, of which one a source is open: the port `Runs`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.model import GenerationId, RunId
from bot.core.sync import RunState, SyncReport, SyncRun
from bot.state.database import Database, uninterrupted
from bot.state.rows import add_missing, cancel_runs, open_run, require_generation
from bot.state.schema import accesses, documents, revisions, sources, sync_runs
from bot.state.stored import RUN, numbered, reported, run, run_id

REMEMBERED = 500
"""How many runs of a source are kept."""

_READ_WHOLE = frozenset({RunState.FINISHED, RunState.HELD})


class SqlRuns:
    """Keeps sync runs in the state database."""

    def __init__(self, database: Database, /) -> None:
        self._database = database

    @uninterrupted
    async def begin(
        self, source: str, /, *, generation: GenerationId, now: datetime
    ) -> RunId:
        """Open a run. An open run of the source is fenced off and cancelled."""
        async with self._database.writing() as connection:
            await require_generation(connection, generation)
            await add_missing(connection, sources, [{"name": source}])
            await cancel_runs(connection, sync_runs.c.source == source, now=now)
            made = await connection.execute(
                insert(sync_runs)
                .values(
                    source=source,
                    generation=generation,
                    state=RunState.RUNNING.value,
                    started_at=now,
                )
                .returning(sync_runs.c.number)
            )
            return run_id(made.scalar_one())

    @uninterrupted
    async def finish(
        self,
        name: RunId,
        report: SyncReport,
        /,
        *,
        checkpoint: str | None,
        now: datetime,
    ) -> None:
        """Close a run; a checkpoint of None leaves the last one."""
        async with self._database.writing() as connection:
            mine = await open_run(connection, name)
            await connection.execute(
                update(sync_runs)
                .where(sync_runs.c.number == numbered(name))
                .values(
                    state=report.state.value, finished_at=now, report=reported(report)
                )
            )
            left: dict[str, Any] = {}
            if checkpoint is not None:
                left["checkpoint"] = checkpoint
            if report.state in _READ_WHOLE:
                left["last_success"] = now
            if left:
                await connection.execute(
                    update(sources).where(sources.c.name == mine.source).values(left)
                )
            await _tidy(connection, mine.source)

    async def checkpoint(self, source: str, /) -> str | None:
        """Return what the source's last complete run left for the next one."""
        async with self._database.reading() as connection:
            left: str | None = await connection.scalar(
                select(sources.c.checkpoint).where(sources.c.name == source)
            )
            return left

    async def recent(self, source: str, /, *, limit: int) -> Sequence[SyncRun]:
        """Return the newest runs of a source, newest first."""
        async with self._database.reading() as connection:
            rows = await connection.execute(
                select(*RUN)
                .where(sync_runs.c.source == source)
                .order_by(sync_runs.c.number.desc())
                .limit(limit)
            )
            return [run(row) for row in rows]


async def _tidy(connection: AsyncConnection, source: str) -> None:
    """Forget old runs, and access that no document has any more."""
    oldest = (
        select(sync_runs.c.number)
        .where(sync_runs.c.source == source)
        .order_by(sync_runs.c.number.desc())
        .offset(REMEMBERED)
        .limit(1)
    ).scalar_subquery()
    await connection.execute(
        delete(sync_runs).where(
            sync_runs.c.source == source, sync_runs.c.number <= oldest
        )
    )
    await connection.execute(
        delete(accesses).where(
            ~exists().where(documents.c.access == accesses.c.digest),
            ~exists().where(revisions.c.access == accesses.c.digest),
        )
    )
