"""Decides whether the documents speak of what was asked at all, without a model."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from bot.answering.retrieval import Retrieved
from bot.core.model import Generation, Language
from bot.text.tokens import ANALYZER


class Legs(StrEnum):
    """Which searches an answer rests on."""

    LEXICAL = "lexical"
    HYBRID = "hybrid"


THRESHOLDS: Final[Mapping[tuple[Language, Legs], float]] = MappingProxyType(
    {
        (Language.JA, Legs.LEXICAL): 0.36,
        (Language.EN, Legs.LEXICAL): 0.32,
        (Language.EN, Legs.HYBRID): 0.25,
    }
)
"""Below it a question is declined; see `docs/quality.md` for how they were found.

`python -m tests.bench gate` prints what every other threshold would do.
"""


def admits(retrieved: Retrieved, generation: Generation, language: Language) -> bool:
    """Whether the question goes on to the model.

    Only a confidence below a threshold that was calibrated for this language,
    these legs and this analyzer keeps it back; a best passage in another language
    than the question shares too few words with it to be judged by them.
    """
    if not retrieved.passages:
        return False
    foreign = retrieved.passages[0].chunk.language is not language
    if foreign or generation.spec.analyzer != ANALYZER:
        return True
    hybrid = generation.alpha.get(language, 0.0) > 0 and not retrieved.degraded
    legs = Legs.HYBRID if hybrid else Legs.LEXICAL
    return retrieved.confidence >= THRESHOLDS.get((language, legs), 0.0)


def tells(retrieved: Retrieved, language: Language) -> bool:
    """Whether the words alone tell that passages speak of it: no model will judge."""
    threshold = THRESHOLDS[language, Legs.LEXICAL]
    return bool(retrieved.passages) and retrieved.confidence >= threshold
