"""Finds out which languages an embedding model speaks, with the team's own texts."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from bot.core.model import Language
from bot.core.ports import Embedder

SPOKEN: Final = 0.5
"""The weight of the vector leg in a language that the model speaks."""

UNSPOKEN: Final = 0.0

_NEAR: Final = 4
"""A partner counts as found among the nearest one in four: 5 of 20 samples."""

_ENOUGH: Final = 0.6

FEWEST: Final = 4
"""Fewer samples prove nothing: one title always finds the only text."""


async def alpha(
    samples: Mapping[Language, Sequence[tuple[str, str]]], embedder: Embedder
) -> Mapping[Language, float]:
    """Weigh the vector leg for each language that there are enough samples of.

    A sample is a title and the beginning of its text, best about 20 a language;
    with fewer than `FEWEST` a language is left out. The model speaks a language
    when at least 60 % of the titles find their own text in the nearest quarter.
    """
    return {
        language: await _weight(pairs, embedder)
        for language, pairs in samples.items()
        if len(pairs) >= FEWEST
    }


async def _weight(pairs: Sequence[tuple[str, str]], embedder: Embedder) -> float:
    texts = await embedder.embed_documents([text for _, text in pairs])
    titles = [await embedder.embed_query(title) for title, _ in pairs]
    known = [at for at, vector in enumerate(texts) if vector is not None]
    if not known:
        return UNSPOKEN
    matrix = np.array([texts[at] for at in known], dtype=np.float32)
    near = max(1, len(pairs) // _NEAR)
    found = 0
    for column, at in enumerate(known):
        scores = matrix @ np.array(titles[at], dtype=np.float32)
        # Ties count against: a model may see all texts of a language as one.
        found += int((scores >= scores[column]).sum()) <= near
    return SPOKEN if found >= _ENOUGH * len(pairs) else UNSPOKEN
