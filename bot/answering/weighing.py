"""Weighs how well some units of a passage answer a question."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bot.answering.expecting import (
    Expected,
    asks_for_steps,
    expected,
    without_question_words,
)
from bot.answering.overlap import Weights, coverage, weights
from bot.answering.runs import SHORT, Run, width
from bot.answering.units import Kind, Unit
from bot.core.model import Language, Passage
from bot.text.tokens import analyse

# Found on the bundled samples, on jsquad-ja and on squad2-en: the first quotation
# holds the answer nearly as often as the whole best passage does.
_CONTEXT_WEIGHT: Final = 0.75
_SAID_BY_LABELS: Final = 0.5
_EXPECTED_BONUS: Final = 0.18
_STEPS_BONUS: Final = 0.3
_HEAD_BONUS: Final = 0.3
_BELOW_PRICE: Final = 0.1
"""What stands further down says less of what its heading says."""

_KEY_BONUS: Final = 0.18
_LENGTH_PRICE: Final = 0.04
"""For every so many columns of text."""

_FREE_STEPS: Final = 2
"""Times so many columns; longer steps are no dearer."""

_MORE_PRICE: Final = 0.02
"""For every row or item behind the first one."""

_LEAD_PRICE: Final = 0.1
_ECHO_PRICE: Final = 0.5
_ELSEWHERE_PRICE: Final = 0.5
_NEW_TOKENS: Final = 4
_CONTEXT_TRUST: Final = 0.9
_TOUCHES: Final = 0.25
_DOUBT_PRICE: Final = 0.1

_ITEM_NUMBER: Final = re.compile(r"^\s*\d+[.)．）]")
_YEAR_ONLY: Final = re.compile(r"(?<=\d)年度")
# Says what a page is for, or where something else stands, and answers nothing.
_ELSEWHERE: Final = re.compile(
    r"(?:手順|方法|手引き?|ガイド|入口|ページ|メモ|まとめ|一覧|資料|説明|きまり|決まり|もの)です。?$"
    r"|(?:ページ|資料|文書|」|\))(?:に(?:あります|書いてあります|残しています)"
    r"|を(?:見て|ご覧|参照)[^。]*)。?$"
    r"|^(?:This (?:page|document|guide|section|runbook)|How we|See)\b"
    # An entry of a table of contents.
    r"|^\s*(?:[-*+・]|\d+[.)])\s*\[[^\]\n]*\]\([^()\n]*\)[^\n]{0,24}$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is looked for: the bare question, and the question in its context.

    Both without words that only ask; `words` are all of them.
    """

    bare: frozenset[str]
    context: frozenset[str]
    words: frozenset[str]
    expected: Expected
    language: Language
    worth: Weights

    @classmethod
    def of(
        cls, queries: Sequence[str], language: Language, texts: Iterable[str], /
    ) -> "Asked":
        """Read the texts that were searched, the bare question first.

        `texts` are what was found: they tell rare words from common ones.
        """
        return cls(
            bare=_content(queries[0]),
            context=_content(queries[-1]),
            words=tokens_of(queries[-1]),
            expected=expected(queries[0]),
            language=language,
            worth=weights(texts),
        )

    def covered(self, tokens: frozenset[str], /) -> float:
        """Return the share of words that are found, rare ones counting more."""
        bare = coverage(self.bare, tokens, self.worth)
        if self.context == self.bare:
            return bare
        context = coverage(self.context, tokens, self.worth)
        return (bare + _CONTEXT_WEIGHT * context) / (1 + _CONTEXT_WEIGHT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What title and headings say; `heading` is the one the passage stands under."""

    heading: frozenset[str]
    all: frozenset[str]
    language: Language

    @classmethod
    def of(cls, passage: Passage, /) -> "Labels":
        """Return the labels of a passage."""
        headings = passage.chunk.heading_path
        return cls(
            heading=tokens_of(headings[-1]) if headings else frozenset(),
            all=tokens_of(" ".join((passage.document.title, *headings))),
            language=passage.chunk.language,
        )


def worth(run: Run, labels: Labels, asked: Asked, /) -> float:
    """Say how well a run answers; what title and headings say as well counts half."""
    first = run.units[0]
    head = tokens_of(first.head) or labels.heading
    whole = asked.covered(run.tokens | labels.all)
    lead = asked.covered(run.lead | labels.all) / whole if whole else 1.0
    return (
        asked.covered(run.tokens)
        - _SAID_BY_LABELS * asked.covered(run.tokens & labels.all)
        + (_HEAD_BONUS * lead if run.first else -_BELOW_PRICE) * asked.covered(head)
        + (_key_bonus(asked) if _named(first, asked) else 0.0)
        + (_EXPECTED_BONUS if _met(run, asked) else 0.0)
        + (_steps_bonus(run, asked) if asked.expected.steps else 0.0)
        - (_ECHO_PRICE if _echoes(run, labels.all, asked) else 0.0)
        - (_ELSEWHERE_PRICE if points_elsewhere(run) else 0.0)
        - _LEAD_PRICE * (1 - lead)
        - _size_price(run, asked)
    )


def trust(run: Run, labels: Labels, asked: Asked, confidence: float, /) -> float:
    """Say how likely a run is about what was asked, and not about other things.

    It is the mean of what retrieval is sure of and of how much of the question the
    run covers, by rare words and by all words; lower where a number is missing and
    for mere code, and nothing where the run shares only a word or two or lacks what a
    Japanese question names in Latin letters. A passage that is not Japanese can share
    nothing else with it.
    """
    tokens = run.tokens | labels.all
    bare, context = asked.bare, asked.context
    if asked.language is Language.JA:
        if not _latin(bare) <= tokens:
            return 0.0
        if labels.language is not Language.JA:
            bare, context = _latin(bare), _latin(context)
    rare = max(
        coverage(bare, tokens, asked.worth),
        _CONTEXT_TRUST * coverage(context, tokens, asked.worth),
    )
    every = coverage(bare, tokens, Weights())
    if rare + every < 2 * _TOUCHES:
        return 0.0
    doubts = (
        asked.expected.pattern is not None and not _met(run, asked),
        not asked.expected.steps and all(u.kind is Kind.CODE for u in run.units),
    )
    return (rare + every) / 4 + confidence / 2 - _DOUBT_PRICE * sum(doubts)


def points_elsewhere(run: Run, /) -> bool:
    """Whether a run says what a page is for or where something else stands."""
    return any(_ELSEWHERE.search(unit.text) for unit in run.units)


def tokens_of(text: str, /) -> frozenset[str]:
    """Return the search tokens of a text."""
    return frozenset(analyse(text))


def _latin(tokens: frozenset[str]) -> frozenset[str]:
    """Return words in Latin letters; a single letter names nothing."""
    return frozenset(
        t for t in tokens if len(t) > 1 and t.isascii() and not t.isdigit()
    )


def _content(query: str) -> frozenset[str]:
    return tokens_of(_YEAR_ONLY.sub("", without_question_words(query)))


def _met(run: Run, asked: Asked) -> bool:
    return any(asked.expected.met(_said(unit)) for unit in run.units)


def _said(unit: Unit) -> str:
    """Return a unit without the number that only counts it."""
    return _ITEM_NUMBER.sub("", unit.text)


def _echoes(run: Run, labels: frozenset[str], asked: Asked) -> bool:
    """Whether a run begins with little more than what was asked, as links do."""
    first = run.units[0]
    if first.kind in (Kind.ROW, Kind.CODE) or asked.expected.met(_said(first)):
        return False
    new = run.lead - asked.words - labels
    # A Japanese word gives two or three tokens.
    return sum(2 if token.isascii() else 1 for token in new) < _NEW_TOKENS


def _size_price(run: Run, asked: Asked) -> float:
    """Make long runs dear, but not steps that were asked for.

    Rows and items cost more when they only come along with the first one.
    """
    length = sum(width(unit.text) for unit in run.units) / SHORT
    if asked.expected.steps:
        return _LENGTH_PRICE * (min(length, _FREE_STEPS) if run.steps else length)
    announced = run.units[0].kind is Kind.SENTENCE
    more = 0 if announced else len(run.units) - 1
    return _LENGTH_PRICE * length + _MORE_PRICE * more


def _named(unit: Unit, asked: Asked) -> bool:
    """Whether the question names what a row, an item or a definition is about."""
    key = tokens_of(unit.key)
    return bool(key) and key <= asked.bare


def _key_bonus(asked: Asked) -> float:
    return _KEY_BONUS * (2 if asked.expected.meaning else 1)


def _steps_bonus(run: Run, asked: Asked) -> float:
    """Prefer steps, the more so the more of the question they speak of."""
    close = min(1.0, 3 * asked.covered(run.tokens))
    named = asks_for_steps(run.units[0].head)
    return (_STEPS_BONUS * close if run.steps else 0.0) + (
        _STEPS_BONUS if named else 0.0
    )
