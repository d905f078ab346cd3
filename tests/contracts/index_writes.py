"""What is put, put again and collected: the promises to the writer of an index."""

import asyncio
from collections.abc import Collection
from dataclasses import replace

from bot.core.access import PUB
from bot.core.model import Generation, Revision
from tests.contracts.index_records import (
    STAFF,
    Index,
    Place,
    a_generation,
    a_record,
    a_vector,
    documents,
    everything,
    holding,
    ids,
    keep_none,
    layers,
    of_document,
    replace_document,
    revision_of,
    search,
    texts,
)


class WriteContract:
    """Every write may be repeated, and touches nothing that it does not name."""

    async def test_the_same_put_twice_is_one_put(
        self, index: Index, generation: Generation
    ) -> None:
        records = documents(20)
        await index.put(generation, records)
        once = await everything(index, generation)
        found = sorted(ids(await search(index, generation, "休暇 申請")))
        await index.put(generation, records)
        await index.put(generation, [*records, *records])

        assert once == await everything(index, generation)
        assert found == sorted(ids(await search(index, generation, "休暇 申請")))

    async def test_a_new_revision_leaves_the_old_one_untouched(
        self, index: Index, generation: Generation
    ) -> None:
        old = [a_record(f"休暇 {n}", ordinal=n) for n in range(5)]
        new = [a_record(f"休暇 新 {n}", ordinal=n, revision=2) for n in range(2)]
        await index.put(generation, old)
        await index.put(generation, new)

        assert len(await search(index, generation, "休暇")) == 7
        beside = await index.neighbours(
            generation, revision_of(old[0]), range(9), principals=STAFF
        )
        assert [record.chunk for record in old] == beside

    async def test_a_retry_after_a_crash_between_put_and_collect_converges(
        self, place: Place
    ) -> None:
        generation = a_generation()
        old = [a_record(f"旧 {n}", ordinal=n) for n in range(5)]
        new = [a_record(f"新 {n}", ordinal=n, revision=2) for n in range(2)]
        async with place() as index:
            await index.create(generation)
            await index.put(generation, old)
            await index.put(generation, new)
        async with place() as index:
            await index.create(generation)
            await index.put(generation, new)
            gone = await index.collect(
                generation, [revision_of(old[0])], kept=keep_none
            )
            again = await index.collect(
                generation, [revision_of(old[0])], kept=keep_none
            )

            assert (gone, again) == (5, 0)
            assert {r.chunk.id for r in new} == set(await everything(index, generation))

    async def test_puts_at_the_same_time_are_all_stored(
        self, index: Index, generation: Generation
    ) -> None:
        records = [
            [a_record(f"休暇 {n}", f"文書{name}", ordinal=n) for n in range(4)]
            for name in range(8)
        ]
        async with asyncio.TaskGroup() as group:
            for batch in [*records, *records]:
                group.create_task(index.put(generation, batch))

        stored = await everything(index, generation)
        assert {r.chunk.id for batch in records for r in batch} == set(stored)

    async def test_more_than_ten_thousand_chunks_of_a_source_really_go(
        self, index: Index, generation: Generation
    ) -> None:
        many = [a_record("休暇", f"d{n // 5}", ordinal=n % 5) for n in range(10_500)]
        keep = a_record("休暇", "残る")
        await index.put(generation, [*many, keep])
        revisions = {revision_of(record) for record in many}

        assert await index.collect(generation, revisions, kept=keep_none) == 10_500
        assert {keep.chunk.id} == set(await everything(index, generation))
        assert [keep.chunk.id] == ids(await search(index, generation, "休暇"))

    async def test_unknown_revisions_delete_nothing(
        self, index: Index, generation: Generation
    ) -> None:
        record = a_record("休暇")
        await index.put(generation, [record])
        others = [(record.chunk.document, 2), (of_document("な'い"), 1)]

        assert await index.collect(generation, others, kept=keep_none) == 0
        assert await index.collect(generation, [], kept=keep_none) == 0
        assert len(await everything(index, generation)) == 1

    async def test_what_the_catalogue_keeps_is_not_deleted(
        self, index: Index, generation: Generation
    ) -> None:
        """The catalogue is asked late: what it says then counts, for every part."""
        records = [a_record("休暇", f"文書{n}") for n in range(900)]
        await index.put(generation, records)
        alive = {revision_of(record) for record in records[::3]}
        asked: list[Revision] = []

        async def kept(revisions: Collection[Revision]) -> frozenset[Revision]:
            stored = await everything(index, generation)
            assert set(stored.values()) >= set(revisions)
            asked.extend(revisions)
            return frozenset(alive & set(revisions))

        everyone = [revision_of(record) for record in records]
        deleted = await index.collect(generation, everyone, kept=kept)

        assert deleted == 600
        assert sorted(everyone) == sorted(asked)
        assert alive == set((await everything(index, generation)).values())

    async def test_neighbours_are_permitted_in_order_and_of_one_revision(
        self, index: Index, generation: Generation
    ) -> None:
        secret = layers(["grp:人事部"])
        parts = [
            a_record(
                f"節 {n}",
                "O'Brien",
                ordinal=n,
                access=secret if n == 3 else layers([PUB]),
            )
            for n in reversed(range(8))
        ]
        others = [
            a_record("別", "O'Brien", ordinal=2, revision=2),
            a_record("別", "他", ordinal=2),
        ]
        await index.put(generation, parts + others)

        async def around(ordinals: range) -> list[str]:
            chunks = await index.neighbours(
                generation, (of_document("O'Brien"), 1), ordinals, principals=STAFF
            )
            return [chunk.text for chunk in chunks]

        assert await around(range(1, 5)) == ["節 1", "節 2", "節 4"]
        assert await around(range(0, 4, 2)) == ["節 0", "節 2"]
        assert await around(range(3, 3)) == []
        assert await around(range(8, 99)) == []

    async def test_missing_names_the_chunks_that_are_not_stored(
        self, index: Index, generation: Generation
    ) -> None:
        stored, absent = documents(1500), documents(700, seed=9)
        absent = [replace_document(record, "無") for record in absent]
        await index.put(generation, stored)
        wanted = [record.chunk.id for record in stored + absent]

        missing = await index.missing(generation, wanted)

        assert {record.chunk.id for record in absent} == missing
        assert frozenset() == await index.missing(generation, [])

    async def test_a_walk_meets_every_chunk_once(
        self, index: Index, generation: Generation
    ) -> None:
        records = documents(300)
        await index.put(generation, records)
        expected = {record.chunk.id: revision_of(record) for record in records}

        assert expected == await everything(index, generation)

    async def test_a_chunk_put_again_without_a_vector_has_none(
        self, index: Index, generation: Generation
    ) -> None:
        record = a_record("休暇", vector=a_vector(1))
        await index.put(
            generation, [record, a_record("経費", "別", vector=a_vector(2))]
        )
        await index.put(generation, [replace(record, vector=None)])

        found = await index.search_vector(
            generation, a_vector(1), principals=STAFF, limit=9
        )
        assert texts(found) == ["経費"]
        assert texts(await search(index, generation, "休暇")) == ["休暇"]

    async def test_a_chunk_without_any_text_is_kept(
        self, index: Index, generation: Generation
    ) -> None:
        record = a_record("", "空")
        bare = replace(record.chunk, title="", heading_path=())
        await index.put(generation, [replace(record, chunk=bare)])

        (found,) = await index.neighbours(
            generation, revision_of(record), range(1), principals=STAFF
        )
        assert bare == found

    async def test_documents_with_names_that_look_alike_are_not_mixed_up(
        self, index: Index, generation: Generation
    ) -> None:
        names = [
            *("a", "A", "ａ", "a ", " a", "a\t", "a\u3000", "a\u00a0", "a\0", "", "%"),
            *("が", "か\u3099", "O'Brien", 'O"Brien', "a|1", "長" * 3000),
        ]
        await index.put(generation, [a_record(f"文{n}", n) for n in names])
        for place, name in enumerate(names):
            narrow = {of_document(name): layers([f"grp:{place}"])}
            assert await index.set_access(generation, narrow) == 1
        for place, name in enumerate(names):
            beside = await index.neighbours(
                generation,
                (of_document(name), 1),
                range(9),
                principals=holding(f"grp:{place}"),
            )
            assert [chunk.title for chunk in beside] == [name]
        left = set(names)
        for name in names:
            gone = [(of_document(name), 1)]
            assert await index.collect(generation, gone, kept=keep_none) == 1
            left.remove(name)
            stored = await everything(index, generation)
            assert {document for document, _ in stored.values()} == set(
                map(of_document, left)
            )
