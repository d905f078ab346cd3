"""Answers without a model: quotes what covers the question best, word for word."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from bot.answering.ages import age_of, years
from bot.answering.composing import Piece
from bot.answering.quoting import quotation
from bot.answering.runs import Run, runs, whole
from bot.answering.units import units
from bot.answering.weighing import Asked, Labels, points_elsewhere, trust, worth
from bot.core.model import DocumentId, Language, Passage
from bot.text.normalise import search_form
from bot.text.phrases import (
    EXTRACTIVE_HEADER,
    OF_ANOTHER_YEAR,
    PERHAPS_OUTDATED,
    Phrase,
)

SHOWN: Final = 3
"""Passages that are quoted."""

# Found on the bundled samples, on jsquad-ja and on squad2-en: the first quotation
# holds the answer nearly as often as the whole best passage does.
_LABEL_WEIGHT: Final = 0.3
_RANK_WEIGHT: Final = 0.9
_LATE_PRICE: Final = 0.3

_NEARLY_AS_GOOD: Final = 0.75
_SAYS_ENOUGH: Final = 0.5
_REPEATS: Final = 0.8
_AT_LENGTH: Final = 6
_WORTH_READING: Final = 0.5
"""Of the best score: so good is what is quoted besides for who wants to read more."""

_JUST_AS_GOOD: Final = 0.9
"""Of the best score: so good is what stands before it for being newer."""

FLOORS: Final[Mapping[Language, float]] = MappingProxyType(
    {Language.JA: 0.38, Language.EN: 0.40}
)
"""Below it nothing is quoted, because no model says that it does not fit.

Of 1,000 questions that some document answers, 6 (jsquad-ja), 17 (jaquad-ja) and 22
(squad2-en) are declined for it; of those on a topic that no document is about, half
(jsquad-ja) and two fifths (squad2-en) of what the gate let through.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """What could be quoted of one source, and how well it answers."""

    number: int
    passage: Passage
    run: Run
    score: float
    said: float
    late: bool
    year: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotable:
    """What could be quoted for a question, the best first."""

    asked: Asked
    windows: Sequence[_Window]
    of_a_year: bool

    def brief(self) -> tuple[Piece, ...]:
        """Quote at most three passages, the best sentences first."""
        return self._pieces(_chosen(self.windows))

    def whole(self) -> tuple[Piece, ...]:
        """Quote these passages whole, and others that say more."""
        more = _more(_chosen(self.windows), self.windows)
        return self._pieces([_whole(window) for window in more])

    def _pieces(self, chosen: Sequence[_Window]) -> tuple[Piece, ...]:
        if self.of_a_year:
            return tuple(_pieces(_newer_first(chosen), self.asked, OF_ANOTHER_YEAR))
        ordered = _newer_first(_older_as_late(chosen))
        return tuple(_pieces(ordered, self.asked, PERHAPS_OUTDATED))


def quotable(
    passages: Sequence[Passage],
    queries: Sequence[str],
    language: Language,
    /,
    *,
    confidence: float = 1.0,
    late: AbstractSet[DocumentId] = frozenset(),
) -> Quotable:
    """Find what answers a question; the n-th passage is source n.

    `queries` are the texts that were searched, the bare question first. Without
    vectors, what covers too little of the question is not quoted, the less so the
    lower the `confidence` of retrieval. What is quoted of `late` documents comes
    behind what is about as good, and with its date.
    """
    asked = Asked.of(queries, language, [passage.text for passage in passages])
    windows = [
        _priced(window, late)
        for number, passage in enumerate(passages, start=1)
        for window in _best_window(number, passage, asked, passages[0].score)
        if passage.vector is not None or _trusted(window, asked, confidence)
    ]
    windows.sort(key=lambda window: -window.score)
    dated = bool(years(search_form(queries[0])))
    return Quotable(asked=asked, windows=windows, of_a_year=dated)


def sureness(
    passages: Sequence[Passage], query: str, /, *, language: Language
) -> float:
    """Say how likely something in the passages is about what a text asks."""
    asked = Asked.of([query], language, [passage.text for passage in passages])
    return max(
        (
            trust(window.run, Labels.of(passage), asked, 1.0)
            for number, passage in enumerate(passages, start=1)
            for window in _best_window(number, passage, asked, passages[0].score)
        ),
        default=0.0,
    )


