"""The index in LanceDB keeps the promises of the index ports, and some of its own."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import lancedb
import pytest

from bot.backends.lance import open_index, rows, upkeep
from bot.core.errors import ConfigError, ReadOnly, Unavailable
from bot.core.model import Generation
from tests.contracts.index import IndexContract
from tests.contracts.index_records import (
    STAFF,
    Place,
    a_generation,
    a_record,
    a_vector,
    documents,
    everything,
    found_everywhere,
    holding,
    ids,
    keep_none,
    layers,
    replace_document,
    revision_of,
    search,
    texts,
)


class TestLanceIndex(IndexContract):
    @pytest.fixture
    def place(self, tmp_path: Path) -> Place:
        return partial(open_index, tmp_path / "索引")


@pytest.fixture
def generation() -> Generation:
    return a_generation()


async def test_a_reader_sees_at_once_what_another_connection_wrote(
    tmp_path: Path, generation: Generation
) -> None:
    async with open_index(tmp_path) as writer, open_index(tmp_path) as reader:
        await writer.create(generation)
        assert await search(reader, generation, "休暇") == []
        record = a_record("休暇")
        await writer.put(generation, [record])
        assert texts(await search(reader, generation, "休暇")) == ["休暇"]
        await writer.maintain(generation)
        await writer.collect(generation, [revision_of(record)], kept=keep_none)

        assert await search(reader, generation, "休暇") == []


async def test_with_a_vector_index_everything_is_still_found_and_scored_alike(
    tmp_path: Path, generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The graph's own distances are twice the cosine distance."""
    monkeypatch.setattr(upkeep, "FLAT_UP_TO", 400)
    records = documents(500)
    rare = a_record("希少", vector=a_vector(1), access=layers(["grp:rare"]))
    async with open_index(tmp_path) as index:
        await index.create(generation)
        await index.put(generation, [*records, rare])
        flat = await index.search_vector(
            generation, a_vector(2), principals=STAFF, limit=20
        )
        await index.maintain(generation)
        graph = await index.search_vector(
            generation, a_vector(2), principals=STAFF, limit=20
        )

        assert await vector_segments(tmp_path, generation) == 1
        assert ids(graph) == ids(flat)
        assert [hit.score for hit in graph] == pytest.approx(
            [hit.score for hit in flat], abs=1e-5
        )
        asker = holding("grp:rare")
        assert texts(
            await index.search_vector(
                generation, a_vector(3), principals=asker, limit=5
            )
        ) == ["希少"]
        later = replace_document(documents(1, seed=9)[0], "後")
        await index.put(generation, [later])
        nearest = await index.search_vector(
            generation, later.vector or a_vector(0), principals=STAFF, limit=1
        )
        assert ids(nearest) == [later.chunk.id]


async def test_a_small_index_is_searched_without_a_graph(
    tmp_path: Path, generation: Generation
) -> None:
    async with open_index(tmp_path) as index:
        await index.create(generation)
        await index.put(generation, documents(300))
        await index.maintain(generation)

        assert await vector_segments(tmp_path, generation) == 0


async def test_the_parts_of_the_vector_index_do_not_pile_up(
    tmp_path: Path, generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "FLAT_UP_TO", 300)
    monkeypatch.setattr(upkeep, "MAX_SEGMENTS", 2)
    seen = []
    async with open_index(tmp_path) as index:
        await index.create(generation)
        await index.put(generation, documents(300))
        for night in range(5):
            await index.put(
                generation,
                [replace_document(r, f"夜{night}") for r in documents(5, seed=night)],
            )
            await index.maintain(generation)
            seen.append(await vector_segments(tmp_path, generation))
        assert len(await found_everywhere(index, generation)) == 325

    assert seen == [1, 2, 1, 2, 1]


