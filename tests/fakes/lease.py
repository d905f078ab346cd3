"""A lease in memory, on a clock of the test, that can be out of reach."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.core.errors import Conflict, Unavailable


@dataclass(slots=True)
class Row:
    """Who has the lease, and until when; nobody reaches it while it is away."""

    holder: object = None
    until: float = float("-inf")
    away: bool = False


class MemoryLease:
    """The `Lease` port over a row that several share."""

    def __init__(
        self, row: Row, /, *, seconds: float, clock: Callable[[], float]
    ) -> None:
        self._row = row
        self._seconds = seconds
        self._clock = clock
        self._until = float("-inf")

    async def acquire(self) -> bool:
        """Take the lease unless another has it."""
        row = self._reached()
        if row.holder is not self and self._clock() < row.until:
            return False
        self._have()
        return True

    async def renew(self) -> None:
        """Have it for longer."""
        if self._reached().holder is not self:
            self._until = float("-inf")
            raise Conflict("another process has taken the lease")
        self._have()

    def covers(self, seconds: float, /) -> bool:
        """Say whether what takes so long ends before the lease does."""
        return self._clock() + seconds <= self._until

    async def release(self) -> None:
        """Let another take it."""
        self._until = float("-inf")
        row = self._reached()
        if row.holder is self:
            row.holder, row.until = None, float("-inf")

    def _have(self) -> None:
        self._until = self._clock() + self._seconds
        self._row.holder, self._row.until = self, self._until

    def _reached(self) -> Row:
        if self._row.away:
            raise Unavailable("db.example does not answer")
        return self._row
