"""Measures how much of a question the best passages speak of.

The confidence is the share of a question's words that one of the best passages
has, rare and meaningful words counting more. It looks at texts, never at the
scores of an engine, so that every engine gives the same.
"""

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain, repeat
from operator import contains
from typing import Final, TypeAlias

from bot.core.model import Chunk
from bot.text.courtesy import clauses

Clause: TypeAlias = AbstractSet[str]
Weights: TypeAlias = Mapping[str, float]

_PASSAGES: Final = 3
_CANDIDATES: Final = 50

_RARITY_FLOOR: Final = 2.0
"""What a word counts that every candidate has; the rarest counts three times that."""

_SHARE_OF_HEAVIEST: Final = 0.5
"""A clause lighter than this, such as 「確認です」, does not speak for the question."""

_PARTICLE: Final = "[はがをにでとのもへやかな]"
_GRAMMAR: Final = re.compile(f"[\u3040-\u309f]+|{_PARTICLE}.|.{_PARTICLE}|.*[何誰].*")
"""Hiragana alone, a particle with what happens to stand beside it, and 何 and 誰."""

_HIRAGANA: Final = re.compile("[\u3040-\u309f]")
_ONE_HAN: Final = re.compile(
    "[\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]"
)


def confidence(
    queries: Sequence[str],
    best: Sequence[Chunk],
    candidates: Sequence[Chunk],
    analyse: Callable[[str], list[str]],
) -> float:
    """Return how well the best passages cover the best clause, from 0 to 1.

    Every clause of every query may speak for the question: what a follow-up does
    not say stands in the questions before it. `candidates` are what the lexical
    search found: they tell rare words from common ones.
    """
    asked = [
        [frozenset(analyse(clause)) for clause in clauses(query)] for query in queries
    ]
    tokens = frozenset[str]().union(*chain.from_iterable(asked))
    weights = _weights(tokens, candidates[:_CANDIDATES])
    passages = [frozenset(analyse(_searched(chunk))) for chunk in best[:_PASSAGES]]
    shares = [
        _weight(clause & passage, weights) / _weight(clause, weights)
        for parts in asked
        for clause in _heavy(parts, weights)
        for passage in passages
        if clause
    ]
    return max(shares, default=0.0)


def _weights(tokens: Collection[str], candidates: Sequence[Chunk]) -> Weights:
    """Weigh tokens by script and by how many candidates have them."""
    texts = [_searched(chunk).lower() for chunk in candidates]
    return {token: _meaning(token, texts) for token in tokens}


def _searched(chunk: Chunk) -> str:
    return " ".join((chunk.title, *chunk.heading_path, chunk.text))


def _meaning(token: str, texts: Sequence[str]) -> float:
    """Weigh what tells a topic more than what holds a Japanese sentence together.

    Grammar comes into the tokens by itself, as pairs of characters across its
    border; an answer has the topic of its question, and other grammar.
    """
    if _GRAMMAR.fullmatch(token):
        return 0.5
    if _ONE_HAN.fullmatch(token):
        return 0.7 * _rarity(token, texts)
    return (0.4 if _HIRAGANA.search(token) else 1.0) * _rarity(token, texts)


def _rarity(token: str, texts: Sequence[str]) -> float:
    # A substring is a good enough sign of a token here, and much cheaper.
    having = sum(map(contains, texts, repeat(token)))
    return _RARITY_FLOOR + math.log1p((len(texts) - having + 0.5) / (having + 0.5))


def _heavy(parts: Sequence[Clause], weights: Weights) -> list[Clause]:
    heaviest = max((_weight(part, weights) for part in parts), default=0.0)
    least = heaviest * _SHARE_OF_HEAVIEST
    return [part for part in parts if _weight(part, weights) >= least]


def _weight(tokens: Clause, weights: Weights) -> float:
    return sum(weights[token] for token in tokens)
