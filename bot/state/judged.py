"""Provenance and judgements as rows and back."""

import json
from typing import Any

from bot.core.feedback import Complaint, Judgement, Provenance, Verdict
from bot.core.inbox import QuestionId
from bot.core.model import AnswerKind, DocumentId, GenerationId, Reason


def provenance_row(made: Provenance, /) -> dict[str, Any]:
    """Return what is stored of a provenance, beside its question."""
    return {
        "reason": made.reason and made.reason.value,
        "answer": made.kind and made.kind.value,
        "generation": made.generation,
        "model": made.model,
        "digest": made.digest,
        "prompt": made.prompt,
        "revisions": json.dumps(made.revisions, ensure_ascii=False),
    }


def provenance(stored: Any, /) -> Provenance:
    """Return the provenance of a row; an empty one where none was stored."""
    return Provenance(
        reason=Reason(stored.reason) if stored.reason else None,
        kind=AnswerKind(stored.answer) if stored.answer else None,
        generation=GenerationId(stored.generation) if stored.generation else None,
        model=stored.model,
        digest=stored.digest,
        prompt=stored.prompt,
        revisions=tuple(
            (DocumentId(document), revision)
            for document, revision in json.loads(stored.revisions or "[]")
        ),
    )


def judgement(stored: Any, /) -> Judgement:
    """Return the judgement of a row."""
    return Judgement(
        question=QuestionId(stored.question),
        person=stored.person,
        verdict=Verdict(stored.verdict),
        complaint=Complaint(stored.complaint) if stored.complaint else None,
        note=stored.note,
        given_at=stored.given_at,
    )
