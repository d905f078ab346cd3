"""What is still to be told: the port `Outbox`."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.errors import Conflict
from bot.core.inbox import Errand, Notice
from bot.state.database import Database, uninterrupted
from bot.state.rows import add_missing
from bot.state.schema import outbox


async def add_notices(
    connection: AsyncConnection, notices: Sequence[Notice], /, *, now: datetime
) -> None:
    """Add notices in the caller's transaction, due at once."""
    await add_missing(
        connection,
        outbox,
        [
            {
                "key": notice.key,
                "surface": notice.surface,
                "content": notice.content,
                "due_at": now,
            }
            for notice in notices
        ],
    )


class SqlOutbox:
    """Keeps notices in the state database."""

    def __init__(self, database: Database, /, *, keep_texts: bool = True) -> None:
        self._database = database
        self._delivered = {} if keep_texts else {"content": ""}

    @uninterrupted
    async def put(self, notices: Sequence[Notice], /, *, now: datetime) -> None:
        """Add notices; one whose key is known already is left out."""
        async with self._database.writing() as connection:
            await add_notices(connection, notices, now=now)

    @uninterrupted
    async def take(
        self, *, surfaces: Collection[str], now: datetime, until: datetime
    ) -> Errand | None:
        """Claim the notice that is due for longest; until then it is not due again."""
        due = (
            select(outbox)
            .where(
                outbox.c.done_at.is_(None),
                outbox.c.surface.in_(surfaces),
                outbox.c.due_at <= now,
            )
            .order_by(outbox.c.due_at, outbox.c.number)
            .limit(1)
        )
        async with self._database.writing() as connection:
            found = (await connection.execute(due)).one_or_none()
            if found is None:
                return None
            notice = Notice(key=found.key, surface=found.surface, content=found.content)
            errand = Errand(notice=notice, attempt=found.attempt + 1)
            await connection.execute(
                update(outbox)
                .where(outbox.c.key == notice.key)
                .values(attempt=errand.attempt, due_at=until)
            )
        return errand

    @uninterrupted
    async def done(self, errand: Errand, /, *, now: datetime) -> None:
        """Have a notice delivered."""
        await self._change(errand, {"done_at": now} | self._delivered)

    @uninterrupted
    async def retry(self, errand: Errand, /, *, at: datetime) -> None:
        """Let a notice be due again at this time."""
        await self._change(errand, {"due_at": at})

    async def _change(self, errand: Errand, values: dict[str, Any]) -> None:
        key = errand.notice.key
        async with self._database.writing() as connection:
            changed = await connection.execute(
                update(outbox)
                .where(
                    outbox.c.key == key,
                    outbox.c.attempt == errand.attempt,
                    outbox.c.done_at.is_(None),
                )
                .values(values)
            )
            if not changed.rowcount:
                raise Conflict(f"notice {key} was delivered, or somebody else is at it")