def _best_window(
    number: int, passage: Passage, asked: Asked, best_score: float
) -> Iterator[_Window]:
    """Yield the best units of a passage, if it has any."""
    labels = Labels.of(passage)
    found = list(runs(units(passage.text), steps=asked.expected.steps))
    if not found:
        return
    scores = [worth(run, labels, asked) for run in found]
    best = max(scores)
    rank = passage.score / best_score if best_score > 0 else 0.0
    base = _RANK_WEIGHT * rank + _LABEL_WEIGHT * asked.covered(labels.all)
    run = found[scores.index(best)]
    yield _Window(
        number=number,
        passage=passage,
        run=run,
        score=base + best,
        said=asked.covered(run.tokens),
        late=False,
        year=age_of(passage).year,
    )


def _trusted(window: _Window, asked: Asked, confidence: float) -> bool:
    labels = Labels.of(window.passage)
    return trust(window.run, labels, asked, confidence) >= FLOORS[asked.language]


def _priced(window: _Window, late: AbstractSet[DocumentId]) -> _Window:
    if window.passage.document.id not in late:
        return window
    return replace(window, late=True, score=window.score - _LATE_PRICE)


def _chosen(windows: Sequence[_Window]) -> list[_Window]:
    """Keep the best window and others that are about as good and say more."""
    chosen: list[_Window] = []
    said: frozenset[str] = frozenset()
    for window in windows:
        good = not chosen or (
            window.score >= _NEARLY_AS_GOOD * chosen[0].score
            and window.said >= _SAYS_ENOUGH * chosen[0].said
            and not points_elsewhere(window.run)
        )
        if good and not _repeats(window.run.tokens, said):
            chosen.append(window)
            said |= window.run.tokens
    return chosen[:SHOWN]


def _more(chosen: Sequence[_Window], windows: Sequence[_Window]) -> list[_Window]:
    """Add what is not as good, and says more."""
    more = list(chosen)
    said = frozenset[str]().union(*(window.run.tokens for window in chosen))
    for window in windows:
        worth_reading = window.score >= _WORTH_READING * windows[0].score
        new = window not in more and not _repeats(window.run.tokens, said)
        if worth_reading and new and not points_elsewhere(window.run):
            more.append(window)
            said |= window.run.tokens
    return more[:_AT_LENGTH]


def _whole(window: _Window) -> _Window:
    return replace(window, run=whole(units(window.passage.text)))


def _repeats(tokens: frozenset[str], said: frozenset[str]) -> bool:
    """Whether nearly everything was said, and with the same numbers."""
    numbers = {token for token in tokens if token.isdigit()}
    return numbers <= said and len(tokens & said) >= _REPEATS * len(tokens)


def _older_as_late(chosen: Sequence[_Window]) -> list[_Window]:
    """Count as late what names an earlier year than something as good does."""
    return [replace(w, late=w.late or _is_older(w, chosen)) for w in chosen]


def _is_older(window: _Window, chosen: Sequence[_Window]) -> bool:
    return window.year is not None and any(
        other.year is not None
        and other.year > window.year
        and other.score >= _JUST_AS_GOOD * window.score
        for other in chosen
    )


def _newer_first(chosen: Sequence[_Window]) -> list[_Window]:
    """Put late ones last, except the best one where nothing is just as good."""
    if not chosen:
        return []
    best = chosen[0]
    if best.late and all(
        window.late or window.score < _JUST_AS_GOOD * best.score for window in chosen
    ):
        return [best, *sorted(chosen[1:], key=lambda window: window.late)]
    return sorted(chosen, key=lambda window: window.late)


def _pieces(
    chosen: Sequence[_Window], asked: Asked, warning: Phrase
) -> Iterator[Piece]:
    before = EXTRACTIVE_HEADER.say(asked.language) + "\n\n"
    for window in chosen:
        text = quotation(
            window.run,
            window.passage,
            window.number,
            asked,
            warning=warning if window.late else None,
        )
        yield Piece(text=before + text)
        before = "\n\n"
