"""The words of feedback: what came of a question, and what people think of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from bot.core.inbox import Incoming, QuestionId
from bot.core.model import (
    Answer,
    AnswerKind,
    GenerationId,
    Outcome,
    Reason,
    Revision,
    Turn,
)

NOTE: Final = 500
"""Characters that are kept of what a person writes about an answer."""


class Verdict(StrEnum):
    """Whether an answer helped."""

    GOOD = "good"
    BAD = "bad"


class Complaint(StrEnum):
    """What is the matter with an answer."""

    WRONG = "wrong"
    OUTDATED = "outdated"
    NOT_FOUND = "not_found"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The verdict of one person, the asker or another reader, on one answer.

    `person` is the platform's id. `note` is what that person wrote, and is forgotten
    together with the texts of the question.
    """

    question: QuestionId
    person: str
    verdict: Verdict
    given_at: datetime
    complaint: Complaint | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a question was answered with; no text of it, so that it may be kept.

    `revisions` are those that the answer cites. `reason` says why there is no
    answer, or one of quotations only.
    """

    reason: Reason | None = None
    kind: AnswerKind | None = None
    generation: GenerationId | None = None
    model: str | None = None
    digest: str | None = None
    prompt: str | None = None
    revisions: tuple[Revision, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A question that people have judged, with what is still known of it.

    `staged` is the answer as it was staged, None where nothing was. `history` are
    the turns of its conversation before it, oldest first; `judgements` one a person,
    in the order in which they were given.
    """

    question: QuestionId
    incoming: Incoming
    outcome: Outcome
    provenance: Provenance
    judgements: tuple[Judgement, ...]
    staged: str | None = None
    history: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmet:
    """A question to which the documents had no answer, or not in its asker's eyes."""

    question: QuestionId
    incoming: Incoming


def provenance(answer: Answer, /) -> Provenance:
    """Return what an answer was made with."""
    return Provenance(
        reason=answer.reason,
        kind=answer.kind,
        generation=answer.generation,
        model=answer.model,
        digest=answer.digest,
        prompt=answer.prompt,
        revisions=tuple(
            dict.fromkeys((each.document, each.revision) for each in answer.citations)
        ),
    )
