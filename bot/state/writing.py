"""Whether the state can be written, once a change of it has failed."""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import uuid4

from sqlalchemy import Connection, delete, insert

from bot.state.database import Database, uninterrupted
from bot.state.schema import outbox

_ROOM: Final = "標" * 30_000
"""More than any question takes; what is full may have room for a few bytes."""


class SqlWriting:
    """Tries what failed before."""

    def __init__(self, database: Database, /, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def require(self) -> None:
        """Raise `Unavailable` while nothing can be stored.

        Costs nothing unless the last change failed; then something is written that
        is gone when it is there.
        """
        if self._database.failing:
            await self._try()

    @uninterrupted
    async def _try(self) -> None:
        key = f"room:{uuid4().hex}"
        row = {"key": key, "surface": "", "content": _ROOM, "due_at": self._clock()}

        def tried(connection: Connection) -> None:
            connection.execute(insert(outbox).values(row))
            connection.execute(delete(outbox).where(outbox.c.key == key))

        await self._database.change(tried)
