"""Answers without a model: quotes what covers the question best, word for word."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, starmap
from typing import Final

from bot.answering.addresses import addresses
from bot.answering.citing import unmarked, with_mark
from bot.answering.composing import Piece
from bot.answering.overlap import Weights, coverage, weights
from bot.answering.safety import inert
from bot.answering.units import Kind, Unit, units
from bot.core.model import Language, Passage
from bot.text.normalise import search_form
from bot.text.phrases import EXTRACTIVE_HEADER
from bot.text.split import truncate
from bot.text.tokens import analyse

SHOWN: Final = 3
"""Passages that are quoted."""

_LONGEST: Final = 3
"""Units in a row that are quoted together; a list follows its announcement."""

_ITEMS: Final = 6
_UNIT_CHARACTERS: Final = 400

_CONTEXT_WEIGHT: Final = 0.5
_HEADING_WEIGHT: Final = 0.3
_RANK_WEIGHT: Final = 0.35
_NUMBER_BONUS: Final = 0.12
_STEPS_BONUS: Final = 0.2
_LENGTH_PRICE: Final = 0.08

_NEARLY_AS_GOOD: Final = 0.75
_REPEATS: Final = 0.8
_TOUCHES: Final = 0.15
_NEEDS_HEADING: Final = 0.1

_ASKS_A_NUMBER: Final = re.compile(
    r"いつ|何[日時月年人円個回件歳分名]|何パーセント|いくら|いくつ|どのくらい|どれくらい"
    r"|期限|締め?切|締め?日|料金|金額|上限|番号|期間|日数|\bwhen\b|\bdeadline|\bnumber\b"
    r"|\bhow (?:many|much|long|often|old|far)\b|\blimit|\bcosts?\b|\bprice"
)
_ASKS_FOR_STEPS: Final = re.compile(
    r"手順|方法|やり方|仕方|流れ|どうやって|どうすれば|どのように"
    r"|\bhow (?:do|can|to|should)\b|\bsteps?\b|\bprocedure|\binstructions?\b"
)
_ANNOUNCES: Final = re.compile(
    r"(?:[:：]|(?:次|以下|下記)[^。]{0,12}。?|\bfollowing\W*)\s*$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What is looked for: the bare question, and the question in its context."""

    bare: frozenset[str]
    context: frozenset[str]
    number: bool
    steps: bool
    language: Language
    worth: Weights

    def covered(self, tokens: frozenset[str]) -> float:
        bare = coverage(self.bare, tokens, self.worth)
        if self.context == self.bare:
            return bare
        context = coverage(self.context, tokens, self.worth)
        return (bare + _CONTEXT_WEIGHT * context) / (1 + _CONTEXT_WEIGHT)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """Units in a row; those behind the `chosen` ones came with their announcement."""

    units: tuple[Unit, ...]
    chosen: int
    is_list: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """What could be quoted of one source, and how well it answers."""

    number: int
    units: tuple[Unit, ...]
    tokens: frozenset[str]
    score: float


def quotations(
    passages: Sequence[Passage], queries: Sequence[str], language: Language, /
) -> tuple[Piece, ...]:
    """Quote at most three passages, the best sentences first; none if none fit.

    `queries` are the texts that were searched, the bare question first. The n-th
    passage is source n.
    """
    if not passages:
        return ()
    asked = _asked(passages, queries, language)
    windows = [
        window
        for number, passage in enumerate(passages, start=1)
        if (window := _best_window(number, passage, asked, passages[0])) is not None
    ]
    chosen = _chosen(sorted(windows, key=lambda window: -window.score))
    return tuple(_pieces(chosen, passages, asked))


def _asked(
    passages: Sequence[Passage], queries: Sequence[str], language: Language
) -> _Asked:
    return _Asked(
        bare=frozenset(analyse(queries[0])),
        context=frozenset(analyse(queries[-1])),
        number=_ASKS_A_NUMBER.search(search_form(queries[0])) is not None,
        steps=_ASKS_FOR_STEPS.search(search_form(queries[0])) is not None,
        language=language,
        worth=weights(passage.text for passage in passages),
    )


