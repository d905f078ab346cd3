"""The index in Weaviate keeps the promises of the index ports, and some of its own."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from bot.backends.memory import MemoryIndex
from bot.backends.weaviate import open_index, rows, writing
from bot.backends.weaviate.index import WeaviateIndex
from bot.core.access import NOBODY, OPEN
from bot.core.errors import ConfigError, PartialWrite, ReadOnly, Unavailable
from bot.core.model import ChunkRecord, Generation
from bot.evaluation.files import CorpusRow, QueryRow
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
    ids,
    keep_none,
    of_document,
    revision_of,
    search,
    texts,
)
from tests.fakes.weaviate_server import ROOT_KEY, VERSION, Node

Open = Callable[..., AbstractAsyncContextManager[WeaviateIndex]]

EVAL = Path(__file__).parents[2].parent / "shared" / "eval"


@pytest.fixture
def prefix(weaviate: Node) -> Iterator[str]:
    """Begins the names of this test's collections, which are deleted at the end."""
    prefix = f"T{uuid4().hex[:8]}"
    yield prefix
    weaviate.forget(prefix)


@pytest.fixture
def opened(weaviate: Node, prefix: str) -> Open:
    """Opens an index that is this test's own."""
    return partial(
        open_index, weaviate.url, grpc=weaviate.grpc, api_key=ROOT_KEY, prefix=prefix
    )


class TestWeaviateIndex(IndexContract):
    @pytest.fixture
    def place(self, opened: Open) -> Place:
        return opened


@pytest.fixture
def generation() -> Generation:
    return a_generation()


async def test_the_server_and_the_collection_are_described(
    opened: Open, weaviate: Node, generation: Generation
) -> None:
    async with opened() as index:
        before = await index.report(generation)
        await index.create(generation)
        after = await index.report(generation)

    assert (before.engine, before.place) == (f"Weaviate {VERSION}", weaviate.url)
    assert (before.copies, before.shards, before.clouds) == (None, None, ())
    assert (after.copies, after.shards, after.read_only) == (1, 1, False)
    assert [(node.name, node.healthy) for node in after.nodes] == [("n1", True)]


async def test_a_reader_sees_at_once_what_another_connection_wrote(
    opened: Open, generation: Generation
) -> None:
    async with opened() as writer, opened() as reader:
        with pytest.raises(Unavailable, match="shirube sync"):
            await search(reader, generation, "休暇")
        await writer.create(generation)
        assert await search(reader, generation, "休暇") == []
        record = a_record("休暇")
        await writer.put(generation, [record])
        assert texts(await search(reader, generation, "休暇")) == ["休暇"]
        await writer.collect(generation, [revision_of(record)], kept=keep_none)

        assert await search(reader, generation, "休暇") == []


async def test_an_index_of_several_shards_is_walked_and_searched_as_one(
    opened: Open, generation: Generation
) -> None:
    async with opened(shards=3) as index:
        await index.create(generation)
        await index.put(generation, documents(300))

        assert len(await found_everywhere(index, generation)) == 300


async def test_more_copies_than_nodes_are_a_wrong_setting(
    opened: Open, generation: Generation
) -> None:
    async with opened(replication=3) as index:
        with pytest.raises(ConfigError, match="set the number of copies"):
            await index.create(generation)


@pytest.mark.shared
@pytest.mark.skipif(not EVAL.exists(), reason="no question sets beside the checkout")
@pytest.mark.parametrize("name", ["jsquad-ja", "squad2-en"])
async def test_real_questions_rank_as_the_reference_ranks_them(
    opened: Open, generation: Generation, name: str
) -> None:
    """Ties aside, and a rare hit that the server's search leaves out."""
    corpus, questions = question_set(name, questions=150)
    reference = MemoryIndex()
    async with opened() as index:
        for engine in (index, reference):
            await engine.create(generation)
            await engine.put(generation, corpus)
        shared = wanted = first = 0
        for question in questions:
            ours, theirs = [
                await search(engine, generation, question, limit=10)
                for engine in (index, reference)
            ]
            shared += len({*ids(ours)} & {*ids(theirs)})
            wanted += len(theirs)
            first += ids(ours)[:1] == ids(theirs)[:1]
            scores = {hit.chunk.id: hit.score for hit in theirs}
            assert [hit.score for hit in ours] == pytest.approx(
                [scores.get(hit.chunk.id, hit.score) for hit in ours], rel=1e-3
            )

    assert wanted >= 1400
    assert shared >= 0.995 * wanted
    assert first >= 0.99 * len(questions)


def question_set(name: str, *, questions: int) -> tuple[list[ChunkRecord], list[str]]:
    """Return the paragraphs of a set, a chunk each, and some of its questions."""
    corpus = EVAL / name / "corpus.jsonl"
    asked = EVAL / name / "queries.jsonl"
    paragraphs = [
        CorpusRow.model_validate_json(line)
        for line in corpus.read_text(encoding="utf-8").splitlines()
    ]
    rows = [
        QueryRow.model_validate_json(line)
        for line in asked.read_text(encoding="utf-8").splitlines()[:questions]
    ]
    return [a_record(row.text, row.id) for row in paragraphs], [
        row.question for row in rows
    ]


# --- collections that are not what they should be -----------------------------


