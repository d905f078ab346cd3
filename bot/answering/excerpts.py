"""Chooses what is quoted for a question, briefly or at length."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial

from bot.answering.composing import Piece
from bot.answering.extractive import quotable, sureness
from bot.answering.preparing import Case
from bot.core.model import DocumentId, Passage
from bot.text.threads import names_something, points_back


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpts:
    """What is quoted; `complete` where nothing more could be."""

    pieces: tuple[Piece, ...]
    complete: bool


def excerpts(
    case: Case, sources: Sequence[Passage], /, *, late: AbstractSet[DocumentId]
) -> Excerpts:
    """Quote what answers the question; the n-th passage is source n.

    One that does not stand alone is read with what was said before it.
    """
    for queries in _readings(case, sources):
        found = quotable(
            sources,
            queries,
            case.question.language,
            confidence=case.found.confidence,
            late=late,
        )
        whole = found.whole()
        if whole and case.question.detailed:
            return Excerpts(pieces=whole, complete=True)
        if whole:
            brief = found.brief()
            return Excerpts(pieces=brief, complete=brief == whole)
    return Excerpts(pieces=(), complete=True)


def _readings(case: Case, sources: Sequence[Passage]) -> Iterator[Sequence[str]]:
    """Yield what a question may mean, the likeliest first.

    By itself it means something only if it names something.
    """
    bare, *completed = case.found.queries
    question = case.question
    if question.thread is None or not points_back(question.text):
        completed = []
    likely = partial(sureness, sources, language=question.language)
    for text in sorted(completed, key=likely, reverse=True):
        yield (text,)
    if not completed or names_something(bare):
        yield case.found.queries
