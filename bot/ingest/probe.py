"""Finds out which languages an embedding model speaks, with the team's own texts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bot.core.model import Language
from bot.core.ports import Embedder
from bot.text.tokens import analyse

Matrix: TypeAlias = NDArray[np.float64]

SPOKEN: Final = 0.5
"""The weight of the vector leg in a language that the model speaks."""

UNSPOKEN: Final = 0.0

FEWEST: Final = 10
"""Fewer telling samples prove nothing; the language stays unprobed."""

_NEAR: Final = 10
"""A text counts as found among the nearest one in ten: 2 of 20."""

_ENOUGH: Final = 0.85
"""MiniLM finds .90 to 1.00 of English texts and at most .80 of Japanese ones.

It does find many: names in katakana are alike letter by letter.
"""


async def alpha(
    samples: Mapping[Language, Sequence[tuple[str, str]]], embedder: Embedder
) -> Mapping[Language, float]:
    """Weigh the vector leg for each language that there are enough samples of.

    A sample is a title and the beginning of its text; about 40 a language say
    enough. Only samples count whose text their title finds by its words alone:
    the title of a meeting's minutes tells nothing of a model that misses it. The
    model speaks a language when it finds 85 % of those as well. A language with
    fewer than `FEWEST` of them is left out.
    """
    weights: dict[Language, float] = {}
    for language, pairs in samples.items():
        telling = _found(_shared_words(pairs))
        if sum(telling) >= FEWEST:
            found = _found(await _similarities(pairs, embedder))
            both = sum(a and b for a, b in zip(telling, found, strict=True))
            spoken = both >= _ENOUGH * sum(telling)
            weights[language] = SPOKEN if spoken else UNSPOKEN
    return weights


def _found(scores: Matrix) -> list[bool]:
    """Say for each row whether its own column is among the best.

    Ties count against it: a model may see all texts of a language as one.
    """
    near = max(1, len(scores) // _NEAR)
    return [
        bool(row[at] > 0 and (row >= row[at]).sum() <= near)
        for at, row in enumerate(scores)
    ]


def _shared_words(pairs: Sequence[tuple[str, str]]) -> Matrix:
    """Score every text for every title by the words they share, rare ones more."""
    titles = [frozenset(analyse(title)) for title, _ in pairs]
    texts = [frozenset(analyse(text)) for _, text in pairs]
    having = Counter(token for text in texts for token in text)
    return np.array(
        [
            [sum(1 / having[token] for token in title & text) for text in texts]
            for title in titles
        ]
    )


async def _similarities(pairs: Sequence[tuple[str, str]], embedder: Embedder) -> Matrix:
    """Compare every title with every text; a rejected text is like none."""
    made = await embedder.embed_documents([text for _, text in pairs])
    titles = np.array([await embedder.embed_query(title) for title, _ in pairs])
    nothing = np.zeros(titles.shape[1])
    texts = np.array([nothing if vector is None else vector for vector in made])
    similar: Matrix = titles.astype(np.float64) @ texts.T.astype(np.float64)
    return similar