async def test_what_is_written_piece_by_piece_is_indexed_before_it_piles_up(
    tmp_path: Path, generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ids soon, so that puts stay fast; the rest once a good part is waiting."""
    monkeypatch.setattr(upkeep, "MAX_WRITES", 8)
    monkeypatch.setattr(upkeep, "MAX_CHUNKS", 40)
    records = documents(100)

    async def waiting(column: str) -> int:
        return sum(
            index.num_unindexed_rows or 0
            for index in await indices(tmp_path, generation)
            if index.columns == [column]
        )

    async with open_index(tmp_path) as index:
        await index.create(generation)
        for count, record in enumerate(records, 1):
            await index.put(generation, [record])
            assert await waiting("id") < 8
            assert await waiting("tokens") < 40 + 8
            if count == 32:
                assert await waiting("tokens") == 32
        assert len(await found_everywhere(index, generation)) == 100


async def test_a_damaged_table_is_listed_and_can_be_dropped(
    tmp_path: Path, generation: Generation
) -> None:
    whole = a_generation()
    async with open_index(tmp_path) as index:
        for each in (generation, whole):
            await index.create(each)
    for path in (tmp_path / f"{generation.id}.lance/_versions").iterdir():
        path.write_bytes("壊れた".encode())
    async with open_index(tmp_path) as index:
        found = {each.generation.id: each for each in await index.stored()}
        assert (found[whole.id].generation, found[whole.id].chunks) == (whole, 0)
        damaged = found[generation.id]
        assert min(found[whole.id].size or 0, damaged.size or 0) > 0
        assert (damaged.generation.spec.analyzer, damaged.chunks) == ("", None)
        await index.drop(damaged.generation)

        assert [each.generation for each in await index.stored()] == [whole]


async def test_a_generation_whose_creation_was_killed_is_completed(
    tmp_path: Path, generation: Generation
) -> None:
    with await lancedb.connect_async(tmp_path) as raw:
        await raw.create_table(generation.id, schema=rows.schema(generation.spec))
    async with open_index(tmp_path) as index:
        await index.create(generation)
        await index.put(generation, documents(50))
        await index.maintain(generation)

        assert len(await found_everywhere(index, generation)) == 50
    indexed = {
        column
        for entry in await indices(tmp_path, generation)
        for column in entry.columns
    }
    assert indexed == {"id", "document", "tokens", *rows.ACCESS_COLUMNS}


async def test_a_folder_that_may_not_be_written_is_read_only_and_still_read(
    generation: Generation,
) -> None:
    # Not in `tmp_path`, whose parents another user may not enter.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "索引"
        async with open_index(folder) as index:
            await index.create(generation)
            await index.put(generation, [a_record("休暇")])
            with unwritable(Path(name)):
                with pytest.raises(ReadOnly, match=r"索引.*change the owner"):
                    await index.put(generation, [a_record("経費", "別")])
                with pytest.raises(ReadOnly):
                    await index.maintain(generation)
                assert texts(await search(index, generation, "休暇")) == ["休暇"]
            await index.put(generation, [a_record("経費", "別")])

            assert len(await everything(index, generation)) == 2


async def test_a_broken_table_is_unavailable_and_says_what_to_do(
    tmp_path: Path, generation: Generation
) -> None:
    async with open_index(tmp_path) as index:
        await index.create(generation)
        await index.put(generation, [a_record("休暇")])
    spoil(tmp_path)
    async with open_index(tmp_path) as index:
        with pytest.raises(Unavailable, match=r"`shirube sync --rebuild` builds"):
            await search(index, generation, "休暇")


async def test_a_file_in_the_place_of_the_folder_is_a_wrong_setting(
    tmp_path: Path,
) -> None:
    (tmp_path / "索引").write_text("x")
    with pytest.raises(ConfigError, match=r"索引.*another folder"):
        async with open_index(tmp_path / "索引"):
            pass


async def test_without_lancedb_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lancedb", None)
    monkeypatch.delitem(sys.modules, "bot.backends.lance.index")
    with pytest.raises(ConfigError, match=r"install shirube\[local\]"):
        async with open_index(tmp_path):
            pass


def spoil(folder: Path) -> None:
    """Overwrite the data files of every table."""
    for file in folder.glob("*.lance/data/*.lance"):
        file.write_bytes("壊れた".encode())


async def indices(
    folder: Path, generation: Generation
) -> list["lancedb._lancedb.IndexConfig"]:
    """Return the indexes that the engine itself says it has."""
    with await lancedb.connect_async(folder) as raw:
        table = await raw.open_table(generation.id)
        return list(await table.list_indices())


async def vector_segments(folder: Path, generation: Generation) -> int:
    """Return of how many parts the vector index consists."""
    return sum(
        index.num_segments or 0
        for index in await indices(folder, generation)
        if index.columns == ["vector"]
    )


@contextmanager
def unwritable(folder: Path) -> Iterator[None]:
    """Take the right to write from a folder, also from root, and give it back."""
    places = [folder, *folder.rglob("*")]
    modes = {place: place.stat().st_mode for place in places}
    user = os.geteuid()
    for place in places:
        place.chmod(0o555 if place.is_dir() else 0o444)
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        if user == 0:
            os.seteuid(0)
        for place, mode in modes.items():
            place.chmod(mode)
