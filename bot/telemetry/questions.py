"""The one line of the log that tells how a question went."""

from dataclasses import asdict, dataclass

import structlog

from bot.core.inbox import Kind
from bot.core.model import Outcome, Reason
from bot.telemetry import QUESTION_FINISHED

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionLine:
    """Everything worth knowing of a question afterwards, but for any text.

    Times are seconds since the question was asked, or due; `waited` is when somebody
    began, `searched` when passages were found, `shown` when the first sentence could be
    read. `asked` says how it was asked, `kind` who wrote the answer; `limited` that who
    reads it gets fewer documents than colleagues do.
    """

    question_id: str
    platform: str
    outcome: Outcome
    seconds: float
    language: str
    asked: Kind
    private: bool
    reason: Reason | None = None
    kind: str | None = None
    model: str | None = None
    generation: str | None = None
    waited: float | None = None
    searched: float | None = None
    shown: float | None = None
    passages: int = 0
    citations: int = 0
    limited: bool = False
    attempts: int = 1
    follow_up: bool = False


def finished(line: QuestionLine, /) -> None:
    """Write the line of a question."""
    fields = {
        name: round(value, 3) if isinstance(value, float) else value
        for name, value in asdict(line).items()
        if value is not None
    }
    log.info(QUESTION_FINISHED, **fields)
