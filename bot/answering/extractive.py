"""Answers without a model: quotes what covers the question best, word for word."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from bot.answering.addresses import addresses
from bot.answering.citing import unmarked, with_mark
from bot.answering.composing import Piece
from bot.answering.overlap import Weights, coverage, weights
from bot.answering.runs import SHORT, Run, runs, width
from bot.answering.safety import inert
from bot.answering.units import Kind, Unit, units
from bot.core.model import Language, Passage
from bot.text.normalise import search_form
from bot.text.phrases import EXTRACTIVE_HEADER
from bot.text.split import truncate
from bot.text.tokens import analyse

SHOWN: Final = 3
"""Passages that are quoted."""

_UNIT_CHARACTERS: Final = 400

# Found on the bundled samples, on jsquad-ja and on squad2-en: the first quotation
# holds the answer nearly as often as the whole best passage does.
_CONTEXT_WEIGHT: Final = 0.5
_LABEL_WEIGHT: Final = 0.3
_SAID_BY_LABELS: Final = 0.5
_RANK_WEIGHT: Final = 0.75
_NUMBER_BONUS: Final = 0.12
_STEPS_BONUS: Final = 0.2
_HEAD_BONUS: Final = 0.3
_LENGTH_PRICE: Final = 0.04
"""For every so many columns of text."""

_LEAD_PRICE: Final = 0.15
_ECHO_PRICE: Final = 0.5
_NEW_TOKENS: Final = 4
_OUTDATED_PRICE: Final = 0.3
_BANNER: Final = 200
"""Characters at the beginning of a passage that may say that it is outdated."""

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
_OUTDATED: Final = re.compile(
    r"\b(?:replaced|superseded) by\b|do not (?:follow|use) this page"
    r"|このページは[^。]{0,20}(?:古い|使いません|使わない|廃止|更新されません)",
    re.IGNORECASE,
)
_DIGIT: Final = re.compile(r"\d")
_ITEM_NUMBER: Final = re.compile(r"^\s*\d+[.)．）]")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What is looked for: the bare question, and the question in its context."""

    bare: frozenset[str]
    context: frozenset[str]
    number: bool
    steps: bool
    language: Language
    worth: Weights

    def shared(self, tokens: frozenset[str]) -> float:
        """Return the share of words that are found, however common they are."""
        return coverage(self.context, tokens, Weights())

    def covered(self, tokens: frozenset[str]) -> float:
        """Return the share of words that are found, rare ones counting more."""
        bare = coverage(self.bare, tokens, self.worth)
        if self.context == self.bare:
            return bare
        context = coverage(self.context, tokens, self.worth)
        return (bare + _CONTEXT_WEIGHT * context) / (1 + _CONTEXT_WEIGHT)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """What could be quoted of one source, and how well it answers."""

    number: int
    run: Run
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
    headings = passage.chunk.heading_path
    heading = _tokens(headings[-1]) if headings else frozenset()
    labels = heading | _tokens(" ".join((passage.document.title, *headings)))
    found = list(runs(units(passage.text), steps=asked.steps))
    if not found:
        return None
    scores = [_worth(run, heading, labels, asked) for run in found]
    best = max(scores)
    run = found[scores.index(best)]
    # Words of another language are not found, whatever the passage says.
    foreign = passage.chunk.language is not asked.language or passage.vector is not None
    if not foreign and asked.shared(run.tokens | labels) < _TOUCHES:
        return None
    rank = passage.score / first.score if first.score > 0 else 0.0
    base = _RANK_WEIGHT * rank + _LABEL_WEIGHT * asked.covered(labels)
    outdated = _OUTDATED_PRICE if _OUTDATED.search(passage.text[:_BANNER]) else 0.0
    return _Window(number=number, run=run, score=base + best - outdated)


def _worth(
    run: Run, heading: frozenset[str], labels: frozenset[str], asked: _Asked
) -> float:
    """Say how well a run answers; what title and headings say as well counts half."""
    echoes = len(run.lead - asked.context - labels) < _NEW_TOKENS
    head = (_tokens(run.units[0].head) or heading) if run.first else frozenset()
    covered = asked.covered(run.tokens)
    whole = asked.covered(run.tokens | labels)
    lead = asked.covered(run.lead | labels) / whole if whole else 1.0
    length = sum(width(unit.text) for unit in run.units)
    return (
        covered
        - _SAID_BY_LABELS * asked.covered(run.tokens & labels)
        + _HEAD_BONUS * lead * asked.covered(head)
        + (_NUMBER_BONUS if asked.number and _has_number(run.units) else 0.0)
        + (_steps_bonus(run) if asked.steps else 0.0)
        - (_ECHO_PRICE if echoes else 0.0)
        - _LEAD_PRICE * (1 - lead)
        - _LENGTH_PRICE * length / SHORT
    )


def _steps_bonus(run: Run) -> float:
    named = _ASKS_FOR_STEPS.search(search_form(run.units[0].head)) is not None
    return (_STEPS_BONUS if run.steps else 0.0) + (_STEPS_BONUS if named else 0.0)


def _has_number(run: Sequence[Unit]) -> bool:
    return any(_DIGIT.search(_ITEM_NUMBER.sub("", unit.text)) for unit in run)


def _chosen(windows: Sequence[_Window]) -> list[_Window]:
    """Keep the best window and others that are about as good and say more."""
    chosen: list[_Window] = []
    said: frozenset[str] = frozenset()
    for window in windows:
        good = not chosen or window.score >= _NEARLY_AS_GOOD * chosen[0].score
        if good and not _repeats(window.run.tokens, said):
            chosen.append(window)
            said |= window.run.tokens
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
        text = _quoted(window.run.units, addresses(passage.text))
        heading = _needed_heading(window, passage, asked)
        yield Piece(text=before + heading + with_mark(text, window.number))
        before = "\n\n"


def _quoted(run: Sequence[Unit], allowed: frozenset[str]) -> str:
    texts = [_shown(unit, allowed) for unit in run]
    text = texts[0]
    for (before, after), following in zip(pairwise(run), texts[1:], strict=True):
        if before.block != after.block or after.kind is not Kind.SENTENCE:
            text += "\n" + following
        else:
            text += (" " if text[-1:].isascii() else "") + following
    return text


def _shown(unit: Unit, allowed: frozenset[str]) -> str:
    text = inert(unit.text, allowed=allowed)
    if unit.kind is Kind.CODE:
        # Code is short already, and nothing in a closed fence is read as a mark.
        return text
    cut = truncate(unmarked(text), characters=_UNIT_CHARACTERS)
    # A cut must not leave a backtick without its other half.
    return cut if cut.count("`") % 2 == 0 else "".join(cut.rsplit("`", 1))


def _needed_heading(window: _Window, passage: Passage, asked: _Asked) -> str:
    """Return the heading where it says what the sentences are about."""
    quoted = _tokens(" ".join(unit.text for unit in window.run.units))
    labels = (
        window.run.units[0].head,
        *reversed(passage.chunk.heading_path),
        passage.document.title,
    )
    for label in filter(None, labels):
        gained = asked.covered(quoted | _tokens(label)) - asked.covered(quoted)
        if gained >= _NEEDS_HEADING:
            shown = unmarked(inert(" ".join(label.split())))
            if window.run.units[0].kind is not Kind.SENTENCE:
                return f"{shown}\n"
            return f"{shown}：" if asked.language is Language.JA else f"{shown}: "
    return ""


def _tokens(text: str) -> frozenset[str]:
    return frozenset(analyse(text))
