"""Ends a question: checks once more what may be shown, quotes, or declines."""

from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from bot.answering import versions
from bot.answering.composing import Composition
from bot.answering.excerpts import excerpts
from bot.answering.preparing import SOURCES, Case
from bot.answering.prompt import PROMPT
from bot.answering.versions import Versions
from bot.answering.vouching import Claim, vouched
from bot.answering.writing import Verdict
from bot.core.model import (
    Answer,
    AnswerEvent,
    AnswerKind,
    Context,
    Declined,
    DocumentId,
    Finished,
    Passage,
    Question,
    Reason,
)
from bot.core.ports import ModelSpec
from bot.core.thread import Reading
from bot.text import phrases
from bot.text.phrases import Phrase
from bot.text.split import truncate
from bot.text.threads import points_back

_DECLINED: Final[dict[Reason, Phrase]] = {
    Reason.NOT_FOUND: phrases.NOT_FOUND,
    Reason.NOTHING_INDEXED: phrases.NOTHING_INDEXED,
    Reason.SEARCH_DOWN: phrases.SEARCH_DOWN,
    Reason.WITHDRAWN: phrases.WITHDRAWN,
}

_DOUBTS: Final = 3
"""Sentences that are named; where there are more, the answer is doubtful anyway."""

_CLAIM: Final = 80

# Why there is no model is for the surface to say: it knows which one is missing.
_REASONS: Final[dict[tuple[AnswerKind, Reason], Phrase]] = {
    (AnswerKind.EXTRACTIVE, Reason.MODEL_FAILED): phrases.MODEL_FAILED,
    (AnswerKind.EXTRACTIVE, Reason.UNUSABLE): phrases.UNUSABLE,
    (AnswerKind.GENERATED, Reason.MODEL_FAILED): phrases.CUT_SHORT,
}


def declined(reason: Reason, question: Question, confidence: float = 0.0) -> Declined:
    """Decline in the language of the question.

    It may not be found because the thread that it points back to could not be read.
    """
    text = _DECLINED[reason].say(question.language)
    if reason is Reason.NOT_FOUND and _points_nowhere(question):
        text = f"{text}\n{phrases.THREAD_UNREAD.say(question.language)}"
    return Declined(reason=reason, text=text, confidence=confidence)


def _points_nowhere(question: Question) -> bool:
    thread = question.thread
    unread = thread is not None and thread.reading is not Reading.READ
    return unread and points_back(question.text)


async def concluded(
    case: Case,
    composition: Composition,
    verdict: Verdict,
    found: Sequence[Versions],
    model: ModelSpec,
) -> Finished | Declined | Reason:
    """End what a model wrote; a reason where nothing was shown and quoting is due."""
    if composition:
        reason = Reason.MODEL_FAILED if verdict is Verdict.BROKEN else None
        return await _finished(
            case,
            composition,
            found,
            kind=AnswerKind.GENERATED,
            reason=reason,
            model=model,
        )
    match verdict:
        case Verdict.REFUSED:
            return declined(Reason.NOT_FOUND, case.question, case.found.confidence)
        case Verdict.BROKEN:
            return Reason.MODEL_FAILED
        case Verdict.UNUSABLE | Verdict.WRITTEN:
            return Reason.UNUSABLE


async def quoted(case: Case, reason: Reason) -> AsyncIterator[AnswerEvent]:
    """Quote the passages that may still be shown; the newest of their versions."""
    permitted = await case.standing.permitted(
        {passage.document.id for passage in case.found.passages}
    )
    shown = [p for p in case.found.passages if p.document.id in permitted]
    found = versions.find(shown, case.question.text)
    sources = versions.without_older(shown, found)
    late = versions.late(shown, found, case.question.text)
    chosen = excerpts(case, sources, late=late)
    if not chosen.pieces:
        yield declined(Reason.NOT_FOUND, case.question, case.found.confidence)
        return
    composition = Composition(sources=sources)
    for piece in chosen.pieces:
        yield composition.add(piece)
    ended = await _finished(
        case, composition, found, kind=AnswerKind.EXTRACTIVE, reason=reason
    )
    if isinstance(ended, Finished):
        answer = replace(ended.answer, complete=chosen.complete)
        ended = Finished(answer=answer)
    yield ended


async def _finished(
    case: Case,
    composition: Composition,
    found: Sequence[Versions],
    *,
    kind: AnswerKind,
    reason: Reason | None,
    model: ModelSpec | None = None,
) -> Finished | Declined:
    """Take out what may no longer be shown, and finish with what is left."""
    cited = composition.documents()
    sources = composition.sources[:SOURCES]
    given = {passage.chunk.document for passage in sources}
    permitted = await case.standing.permitted(cited | given | versions.documents(found))
    composed = composition.composed(permitted)
    if not composed.citations:
        return declined(Reason.WITHDRAWN, case.question, case.found.confidence)
    language = case.question.language
    notes = [
        *versions.notes(
            found,
            cited={citation.document for citation in composed.citations},
            permitted=permitted,
            language=language,
        ),
        *(phrase.say(language) for phrase in _remarks(case, kind, reason)),
    ]
    if not cited <= permitted:
        notes.append(phrases.PART_WITHDRAWN.say(language))
    if kind is AnswerKind.GENERATED:
        notes += _doubts(composed.claims, case.question)
    return Finished(
        answer=Answer(
            text=composed.text,
            language=language,
            kind=kind,
            citations=composed.citations,
            confidence=case.found.confidence,
            generation=case.generation.id,
            model=model.model if model else None,
            digest=model.digest if model else None,
            prompt=PROMPT if model else None,
            reason=reason,
            notes=tuple(notes),
            contexts=tuple(_contexts(sources, permitted)),
        )
    )


def _doubts(claims: Sequence[Claim], question: Question) -> Iterator[str]:
    """Name what the cited passages do not say, as far as words and numbers tell."""
    known = f"{question.text}\n{question.asked_at:%Y-%m-%d}"
    doubtful = (each.text for each in claims if not vouched(each, known=known))
    for text in islice(doubtful, _DOUBTS):
        claim = truncate(" ".join(text.split()), characters=_CLAIM)
        yield phrases.NOT_IN_SOURCE.say(question.language, claim=claim)


def _contexts(
    sources: Sequence[Passage], permitted: Collection[DocumentId]
) -> Iterator[Context]:
    for passage in sources:
        if passage.chunk.document in permitted:
            yield _context(passage)


def _context(passage: Passage) -> Context:
    """Return a passage under the way to it, as `eval` writes what it is given."""
    chunk = passage.chunk
    way = " › ".join((chunk.title, *chunk.heading_path))
    return Context(
        document=chunk.document,
        revision=chunk.revision,
        text=f"{way}\n{passage.text}",
    )


def _remarks(case: Case, kind: AnswerKind, reason: Reason | None) -> list[Phrase]:
    said = [] if reason is None else [_REASONS.get((kind, reason))]
    if case.found.degraded:
        said.append(phrases.DEGRADED_LEXICAL)
    return [phrase for phrase in said if phrase is not None]
