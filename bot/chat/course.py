"""Times the steps of a question, for the line of the log that tells how it went."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.core.access import Audience
from bot.core.inbox import Incoming
from bot.core.model import AnswerEvent, Found, Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What happened to a question until it ended, as far as it came.

    Seconds are counted from when it was to be answered: `waited` until somebody began,
    `searched` until passages were found, `shown` until the first sentence could be
    read. `limited` says that those who read it get fewer documents than colleagues do.
    """

    waited: float
    searched: float | None = None
    shown: float | None = None
    passages: int = 0
    limited: bool = False


class Timing:
    """Notes the course of a question while it is answered; what begins anew lasts."""

    def __init__(self, incoming: Incoming, clock: Callable[[], datetime], /) -> None:
        self._since = incoming.due_at or incoming.asked_at
        self._clock = clock
        self._waited = self._passed()
        self._searched: float | None = None
        self._shown: float | None = None
        self._passages = 0
        self._limited = False

    def read_by(self, audience: Audience, /) -> None:
        """Note for whom it is answered."""
        self._limited = audience.limited is not None

    def note(self, event: AnswerEvent, /) -> None:
        """Note a step that was shown."""
        match event:
            case Found(passages=passages):
                self._searched, self._passages = self._passed(), len(passages)
            case Sentence() if self._shown is None:
                self._shown = self._passed()

    def course(self) -> Course:
        """Return what was noted."""
        return Course(
            waited=self._waited,
            searched=self._searched,
            shown=self._shown,
            passages=self._passages,
            limited=self._limited,
        )

    def _passed(self) -> float:
        return max(0.0, (self._clock() - self._since).total_seconds())
