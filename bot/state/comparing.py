"""Statements that compare what two generations of the index show."""

from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.model import GenerationId
from bot.state.schema import documents, projections

_here = projections.alias("here")
_there = projections.alias("there")


def lagging(
    generation: GenerationId, of: GenerationId, *, vectors: bool
) -> Select[Any]:
    """Select (document, live) of what is live in `of` and not so in `generation`."""
    differs = [
        _here.c.live.is_distinct_from(_there.c.live),
        _here.c.indexed_access.is_distinct_from(documents.c.access),
    ]
    if vectors:
        differs.append(_here.c.embedded.is_(False))
    return (
        select(_there.c.document, _there.c.live)
        .join(documents, documents.c.id == _there.c.document)
        .outerjoin(
            _here,
            and_(
                _here.c.document == _there.c.document,
                _here.c.generation == generation,
            ),
        )
        .where(
            _there.c.generation == of,
            _there.c.live.is_not(None),
            documents.c.removed_at.is_(None),
            or_(*differs),
        )
    )


async def count_live(connection: AsyncConnection, generation: GenerationId, /) -> int:
    """Count the documents that a generation shows."""
    return await _counted(
        connection,
        select(projections.c.document).where(
            projections.c.generation == generation, projections.c.live.is_not(None)
        ),
    )


async def count_lagging(
    connection: AsyncConnection, generation: GenerationId, of: GenerationId, /
) -> int:
    """Count the documents in which a generation is behind another one."""
    return await _counted(connection, lagging(generation, of, vectors=False))


async def _counted(connection: AsyncConnection, statement: Select[Any]) -> int:
    counted = select(func.count()).select_from(statement.subquery())
    return await connection.scalar(counted) or 0
