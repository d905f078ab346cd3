"""Gate 1 keeps back only what it was calibrated for."""

from dataclasses import replace

import pytest

from bot.answering.gate import THRESHOLDS, Legs, admits
from bot.answering.retrieval import Retrieved
from bot.core.model import Generation, Language, Passage
from tests.unit.answering.shelf import Shelf, a_chunk, a_shelf

JAPANESE = a_chunk("年次有給休暇は、入社半年後に10日付与される。", document="hr:leave")
ENGLISH = a_chunk("Lost laptops are reported at once.", document="it:laptop")
CHUNKS = {Language.JA: JAPANESE, Language.EN: ENGLISH}


async def a_library(alpha: float = 0.0) -> Shelf:
    shelf = await a_shelf(alpha=alpha)
    await shelf.put(JAPANESE)
    await shelf.put(ENGLISH)
    return shelf


def found(
    shelf: Shelf, language: Language, confidence: float, *, degraded: bool = False
) -> Retrieved:
    chunk = CHUNKS[language]
    document = shelf.live[chunk.document]
    passage = Passage(chunk=chunk, document=document, text=chunk.text, score=1.0)
    return Retrieved(
        passages=(passage,), confidence=confidence, queries=("?",), degraded=degraded
    )


@pytest.mark.parametrize("language", Language)
async def test_the_threshold_itself_is_admitted_and_less_is_not(
    language: Language,
) -> None:
    shelf = await a_library()
    threshold = THRESHOLDS[language, Legs.LEXICAL]

    def admitted(confidence: float) -> bool:
        return admits(found(shelf, language, confidence), shelf.generation, language)

    assert admitted(threshold)
    assert not admitted(threshold - 0.001)


async def test_nothing_found_is_never_admitted() -> None:
    shelf = await a_library(alpha=0.5)
    nothing = Retrieved(passages=(), confidence=0.0, queries=("?",))

    assert not admits(nothing, shelf.generation, Language.JA)


async def test_what_was_not_calibrated_is_admitted() -> None:
    """Japanese with an embedding model that speaks it was never measured."""
    shelf = await a_library(alpha=0.5)
    unsure = found(shelf, Language.JA, 0.0)

    assert (Language.JA, Legs.HYBRID) not in THRESHOLDS
    assert admits(unsure, shelf.generation, Language.JA)


async def test_without_its_vectors_a_search_is_judged_as_a_lexical_one() -> None:
    shelf = await a_library(alpha=0.5)
    unsure = found(shelf, Language.JA, 0.0, degraded=True)

    assert not admits(unsure, shelf.generation, Language.JA)


async def test_another_analyzer_was_not_calibrated() -> None:
    shelf = await a_library()
    spec = replace(shelf.generation.spec, analyzer="other-v1")
    other = Generation(id=shelf.generation.id, spec=spec)

    assert admits(found(shelf, Language.JA, 0.0), other, Language.JA)


async def test_a_passage_in_another_language_is_for_the_model_to_judge() -> None:
    """A Japanese question shares hardly a word with the English page that answers."""
    shelf = await a_library()
    english = found(shelf, Language.EN, 0.05)

    assert admits(english, shelf.generation, Language.JA)