async def test_a_foreign_collection_of_our_name_is_left_alone(
    opened: Open, weaviate: Node, prefix: str, generation: Generation
) -> None:
    weaviate.ask("POST", "/v1/schema", {"class": f"{prefix}_{generation.id}"})
    async with opened() as index:
        for call in (
            index.create(generation),
            index.drop(generation),
            index.put(generation, [a_record("休暇")]),
            index.maintain(generation),
            search(index, generation, "休暇"),
        ):
            with pytest.raises(ConfigError, match=r"not made by Shirube.*prefix"):
                await call
        assert await index.stored() == []

    assert weaviate.ask("GET", f"/v1/schema/{prefix}_{generation.id}")


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("acl0", {"tokenization": "word"}),
        ("acl3", {"indexFilterable": False}),
        ("tokens", {"tokenization": "trigram"}),
        ("revision_key", {"dataType": ["text[]"]}),
    ],
)
async def test_columns_that_would_leak_or_mislead_are_refused(
    opened: Open, weaviate: Node, prefix: str, column: str, change: dict[str, object]
) -> None:
    generation = a_generation()
    path = f"/v1/schema/{prefix}_{generation.id}"
    async with opened() as index:
        await index.create(generation)
    made = weaviate.ask("GET", path)
    weaviate.ask("DELETE", path)
    for found in made["properties"]:
        found.update(change if found["name"] == column else {})
    weaviate.ask("POST", "/v1/schema", made)
    async with opened() as index:
        with pytest.raises(ConfigError, match=rf"changed.*{column}.*shirube sync"):
            await search(index, generation, "休暇")
        with pytest.raises(ConfigError, match=column):
            await index.create(generation)


async def test_a_lost_collection_is_told_and_can_be_filled_again(
    opened: Open, weaviate: Node, prefix: str, generation: Generation
) -> None:
    """Also to a process that has used it before: never "no documents"."""
    async with opened() as index:
        await index.create(generation)
        await index.put(generation, [a_record("休暇", vector=a_vector(1))])
        weaviate.ask("DELETE", f"/v1/schema/{prefix}_{generation.id}")
        for call in (
            search(index, generation, "休暇"),
            index.search_vector(generation, a_vector(1), principals=STAFF, limit=3),
            index.put(generation, [a_record("休暇")]),
            index.missing(generation, [a_record("休暇").chunk.id]),
            index.set_access(generation, {of_document("就業規則"): OPEN}),
            index.collect(generation, [(of_document("就業規則"), 1)], kept=keep_none),
            everything(index, generation),
            index.maintain(generation),
        ):
            with pytest.raises(Unavailable, match="shirube sync"):
                await call
        await index.create(generation)
        await index.put(generation, [a_record("休暇")])

        assert texts(await search(index, generation, "休暇")) == ["休暇"]


async def test_two_processes_may_create_a_generation_at_once(
    opened: Open, generation: Generation
) -> None:
    async with opened() as one, opened() as other, asyncio.TaskGroup() as group:
        for index in (one, other, one):
            group.create_task(index.create(generation))


# --- writes that are refused --------------------------------------------------


async def test_a_read_only_server_is_read_and_says_why_it_takes_no_writes(
    opened: Open, weaviate: Node, prefix: str, generation: Generation
) -> None:
    shards = f"/v1/schema/{prefix}_{generation.id}/shards"
    record = a_record("休暇")
    async with opened() as index:
        await index.create(generation)
        await index.put(generation, [record])
        (shard,) = weaviate.ask("GET", shards)
        weaviate.ask("PUT", f"{shards}/{shard['name']}", {"status": "READONLY"})
        for call in (
            index.put(generation, documents(3)),
            index.put(generation, documents(1)),
            index.set_access(generation, {record.chunk.document: NOBODY}),
            index.collect(generation, [revision_of(record)], kept=keep_none),
        ):
            with pytest.raises(ReadOnly, match=r"read-only.*free some space"):
                await call
        assert texts(await search(index, generation, "休暇")) == ["休暇"]
        weaviate.ask("PUT", f"{shards}/{shard['name']}", {"status": "READY"})
        await index.put(generation, documents(3))

        assert len(await everything(index, generation)) == 4


async def test_what_is_not_stored_of_a_batch_is_named_and_not_logged(
    opened: Open,
    prefix: str,
    generation: Generation,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Vectors are checked before; here they go round the check."""
    good = [replace(record, vector=a_vector(n)) for n, record in numbered(300)]
    bad = [a_record("秘密の給与", f"悪{n}", vector=a_vector(n, 5)) for n in range(3)]
    async with opened() as index:
        index._server.pauses = ()
        await index.create(generation)
        await index.put(generation, good[:1])
        mixed = rows.rows([*good[1:150], *bad, *good[150:]])
        with pytest.raises(PartialWrite, match=prefix) as raised:
            await writing.store(index._server, f"{prefix}_{generation.id}", mixed)
        stored = set(await everything(index, generation))

    wanted = {record.chunk.id for record in good}
    lost = {record.chunk.id for record in bad}
    assert lost <= raised.value.ids
    assert wanted - stored == raised.value.ids - lost
    assert "秘密" not in caplog.text + "".join(capfd.readouterr())


def numbered(number: int) -> list[tuple[int, ChunkRecord]]:
    return list(enumerate(documents(number)))


# --- the client ---------------------------------------------------------------


async def test_without_the_client_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "weaviate", None)
    for name in [name for name in sys.modules if name.startswith(OURS)]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ConfigError, match=r"install shirube\[weaviate\]"):
        async with open_index("http://weaviate:8080"):
            pass


OURS = "bot.backends.weaviate."
