"""The vector leg counts only in languages that the embedding model speaks."""

import math
from array import array
from collections.abc import Sequence

import pytest

from bot.core.model import EmbeddingSpec, Language, Vector
from bot.ingest.probe import FEWEST, SPOKEN, UNSPOKEN, alpha

SUBJECTS = (
    *("leave", "travel", "laptop", "badge", "parking", "lunch", "visa", "garden"),
    *("printer", "archive", "payroll", "telephone"),
)
TITLES = (
    *("有給休暇", "出張旅費", "貸与端末", "入館証", "駐車場", "社員食堂", "健康診断"),
    *("印刷機", "議事録", "給与", "電話番号", "慶弔見舞金"),
)
ENGLISH = [
    (f"The {word} rules", f"All about {word} in our house.") for word in SUBJECTS
]
JAPANESE = [(title, f"{title}の手続きについて説明します。") for title in TITLES]


class SubjectEmbedder:
    """Knows English subjects by their words; all Japanese looks the same to it."""

    def __init__(self, *, rejected: str = "") -> None:
        self.rejected = rejected

    async def spec(self) -> EmbeddingSpec:
        return EmbeddingSpec(model="subjects", digest="1", dimensions=13, prefix="")

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


class ChanceEmbedder(SubjectEmbedder):
    """Gives every text a direction that means nothing."""

    def _vector(self, text: str) -> Vector:
        angle = sum(map(ord, text)) * 2.399
        return array("f", [math.cos(angle), math.sin(angle)])


async def test_each_language_is_weighed_by_itself() -> None:
    found = await alpha(
        {Language.EN: ENGLISH, Language.JA: JAPANESE}, SubjectEmbedder()
    )

    assert found == {Language.EN: SPOKEN, Language.JA: UNSPOKEN}


async def test_what_is_found_by_chance_is_not_spoken() -> None:
    assert await alpha({Language.JA: JAPANESE}, ChanceEmbedder()) == {
        Language.JA: UNSPOKEN
    }


async def test_texts_that_the_model_rejects_count_as_not_found() -> None:
    found = await alpha({Language.EN: ENGLISH}, SubjectEmbedder(rejected="All about"))

    assert found == {Language.EN: UNSPOKEN}


async def test_titles_that_say_nothing_of_their_text_do_not_count() -> None:
    """Minutes named by their dates would make every model look dumb."""
    minutes = [(f"議事録 5月{day}日", "参加者: 佐藤、鈴木") for day in range(1, 21)]

    found = await alpha({Language.EN: [*ENGLISH, *minutes]}, SubjectEmbedder())

    assert found == {Language.EN: SPOKEN}


@pytest.mark.parametrize("samples", [0, 1, FEWEST - 1])
async def test_too_few_samples_leave_a_language_unprobed(samples: int) -> None:
    assert await alpha({Language.EN: ENGLISH[:samples]}, SubjectEmbedder()) == {}
