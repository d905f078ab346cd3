"""Two keys for one index: `serve` may read, `sync` may write, and `check` says so."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol
from uuid import uuid4

import pytest

from bot.backends.weaviate import open_index
from bot.backends.weaviate.index import WeaviateIndex
from bot.core.access import NOBODY
from bot.core.errors import ConfigError
from tests.contracts.index_records import (
    STAFF,
    a_generation,
    a_record,
    a_vector,
    everything,
    keep_none,
    of_document,
    revision_of,
    search,
    texts,
)
from tests.fakes.weaviate_server import ROOT_KEY, Node

READ = ("read_collections", "read_data")
WRITE = (
    "create_collections",
    "delete_collections",
    "create_data",
    "update_data",
    "delete_data",
)


class Opened(Protocol):
    """Opens the index with a key that has these permissions and no others."""

    def __call__(
        self, actions: Sequence[str], /, *, on: str | None = None
    ) -> AbstractAsyncContextManager[WeaviateIndex]: ...


@pytest.fixture
def opened(weaviate: Node) -> Iterator[Opened]:
    prefix = f"T{uuid4().hex[:8]}"
    users: list[str] = []

    def open_with(
        actions: Sequence[str], /, *, on: str | None = None
    ) -> AbstractAsyncContextManager[WeaviateIndex]:
        user = f"{prefix}-{len(users)}".lower()
        key = weaviate.give_key(user, actions, on=on or f"{prefix}_*")
        users.append(user)
        return open_index(weaviate.url, grpc=weaviate.grpc, api_key=key, prefix=prefix)

    yield open_with
    weaviate.forget(prefix)
    for user in users:
        weaviate.take_key(user)


async def test_the_reader_reads_and_every_write_names_what_it_lacks(
    opened: Opened,
) -> None:
    generation, other = a_generation(), a_generation()
    record = a_record("有給休暇", vector=a_vector(1))
    async with opened([*READ, *WRITE]) as writer, opened(READ) as reader:
        await writer.create(generation)
        await writer.put(generation, [record])

        assert texts(await search(reader, generation, "休暇")) == ["有給休暇"]
        assert await reader.search_vector(
            generation, a_vector(1), principals=STAFF, limit=3
        )
        assert await reader.neighbours(
            generation, revision_of(record), range(1), principals=STAFF
        )
        assert await reader.missing(generation, [record.chunk.id]) == frozenset()
        assert len(await everything(reader, generation)) == 1
        assert (await reader.report(generation)).nodes
        [stored] = await reader.stored()
        assert (stored.generation, stored.chunks) == (generation, 1)
        await reader.maintain(generation)
        for call, lack in (
            (reader.create(other), "create_collections"),
            (reader.drop(generation), "delete_collections"),
            (reader.put(generation, [a_record("経費", "別")]), "(create|update)_data"),
            (
                reader.set_access(generation, {record.chunk.document: NOBODY}),
                "(create|update)_data",
            ),
            (
                reader.collect(generation, [revision_of(record)], kept=keep_none),
                "delete_data",
            ),
        ):
            with pytest.raises(ConfigError, match=rf"not permitted.*{lack}.*its role"):
                await call

        assert {record.chunk.id} == set(await everything(writer, generation))


async def test_the_writer_does_all_that_a_sync_does(opened: Opened) -> None:
    generation = a_generation()
    record = a_record("休暇")
    async with opened([*READ, *WRITE]) as writer:
        await writer.create(generation)
        await writer.put(generation, [record, a_record("経費", "別")])
        await writer.set_access(generation, {of_document("別"): NOBODY})
        await writer.collect(generation, [revision_of(record)], kept=keep_none)
        assert len(await everything(writer, generation)) == 1
        await writer.drop(generation)


async def test_check_can_tell_what_each_key_lacks(
    opened: Opened, weaviate: Node
) -> None:
    async with opened([*READ, *WRITE]) as writer, opened(READ) as reader:
        may_write = await writer.rights()
        may_read = await reader.rights()
    async with opened([*READ, *WRITE[2:]]) as half:
        some = await half.rights()
    async with opened([*READ, *WRITE], on="Other_*") as elsewhere:
        wrong = await elsewhere.rights()
    async with opened([*READ, *WRITE], on="*") as administrator:
        everything_ = await administrator.rights()
    async with opened([]) as nobody:
        nothing = await nobody.rights()
    async with open_index(weaviate.url, grpc=weaviate.grpc, api_key=ROOT_KEY) as index:
        root = await index.rights()

    assert (may_write.lacks_reading, may_write.lacks_writing) == ((), ())
    assert may_read.lacks_reading == ()
    assert [what.split()[0] for what in may_read.lacks_writing] == list(WRITE)
    assert (may_read.beyond_reading, may_write.beyond_reading) == ((), WRITE)
    assert some.lacks_reading == ()
    assert [what.split()[0] for what in some.lacks_writing] == list(WRITE[:2])
    assert [what.split()[0] for what in wrong.lacks_reading] == list(READ)
    assert len(wrong.lacks_writing) == len(READ + WRITE)
    assert everything_ == may_write == root
    assert nothing == wrong


@pytest.mark.parametrize("key", ["間違い".encode().hex(), None])
async def test_a_wrong_key_is_a_wrong_setting(weaviate: Node, key: str | None) -> None:
    async with open_index(weaviate.url, grpc=weaviate.grpc, api_key=key) as index:
        for call in (
            index.create(a_generation()),
            search(index, a_generation(), "休暇"),
            index.rights(),
            index.report(None),
        ):
            with pytest.raises(ConfigError, match=r"API key.*set the key"):
                await call


async def test_a_key_that_is_withdrawn_is_noticed_by_who_is_connected(
    weaviate: Node, opened: Opened
) -> None:
    generation = a_generation()
    async with opened([*READ, *WRITE]) as index:
        await index.create(generation)
        await index.put(generation, [a_record("休暇")])
        for user in weaviate.ask("GET", "/v1/users/db"):
            if user["userId"] != "root":
                weaviate.take_key(user["userId"])
        for call in (
            search(index, generation, "休暇"),
            index.put(generation, [a_record("休暇")]),
            index.collect(generation, [(of_document("就業規則"), 1)], kept=keep_none),
            index.drop(generation),
        ):
            with pytest.raises(ConfigError, match=r"API key.*set the key"):
                await call
