"""Builds of the index, and which one answers: the port `Generations`."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.errors import Conflict
from bot.core.model import Generation, GenerationId, GenerationSpec, Language
from bot.core.sync import GenerationStatus
from bot.state.comparing import count_lagging, count_live
from bot.state.database import Database, uninterrupted
from bot.state.rows import (
    active,
    cancel_runs,
    count_change,
    drop_unneeded,
    require_generation,
)
from bot.state.schema import (
    Clock,
    active_generation,
    garbage,
    generations,
    projections,
    sync_runs,
)
from bot.state.stored import (
    GENERATION,
    generation,
    generation_id,
    numbered,
    specified,
    weights,
)


class SqlGenerations:
    """Keeps the builds of the index in the state database."""

    def __init__(self, database: Database, /, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def active(self) -> Generation | None:
        """Return the generation that answers questions; None before the first sync."""
        async with self._database.reading() as connection:
            return await active(connection)

    async def begun(self, name: GenerationId, /) -> datetime:
        """Say when a generation was registered; `Conflict` for one that never was."""
        mine = generations.c.number == numbered(name)
        async with self._database.reading() as connection:
            begun = await connection.scalar(
                select(generations.c.created_at).where(mine)
            )
        if not isinstance(begun, datetime):
            raise Conflict(f"there is no generation {name}")
        return begun

    @uninterrupted
    async def create(self, spec: GenerationSpec, /) -> Generation:
        """Register a new generation that is not active."""
        async with self._database.writing() as connection:
            last = await connection.scalar(select(func.max(generations.c.number)))
            number = (last or 0) + 1
            await connection.execute(
                insert(generations).values(
                    number=number,
                    spec=specified(spec),
                    alpha="{}",
                    created_at=self._clock(),
                )
            )
        return Generation(id=generation_id(number), spec=spec)

    @uninterrupted
    async def activate(
        self,
        name: GenerationId,
        /,
        *,
        expected: GenerationId | None,
        replaced: str | None = None,
    ) -> None:
        """Make a generation the active one; `Conflict` unless `expected` is."""
        async with self._database.writing() as connection:
            await require_generation(connection, name)
            changed = await connection.execute(
                update(active_generation)
                .where(active_generation.c.generation.is_not_distinct_from(expected))
                .values(generation=name)
            )
            if changed.rowcount != 1:
                raise Conflict(
                    f"generation {expected} is not the active one any more: another "
                    "process made one active; `shirube index list` shows which"
                )
            if replaced is not None and expected is not None:
                await connection.execute(
                    update(generations)
                    .where(generations.c.number == numbered(expected))
                    .values(rebuild=replaced)
                )

    @uninterrupted
    async def set_alpha(
        self, name: GenerationId, alpha: Mapping[Language, float], /
    ) -> None:
        """Record the weight of the vector leg that the probe found."""
        mine = generations.c.number == numbered(name)
        async with self._database.writing() as connection:
            await require_generation(connection, name)
            before = await connection.scalar(select(generations.c.alpha).where(mine))
            merged = weights(before or "{}") | dict(alpha)
            await connection.execute(
                update(generations).where(mine).values(alpha=json.dumps(merged))
            )

    async def spare(self) -> Sequence[Generation]:
        """Return what was neither activated nor retired, or is active no more."""
        async with self._database.reading() as connection:
            answering = await active(connection)
            rows = await connection.execute(
                select(*GENERATION)
                .where(generations.c.retired_at.is_(None))
                .order_by(generations.c.number)
            )
            return [each for each in map(generation, rows) if each != answering]

    async def builds(self) -> Sequence[GenerationStatus]:
        """Say of the active one and the spare ones how they stand, oldest first."""
        statement = (
            select(*GENERATION, generations.c.created_at)
            .where(generations.c.retired_at.is_(None))
            .order_by(generations.c.number)
        )
        async with self._database.reading() as connection:
            answering = await active(connection)
            synced = set(
                await connection.scalars(select(sync_runs.c.generation).distinct())
            )
            rows = (await connection.execute(statement)).all()
            return [await _standing(connection, row, answering, synced) for row in rows]

    @uninterrupted
    async def retire(self, name: GenerationId, /) -> None:
        """Forget what a generation holds; its id is never used again."""
        now = self._clock()
        async with self._database.writing() as connection:
            answering = await active(connection)
            if answering is not None and answering.id == name:
                raise Conflict(f"generation {name} answers questions now")
            await cancel_runs(connection, sync_runs.c.generation == name, now=now)
            await _empty(connection, name)
            await connection.execute(
                update(generations)
                .where(
                    generations.c.number == numbered(name),
                    generations.c.retired_at.is_(None),
                )
                .values(retired_at=now)
            )


async def _standing(
    connection: AsyncConnection,
    row: Sequence[Any],
    answering: Generation | None,
    synced: Collection[str],
) -> GenerationStatus:
    *columns, created_at = row
    found = generation(columns)
    lags = answering is not None and answering.id != found.id
    return GenerationStatus(
        generation=found,
        created_at=created_at,
        active=answering is not None and answering.id == found.id,
        documents=await count_live(connection, found.id),
        behind=await count_lagging(connection, found.id, answering.id)
        if answering is not None and lags
        else 0,
        synced=found.id in synced,
    )


async def _empty(connection: AsyncConnection, name: GenerationId) -> None:
    for table in (projections, garbage):
        await connection.execute(delete(table).where(table.c.generation == name))
    await drop_unneeded(connection)
    await count_change(connection)
