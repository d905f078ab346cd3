"""Answers that people judged, as lines for `eval` and for the training of models."""

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from bot.core.feedback import Judged, Judgement, Verdict
from bot.core.model import Answer, Outcome, Turn
from bot.evaluation.files import Said

_STEERING: Final = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


class Opinion(BaseModel):
    """What one person thinks of an answer, without who it is."""

    model_config = ConfigDict(frozen=True)

    by: Literal["asker", "reader"]
    verdict: str
    reason: str | None = None
    note: str = ""
    given_at: datetime


class JudgedRow(BaseModel):
    """A question, its answer and what people think of it; one line a question.

    `id`, `question`, `history`, `gold_ids` and `answerable` are what `eval` reads of
    a question. `[n]` in the answer is the n-th of `citations`. `verdict` and `reason`
    are the asker's, or what most readers say.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    question: str
    history: tuple[Said, ...] = ()
    language: str
    kind: str
    asked_at: datetime
    outcome: str
    answer: str = ""
    contexts: tuple[str, ...] = ()
    citations: tuple[str, ...] = ()
    revisions: tuple[tuple[str, int], ...] = ()
    verdict: str
    reason: str | None = None
    opinions: tuple[Opinion, ...]
    gold_ids: tuple[str, ...] = ()
    answerable: bool = True
    not_answered: str | None = None
    written_by: str | None = None
    model: str | None = None
    digest: str | None = None
    prompt: str | None = None
    generation: str | None = None


def row(judged: Judged, answer: Answer | None, /) -> JudgedRow:
    """Return a question as a line; without an answer what is known of it."""
    incoming, made = judged.incoming, judged.provenance
    opinions = tuple(_opinion(each, incoming.asker) for each in judged.judgements)
    verdict, reason = deciding(opinions)
    good = verdict == Verdict.GOOD
    return JudgedRow(
        id=judged.question,
        question=incoming.text,
        history=tuple(_history(judged.history)),
        language=incoming.language,
        kind=incoming.kind,
        asked_at=incoming.asked_at,
        outcome=judged.outcome,
        answer=answer.text if answer else "",
        contexts=tuple(each.text for each in answer.contexts) if answer else (),
        citations=tuple(each.document for each in answer.citations) if answer else (),
        revisions=made.revisions,
        verdict=verdict,
        reason=reason,
        opinions=opinions,
        gold_ids=_cited(made.revisions) if good else (),
        answerable=not (good and judged.outcome is Outcome.REFUSED),
        not_answered=made.reason,
        written_by=made.kind,
        model=made.model,
        digest=made.digest,
        prompt=made.prompt,
        generation=made.generation,
    )


def line(row: JudgedRow, /) -> str:
    """Return a row as JSON on one line, whoever splits lines and wherever it is shown.

    Signs that end lines or steer a terminal are escaped; the rest is readable.
    """
    text = row.model_dump_json(exclude_none=True)
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def deciding(opinions: Sequence[Opinion], /) -> tuple[str, str | None]:
    """Return the asker's verdict, or that of most readers; a tie is bad."""
    said = [each for each in opinions if each.by == "asker"] or list(opinions)
    bad = [each for each in said if each.verdict == Verdict.BAD]
    if 2 * len(bad) < len(said):
        return Verdict.GOOD.value, None
    reasons = [each.reason for each in bad if each.reason]
    return Verdict.BAD.value, max(reasons, key=reasons.count, default=None)


def _opinion(judgement: Judgement, asker: str) -> Opinion:
    return Opinion(
        by="asker" if judgement.person == asker else "reader",
        verdict=judgement.verdict,
        reason=judgement.complaint,
        note=judgement.note,
        given_at=judgement.given_at,
    )


def _history(turns: Sequence[Turn]) -> Iterator[Said]:
    for turn in turns:
        yield Said(role="user", text=turn.question)
        if turn.answer:
            yield Said(role="assistant", text=turn.answer)


def _cited(revisions: Collection[tuple[str, int]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(document for document, _ in revisions))
