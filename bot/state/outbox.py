"""What is still to be told: the port `Outbox`."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from bot.core.errors import Conflict
from bot.core.inbox import Errand, Notice
from bot.state.database import Database, uninterrupted
from bot.state.rows import insert_missing
from bot.state.schema import outbox


def add_notices(
    connection: Connection, notices: Sequence[Notice], /, *, now: datetime
) -> None:
    """Add notices in the caller's transaction, due at once."""
    insert_missing(
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
        await self._database.change(lambda c: add_notices(c, notices, now=now))

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

        def taken(connection: Connection) -> Errand | None:
            found = connection.execute(due).one_or_none()
            if found is None:
                return None
            notice = Notice(key=found.key, surface=found.surface, content=found.content)
            errand = Errand(notice=notice, attempt=found.attempt + 1)
            connection.execute(
                update(outbox)
                .where(outbox.c.key == notice.key)
                .values(attempt=errand.attempt, due_at=until)
            )
            return errand

        return await self._database.change(taken)

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
        ours = (
            update(outbox)
            .where(
                outbox.c.key == key,
                outbox.c.attempt == errand.attempt,
                outbox.c.done_at.is_(None),
            )
            .values(values)
        )
        changed = await self._database.change(lambda c: c.execute(ours).rowcount)
        if not changed:
            raise Conflict(f"notice {key} was delivered, or somebody else is at it")
