"""What is found and in which order: the promises to the reader of an index."""

import random
from dataclasses import replace

import pytest

from bot.backends.memory import MemoryIndex
from bot.core.access import PUB
from bot.core.model import Generation
from tests.contracts.index_records import (
    STAFF,
    Index,
    a_record,
    a_vector,
    documents,
    holding,
    ids,
    layers,
    queries,
    search,
    texts,
)


class RankingContract:
    """Every engine ranks as the reference in memory does."""

    @pytest.mark.parametrize(
        ("text", "query"),
        [
            ("有給休暇は前日までに", "休暇"),
            ("年末調整と所得税", "税"),
            ("社内ＶＰＮに接続する", "vpn"),
            ("ﾊﾝｶｸ文字の扱い", "ハンカク"),
            ("Slackの通知が来ない", "SLACK"),
            ("退勤 👋 お疲れ様", "👋退勤"),
            ("a" * 39, "a" * 39),
            ("b" * 40, "b" * 40),
            ("c" * 80, "c" * 80),
            ("ア" * 14, "ア" * 14),
            ("か\u3099ぎの貸出", "がぎ"),
        ],
    )
    async def test_terms_as_people_write_them_are_found(
        self, index: Index, generation: Generation, text: str, query: str
    ) -> None:
        noise = documents(10)
        await index.put(generation, [*noise, a_record(text, "これ")])

        assert text in texts(await search(index, generation, query))

    async def test_long_tokens_are_stored_and_found_whole(
        self, index: Index, generation: Generation
    ) -> None:
        """Whatever the analyzer makes, the engine neither cuts nor drops it."""
        tokens = ["あ" * 26, "x" * 80, "s:接続", "c++", "O'Brien", "AND", "foo*", '"q']
        for place, token in enumerate(tokens):
            record = a_record(token, f"文書{place}")
            await index.put(generation, [replace(record, tokens=(token, "共通"))])
        for token in tokens:
            hits = await index.search_lexical(
                generation, [token], principals=STAFF, limit=9
            )

            assert [token] == texts(hits)

    async def test_a_question_without_tokens_finds_nothing(
        self, index: Index, generation: Generation
    ) -> None:
        await index.put(generation, [a_record("休暇"), a_record("👋", "絵文字")])

        assert await search(index, generation, "👋") == []
        assert await search(index, generation, "") == []

    @pytest.mark.parametrize("upkeep", ["maintained", "as written"])
    async def test_words_rank_as_the_reference_ranks_them(
        self, index: Index, generation: Generation, upkeep: str
    ) -> None:
        reference = MemoryIndex()
        await reference.create(generation)
        records = documents(200)
        for start in range(0, 200, 50):
            for engine in (index, reference):
                await engine.put(generation, records[start : start + 50])
            if upkeep == "maintained":
                await index.maintain(generation)
        pairs = [
            (
                await search(index, generation, query, limit=10),
                await search(reference, generation, query, limit=10),
            )
            for query in queries(100)
        ]

        shared = [len({*ids(ours)} & {*ids(theirs)}) for ours, theirs in pairs]
        assert sum(shared) >= 0.95 * sum(len(theirs) for _, theirs in pairs)
        assert sum(ids(a)[:1] == ids(b)[:1] for a, b in pairs) >= 95

    async def test_vectors_rank_as_the_reference_ranks_them(
        self, index: Index, generation: Generation
    ) -> None:
        reference = MemoryIndex()
        await reference.create(generation)
        for engine in (index, reference):
            await engine.put(generation, documents(200))
        for seed in range(20):
            ours, theirs = [
                await engine.search_vector(
                    generation, a_vector(seed), principals=STAFF, limit=10
                )
                for engine in (index, reference)
            ]

            assert ids(theirs) == ids(ours)
            assert [hit.score for hit in theirs] == pytest.approx(
                [hit.score for hit in ours], abs=1e-5
            )

    async def test_hits_come_best_first_and_ties_by_id(
        self, index: Index, generation: Generation
    ) -> None:
        same = [a_record("休暇", f"文書{n}", vector=a_vector(3)) for n in range(12)]
        await index.put(generation, same)
        await index.put(generation, [a_record("休暇 休暇 申請", "長い")])
        by_id = sorted(record.chunk.id for record in same)

        lexical = await search(index, generation, "休暇 申請")
        vector = await index.search_vector(
            generation, a_vector(3), principals=STAFF, limit=99
        )

        assert lexical[0].chunk.title == "長い"
        assert by_id == ids(lexical)[1:] == ids(vector)

    async def test_a_word_said_twice_counts_once(
        self, index: Index, generation: Generation
    ) -> None:
        await index.put(generation, documents(40))

        once = await search(index, generation, "休暇 申請 税")
        twice = await search(index, generation, "休暇 休暇 申請 休暇 税")

        assert ids(once) == ids(twice)
        assert [hit.score for hit in once] == [hit.score for hit in twice]

    @pytest.mark.parametrize("limit", [1, 7, 10, 11])
    async def test_as_many_come_back_as_are_permitted_and_wanted(
        self, index: Index, generation: Generation, limit: int
    ) -> None:
        rare = layers([PUB], ["grp:rare"])
        few = set(random.Random(5).sample(range(1000), 10))
        records = [
            a_record(
                "休暇の申請",
                f"文書{n}",
                vector=a_vector(n),
                access=rare if n in few else layers(["grp:many"]),
            )
            for n in range(1000)
        ]
        await index.put(generation, records)
        await index.maintain(generation)
        asker = holding("pub", "grp:rare")

        lexical = await search(index, generation, "休暇", principals=asker, limit=limit)
        vector = await index.search_vector(
            generation, a_vector(-1), principals=asker, limit=limit
        )

        assert min(limit, 10) == len(lexical) == len(vector)
