"""Decides from what happened whether a host is asked, tried out or left alone."""

from collections import deque
from collections.abc import Callable
from enum import StrEnum

FAILURES = 3
WITHIN = 30.0
PAUSE = 15.0
LONGEST = 300.0


class Health(StrEnum):
    """How a host is treated."""

    WELL = "well"
    DOUBTFUL = "doubtful"
    CONVALESCENT = "convalescent"
    ILL = "ill"


class Breaker:
    """Leaves a host alone for a while after it failed repeatedly; times in seconds.

    `FAILURES` failures within `WITHIN`, or in a row, make it ill for `PAUSE`. Then
    it is convalescent and may be tried once: success makes it well, another failure
    ill for twice as long, up to `LONGEST`. A host that failed and did not succeed
    since is doubtful.
    """

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures: deque[float] = deque(maxlen=FAILURES)
        self._in_a_row = 0
        self._until: float | None = None
        self._pause = PAUSE
        self._trying = False

    @property
    def health(self) -> Health:
        """How the host is to be treated now."""
        if self._until is not None:
            ill = self._clock() < self._until
            return Health.ILL if ill else Health.CONVALESCENT
        return Health.DOUBTFUL if self._in_a_row else Health.WELL

    @property
    def failed_lately(self) -> bool:
        """Whether the last failure is less than `WITHIN` ago."""
        return bool(self._failures) and self._clock() - self._failures[-1] < WITHIN

    @property
    def remaining(self) -> float:
        """How long the host is still left alone."""
        return max(0.0, (self._until or 0.0) - self._clock())

    def admit(self) -> bool:
        """Say whether the host may be asked; a convalescent only once at a time.

        Whoever is admitted reports by `succeeded`, `failed` or `let_go`.
        """
        match self.health:
            case Health.ILL:
                return False
            case Health.CONVALESCENT:
                free, self._trying = not self._trying, True
                return free
            case _:
                return True

    def succeeded(self) -> None:
        """Take in that the host did what it was asked."""
        self._in_a_row = 0
        self._until, self._pause, self._trying = None, PAUSE, False

    def failed(self) -> None:
        """Take in that it did not; what ends while the host is ill changes nothing."""
        now = self._clock()
        match self.health:
            case Health.ILL:
                return
            case Health.CONVALESCENT:
                self._pause = min(2 * self._pause, LONGEST)
                self._open()
            case _:
                self._failures.append(now)
                self._in_a_row += 1
                full = len(self._failures) == FAILURES
                if self._in_a_row >= FAILURES or (
                    full and now - self._failures[0] < WITHIN
                ):
                    self._open()

    def trip(self) -> None:
        """Take in that the host cannot do what it is asked, however often."""
        if self.health is Health.CONVALESCENT:
            self._pause = min(2 * self._pause, LONGEST)
        self._open()

    def let_go(self) -> None:
        """Take in that nobody waited for the outcome."""
        self._trying = False

    def _open(self) -> None:
        self._until = self._clock() + self._pause
        self._failures.clear()
        self._in_a_row = 0
        self._trying = False