def _best_window(
    number: int, passage: Passage, asked: _Asked, first: Passage
) -> _Window | None:
    """Return the best units of a passage, None where it has nothing to do with it."""
    heading = _heading_tokens(passage)
    rank = _RANK_WEIGHT * passage.score / first.score if first.score > 0 else 0.0
    base = rank + _HEADING_WEIGHT * asked.covered(heading)
    windows = [
        _Window(
            number=number,
            units=run.units,
            tokens=tokens,
            score=base + _worth(run, tokens, asked),
        )
        for run in _runs(units(passage.text))
        if (tokens := frozenset(analyse(" ".join(unit.text for unit in run.units))))
    ]
    best = max(windows, key=lambda window: window.score, default=None)
    # Words of another language are not found, whatever the passage says.
    foreign = passage.chunk.language is not asked.language or passage.vector is not None
    if best is None or foreign or asked.covered(best.tokens | heading) >= _TOUCHES:
        return best
    return None


def _worth(run: _Run, tokens: frozenset[str], asked: _Asked) -> float:
    number = asked.number and any(token.isdigit() for token in tokens)
    return (
        asked.covered(tokens)
        + (_NUMBER_BONUS if number else 0.0)
        + (_STEPS_BONUS if asked.steps and run.is_list else 0.0)
        - _LENGTH_PRICE * (run.chosen - 1)
    )


def _runs(found: Sequence[Unit]) -> Iterator[_Run]:
    """Yield what may be quoted together: up to three units, or a list with its head."""
    for start in range(len(found)):
        for end in range(start + 1, min(start + _LONGEST, len(found)) + 1):
            run = found[start:end]
            if all(starmap(_belong_together, pairwise(run))):
                behind = _behind_list(found, end)
                yield _Run(
                    units=tuple(found[start:behind]),
                    chosen=end - start,
                    is_list=behind > end and found[behind - 1].kind is Kind.ITEM,
                )


def _belong_together(one: Unit, other: Unit) -> bool:
    if one.kind is not other.kind:
        return False
    return one.block == other.block or one.kind is Kind.ITEM


def _behind_list(found: Sequence[Unit], end: int) -> int:
    if not _ANNOUNCES.search(found[end - 1].text):
        return end
    behind = end
    while behind < min(len(found), end + _ITEMS) and (
        found[behind].kind in (Kind.ITEM, Kind.ROW)
    ):
        behind += 1
    return behind if behind > end else min(end + 1, len(found))


def _chosen(windows: Sequence[_Window]) -> list[_Window]:
    """Keep the best window and others that are about as good and say more."""
    chosen: list[_Window] = []
    said: frozenset[str] = frozenset()
    for window in windows:
        good = not chosen or window.score >= _NEARLY_AS_GOOD * chosen[0].score
        if good and not _repeats(window.tokens, said):
            chosen.append(window)
            said |= window.tokens
    return chosen[:SHOWN]


def _repeats(tokens: frozenset[str], said: frozenset[str]) -> bool:
    """Whether nearly everything was said, and with the same numbers."""
    numbers = {token for token in tokens if token.isdigit()}
    return numbers <= said and len(tokens & said) >= _REPEATS * len(tokens)


def _pieces(
    chosen: Sequence[_Window], passages: Sequence[Passage], asked: _Asked
) -> Iterator[Piece]:
    before = EXTRACTIVE_HEADER.say(asked.language) + "\n\n"
    for window in chosen:
        passage = passages[window.number - 1]
        text = _quoted(window.units, addresses(passage.text))
        heading = _needed_heading(window, passage, asked)
        yield Piece(text=before + heading + with_mark(text, window.number))
        before = "\n\n"


def _quoted(run: Sequence[Unit], allowed: frozenset[str]) -> str:
    texts = [
        truncate(
            unmarked(inert(unit.text, allowed=allowed)), characters=_UNIT_CHARACTERS
        )
        for unit in run
    ]
    text = texts[0]
    for (before, after), following in zip(pairwise(run), texts[1:], strict=True):
        if before.block != after.block or after.kind is not Kind.SENTENCE:
            text += "\n" + following
        else:
            text += (" " if text[-1:].isascii() else "") + following
    return text


def _needed_heading(window: _Window, passage: Passage, asked: _Asked) -> str:
    """Return the heading where it says what the sentences are about."""
    heading = passage.chunk.heading_path[-1] if passage.chunk.heading_path else ""
    heading = heading or passage.document.title
    both = window.tokens | frozenset(analyse(heading))
    gained = asked.covered(both) - asked.covered(window.tokens)
    if gained < _NEEDS_HEADING:
        return ""
    colon = "：" if asked.language is Language.JA else ": "
    return unmarked(inert(" ".join(heading.split()))) + colon


def _heading_tokens(passage: Passage) -> frozenset[str]:
    labels = (passage.document.title, *passage.chunk.heading_path)
    return frozenset(analyse(" ".join(labels)))
