"""The vector leg counts only in languages that the embedding model speaks."""

import math
from array import array
from collections.abc import Sequence

import pytest

from bot.core.model import EmbeddingSpec, Language, Vector
from bot.ingest.probe import FEWEST, SPOKEN, UNSPOKEN, alpha

SUBJECTS = [
    "leave",
    "travel",
    "laptop",
    "badge",
    "parking",
    "lunch",
    "visa",
    "payroll",
    "garden",
    "printer",
]
TITLES = ["有給休暇", "出張旅費", "貸与端末", "入館証", "駐車場"] * 2


class SubjectEmbedder:
    """Knows English subjects by their words; all Japanese looks the same to it."""

    def __init__(self, *, rejected: str = "") -> None:
        self.rejected = rejected

    async def spec(self) -> EmbeddingSpec:
        return EmbeddingSpec(model="subjects", digest="1", dimensions=11, prefix="")

    async def embed_documents(self, texts: Sequence[str], /) -> list[Vector | None]:
        return [
            None if self.rejected and self.rejected in text else self._vector(text)
            for text in texts
        ]

    async def embed_query(self, text: str, /) -> Vector:
        return self._vector(text)

    def _vector(self, text: str) -> Vector:
        values = [*(float(word in text.lower()) for word in SUBJECTS), 0.1]
        length = math.hypot(*values)
        return array("f", [value / length for value in values])


ENGLISH = [
    (f"The {word} rules", f"All about {word} in our house.") for word in SUBJECTS
]
JAPANESE = [(title, f"{title}の手続きについて説明します。") for title in TITLES]


async def test_a_language_that_the_model_speaks_gets_its_share() -> None:
    found = await alpha({Language.EN: ENGLISH}, SubjectEmbedder())

    assert found == {Language.EN: SPOKEN}


async def test_a_language_that_looks_all_alike_to_the_model_gets_nothing() -> None:
    """Equal similarities are a lottery that nobody wins by standing first."""

    class Chance(SubjectEmbedder):
        def _vector(self, text: str) -> Vector:
            angle = sum(map(ord, text)) * 2.399
            return array("f", [math.cos(angle), math.sin(angle)])

    found = await alpha({Language.JA: JAPANESE}, Chance())

    assert found == {Language.JA: UNSPOKEN}


async def test_texts_that_the_model_rejects_count_as_not_found() -> None:
    found = await alpha({Language.EN: ENGLISH}, SubjectEmbedder(rejected="All about"))

    assert found == {Language.EN: UNSPOKEN}


@pytest.mark.parametrize("samples", range(FEWEST))
async def test_too_few_samples_leave_a_language_unprobed(samples: int) -> None:
    found = await alpha({Language.JA: JAPANESE[:samples]}, SubjectEmbedder())

    assert found == {}


async def test_a_model_that_is_blind_to_a_language_finds_nothing_in_it() -> None:
    """All vectors are one: no title is nearer to its own text than to the others."""
    found = await alpha({Language.JA: JAPANESE}, SubjectEmbedder())

    assert found == {Language.JA: UNSPOKEN}
