"""The lease of the process that serves, by the time of the database."""

import os
import socket
from collections.abc import Callable
from datetime import timedelta
from secrets import token_hex
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, update
from sqlalchemy.dialects.postgresql import insert

from bot.core.errors import Conflict
from bot.state.postgres.engine import PostgresDatabase
from bot.state.schema import leases


class PostgresLease:
    """A row that says who holds the lease, and until when by the server's clock.

    `clock` counts seconds and is compared with itself only. What it says is read
    before the server is asked, so that the lease never ends earlier than we think.
    """

    def __init__(
        self,
        database: PostgresDatabase,
        /,
        *,
        name: str,
        seconds: float,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._name = name
        self._seconds = seconds
        self._clock = clock
        self._me = f"{os.getpid()}@{socket.gethostname()} {token_hex(8)}"
        self._until = float("-inf")

    async def acquire(self) -> bool:
        """Take the lease unless another has it; false while one does."""
        asked = self._clock()
        ended = leases.c.until <= func.clock_timestamp()
        statement = insert(leases).values(
            name=self._name, holder=self._me, until=self._end()
        )
        taking = statement.on_conflict_do_update(
            index_elements=[leases.c.name],
            set_={"holder": self._me, "until": self._end()},
            where=or_(ended, leases.c.holder == self._me),
        )
        return await self._held(taking, asked)

    async def renew(self) -> None:
        """Hold the lease for longer; `Conflict` once another has taken it."""
        asked = self._clock()
        if not await self._held(
            update(leases).where(self._mine()).values(until=self._end()), asked
        ):
            self._until = float("-inf")
            raise Conflict(f"another process has taken the lease {self._name!r}")

    def covers(self, seconds: float, /) -> bool:
        """Say whether what takes so long, begun now, ends before the lease does."""
        return self._clock() + seconds <= self._until

    async def release(self) -> None:
        """Let another take the lease at once."""
        self._until = float("-inf")
        async with self._database.aside() as connection:
            await connection.execute(delete(leases).where(self._mine()))

    async def _held(self, statement: Any, asked: float) -> bool:
        async with self._database.aside() as connection:
            changed = await connection.execute(statement)
        if changed.rowcount != 1:
            return False
        self._until = asked + self._seconds
        return True

    def _mine(self) -> ColumnElement[bool]:
        return and_(leases.c.name == self._name, leases.c.holder == self._me)

    def _end(self) -> ColumnElement[Any]:
        return func.clock_timestamp() + timedelta(seconds=self._seconds)
