"""The promises of the index ports, as tests that every engine passes.

A backend subclasses `IndexContract` and gives one fixture, `place`.
"""

from array import array
from collections.abc import AsyncIterator
from dataclasses import replace
from math import inf, nan

import pytest

from bot.core.errors import ConfigError, Gone
from bot.core.model import EmbeddingSpec, Generation, Vector
from tests.contracts.index_access import AccessContract
from tests.contracts.index_ranking import RankingContract
from tests.contracts.index_records import (
    DIMENSIONS,
    STAFF,
    Index,
    Place,
    a_generation,
    a_record,
    a_vector,
    documents,
    everything,
    found_everywhere,
    replace_document,
    revision_of,
    search,
    texts,
)
from tests.contracts.index_writes import WriteContract


class IndexContract(AccessContract, RankingContract, WriteContract):
    """What `PassageIndex`, `ChunkStore` and `IndexGenerations` promise."""

    @pytest.fixture
    def place(self) -> Place:
        """Return what opens the engine's index, each time on the same data."""
        raise NotImplementedError

    @pytest.fixture
    async def index(self, place: Place) -> AsyncIterator[Index]:
        async with place() as index:
            yield index

    @pytest.fixture
    async def generation(self, index: Index) -> Generation:
        generation = a_generation()
        await index.create(generation)
        return generation

    # --- what is put is found ---

    async def test_a_chunk_comes_back_as_it_was_put(
        self, index: Index, generation: Generation
    ) -> None:
        record = a_record("改行\nと 'quotes' と 👩‍💻\n\n| 表 |", vector=a_vector(1))
        await index.put(generation, [record])

        (lexical,) = await search(index, generation, "改行")
        (vector,) = await index.search_vector(
            generation, a_vector(1), principals=STAFF, limit=3
        )
        (beside,) = await index.neighbours(
            generation, revision_of(record), range(1), principals=STAFF
        )

        assert [record.chunk] * 3 == [lexical.chunk, vector.chunk, beside]
        assert lexical.score > 0
        assert vector.score == pytest.approx(1, abs=1e-5)

    async def test_what_was_put_is_found_after_upkeep_and_after_a_restart(
        self, place: Place
    ) -> None:
        generation = a_generation()
        first, later = documents(30), documents(10, seed=8)
        later = [replace_document(record, "後") for record in later]
        async with place() as index:
            await index.create(generation)
            await index.put(generation, first)
            await index.maintain(generation)
            await index.put(generation, later)
            before = await found_everywhere(index, generation)
            assert before == sorted(record.chunk.id for record in first + later)
            await index.maintain(generation)
            assert before == await found_everywhere(index, generation)
        async with place() as index:
            assert before == await found_everywhere(index, generation)

    async def test_a_put_after_upkeep_still_replaces_by_id(
        self, index: Index, generation: Generation
    ) -> None:
        await index.put(generation, [a_record(f"古い{n}", ordinal=n) for n in range(9)])
        await index.maintain(generation)
        await index.put(generation, [a_record("新しい", ordinal=4)])

        assert len(await everything(index, generation)) == 9
        assert texts(await search(index, generation, "新しい")) == ["新しい"]
        assert len(await search(index, generation, "古い")) == 8

    async def test_a_chunk_without_a_vector_is_found_by_its_words_only(
        self, index: Index, generation: Generation
    ) -> None:
        plain = a_record("休暇の申請", "一")
        await index.put(generation, [plain, a_record("経費", "二", vector=a_vector(2))])
        query = a_vector(1)

        assert texts(await search(index, generation, "休暇")) == ["休暇の申請"]
        assert texts(
            await index.search_vector(generation, query, principals=STAFF, limit=9)
        ) == ["経費"]
        await index.put(generation, [replace(plain, vector=query)])
        assert texts(
            await index.search_vector(generation, query, principals=STAFF, limit=9)
        ) == ["休暇の申請", "経費"]

    async def test_a_generation_without_embedding_is_searched_by_words_only(
        self, index: Index
    ) -> None:
        generation = a_generation(dimensions=None)
        await index.create(generation)
        await index.put(generation, [a_record("休暇")])
        await index.maintain(generation)

        assert len(await search(index, generation, "休暇")) == 1
        assert (
            await index.search_vector(
                generation, a_vector(1), principals=STAFF, limit=9
            )
            == []
        )

    # --- generations ---

    async def test_generations_stand_side_by_side(self, index: Index) -> None:
        blue, green = a_generation(), a_generation(dimensions=3)
        for generation in (blue, green):
            await index.create(generation)
        await index.put(blue, [a_record("青い休暇", vector=a_vector(1))])
        await index.put(green, [a_record("緑の休暇", vector=a_vector(1, 3))])

        assert texts(await search(index, blue, "休暇")) == ["青い休暇"]
        assert texts(await search(index, green, "休暇")) == ["緑の休暇"]
        await index.drop(blue)
        await index.drop(blue)
        assert texts(await search(index, green, "休暇")) == ["緑の休暇"]
        with pytest.raises(Gone, match="shirube sync"):
            await search(index, blue, "休暇")

    async def test_what_is_there_is_listed_with_what_it_was_built_as(
        self, place: Place
    ) -> None:
        """Also by another process, which was not told of it."""
        blue, green = a_generation(), a_generation(dimensions=None)
        async with place() as index:
            for generation in (blue, green):
                await index.create(generation)
            await index.put(blue, [a_record(f"休暇 {n}", ordinal=n) for n in range(3)])
        async with place() as index:
            found = {each.generation.id: each for each in await index.stored()}

            assert blue == found[blue.id].generation
            assert green == found[green.id].generation
            assert (found[blue.id].chunks, found[green.id].chunks) == (3, 0)
            await index.drop(found[blue.id].generation)
            left = {each.generation.id for each in await index.stored()}
            assert (blue.id in left, green.id in left) == (False, True)

    async def test_creating_a_generation_again_leaves_it_as_it_is(
        self, index: Index, generation: Generation
    ) -> None:
        await index.put(generation, [a_record("休暇")])
        await index.create(generation)

        assert len(await search(index, generation, "休暇")) == 1

    @pytest.mark.parametrize(
        "change",
        [
            {"analyzer": "other"},
            {"schema": 2},
            {"embedding": None},
            {
                "embedding": EmbeddingSpec(
                    model="小さなモデル", digest="d1", dimensions=3, prefix="query: "
                )
            },
        ],
        ids=["analyzer", "schema", "no embedding", "dimensions"],
    )
    async def test_a_generation_that_was_built_otherwise_is_refused(
        self, place: Place, change: dict[str, object]
    ) -> None:
        generation = a_generation()
        spec = replace(generation.spec, **change)  # type: ignore[arg-type]
        other = replace(generation, spec=spec)
        async with place() as index:
            await index.create(generation)
            with pytest.raises(ConfigError, match=generation.id):
                await index.create(other)
        async with place() as index:
            with pytest.raises(ConfigError, match="shirube sync"):
                await index.put(other, [a_record("休暇")])
            with pytest.raises(ConfigError, match="shirube sync"):
                await search(index, other, "休暇")

    @pytest.mark.parametrize(
        "bad",
        [
            a_vector(1, DIMENSIONS - 1),
            a_vector(1, DIMENSIONS + 1),
            array("f", [0] * DIMENSIONS),
            array("f", [nan] + [1] * (DIMENSIONS - 1)),
            array("f", [inf] + [1] * (DIMENSIONS - 1)),
        ],
        ids=["short", "long", "zero", "nan", "inf"],
    )
    async def test_a_bad_vector_is_refused_and_nothing_of_its_batch_is_stored(
        self, index: Index, generation: Generation, bad: Vector
    ) -> None:
        good = a_record("休暇", "良", vector=a_vector(1))
        with pytest.raises(ConfigError, match="vector"):
            await index.put(generation, [good, a_record("休暇", "悪", vector=bad)])
        with pytest.raises(ConfigError, match="vector"):
            await index.search_vector(generation, bad, principals=STAFF, limit=3)

        assert await everything(index, generation) == {}

    async def test_an_unknown_generation_says_what_to_do(self, index: Index) -> None:
        nowhere = a_generation()
        for call in (
            index.put(nowhere, [a_record("休暇")]),
            index.missing(nowhere, [a_record("休暇").chunk.id]),
            index.maintain(nowhere),
            everything(index, nowhere),
        ):
            with pytest.raises(Gone, match="shirube sync"):
                await call
