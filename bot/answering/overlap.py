"""Measures how much of one text is found in another, in search tokens."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from bot.answering.units import units
from bot.text.normalise import search_form
from bot.text.tokens import analyse

_HIRAGANA: Final = re.compile("[\u3040-\u309f]+")
_DULL: Final = 0.25
"""What a token is worth, at least, however common it is."""

_STRANGE: Final = 4.0
"""What a word is worth that no source has, when a source is to carry it."""

_STRONG: Final = 0.75
_TELLING: Final = 4
"""Tokens; a shorter sentence says too little to be recognised."""

_NUMBER: Final = re.compile(r"\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What each token is worth: the rarer among the given units, the more."""

    worth: Mapping[str, float] = field(default_factory=dict)
    unknown: float = 2.0

    def of(self, tokens: Iterable[str], /) -> float:
        """Return what these tokens are worth together, each counted once."""
        # An exact sum, because a set has another order in every process, and the last
        # bit of a sum must not decide which of two sentences is quoted.
        return math.fsum(
            self.worth.get(token, self.unknown) * _meaning(token)
            for token in set(tokens)
        )


def _meaning(token: str) -> float:
    """Weigh what Japanese writes in hiragana, grammar mostly, less than content."""
    if _HIRAGANA.fullmatch(token):
        return 0.2
    return 0.5 if len(token) == 1 and not token.isascii() else 1.0


def weights(texts: Iterable[str], /) -> Weights:
    """Weigh tokens by how few units of these texts hold them."""
    seen: Counter[str] = Counter()
    count = 0
    for text in texts:
        for unit in units(text):
            seen.update(set(analyse(unit.text)))
            count += 1
    worth = {
        token: max(_DULL, math.log((1 + count) / (0.5 + holders)))
        for token, holders in seen.items()
    }
    return Weights(worth=worth)


def coverage(claim: Iterable[str], tokens: Iterable[str], worth: Weights, /) -> float:
    """Return the share of `claim`, by worth, that `tokens` hold; 0 for no claim."""
    wanted = set(claim)
    whole = worth.of(wanted)
    return worth.of(wanted.intersection(tokens)) / whole if whole else 0.0


def best_sentence(claim: str, text: str, worth: Weights, /) -> str:
    """Return the sentence, row or list item of `text` that shares most with `claim`.

    Of long ones only what they share counts in full, so that a short one that says
    the same wins; the first one where nothing is shared.
    """
    wanted = set(analyse(claim))

    def closeness(unit: str) -> float:
        tokens = set(analyse(unit))
        return worth.of(wanted & tokens) / math.sqrt(1 + worth.of(tokens))

    texts = [unit.text for unit in units(text)] or [text]
    return max(texts, key=closeness)


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """Knows which source says what a sentence says, in nearly the same words."""

    sources: tuple[frozenset[str], ...]
    worth: Weights

    def strongest(self, sentence: str, /) -> int | None:
        """Return the number, from 1, of the source that carries `sentence`.

        None unless most of its words, and all of its numbers, stand there.
        """
        claim = set(analyse(sentence))
        if len(claim) < _TELLING:
            return None
        numbers = set(_NUMBER.findall(search_form(sentence)))
        shares = [
            coverage(claim, tokens, self.worth) if numbers <= tokens else 0.0
            for tokens in self.sources
        ]
        best = max(shares, default=0.0)
        return shares.index(best) + 1 if best >= _STRONG else None


def support(texts: Sequence[str], /) -> Support:
    """Read the sources, in the order of their numbers."""
    return Support(
        sources=tuple(
            frozenset(analyse(text)) | frozenset(_NUMBER.findall(search_form(text)))
            for text in texts
        ),
        worth=replace(weights(texts), unknown=_STRANGE),
    )
