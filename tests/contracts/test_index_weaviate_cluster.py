"""The index on three Weaviate nodes keeps its promises, also while one is dead."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from functools import partial
from uuid import uuid4

import pytest

from bot.backends.weaviate import open_index
from bot.backends.weaviate.index import WeaviateIndex
from bot.backends.weaviate.permissions import BEYOND
from bot.core.model import ChunkRecord, Generation
from bot.core.reports import IndexReport, Rights
from tests.contracts.index import IndexContract
from tests.contracts.index_records import (
    STAFF,
    Place,
    a_generation,
    a_record,
    a_vector,
    everything,
    holding,
    ids,
    keep_none,
    layers,
    of_document,
    search,
)
from tests.fakes.weaviate_server import Node

pytestmark = pytest.mark.cluster


@pytest.fixture
def prefix(weaviate_cluster: list[Node]) -> Iterator[str]:
    prefix = f"T{uuid4().hex[:8]}"
    yield prefix
    weaviate_cluster[0].forget(prefix)


class TestWeaviateCluster(IndexContract):
    """Three copies of every chunk; what is written to one node is read from it."""

    @pytest.fixture
    def place(self, weaviate_cluster: list[Node], prefix: str) -> Place:
        node = weaviate_cluster[0]
        return partial(
            open_index, node.url, grpc=node.grpc, prefix=prefix, replication=3
        )


@pytest.fixture
async def indexes(
    weaviate_cluster: list[Node], prefix: str
) -> AsyncIterator[list[WeaviateIndex]]:
    """The same index, seen from each node."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                open_index(node.url, grpc=node.grpc, prefix=prefix, replication=3)
            )
            for node in weaviate_cluster
        ]


async def test_a_node_dies_during_a_sync_and_comes_back(
    weaviate_cluster: list[Node], indexes: list[WeaviateIndex]
) -> None:
    """Every write gets through, and nothing is lost, doubled or resurrected."""
    writer, *_ = indexes
    *_, victim = weaviate_cluster
    generation = a_generation()
    await writer.create(generation)
    await writer.put(generation, [a_rule(n, revision=1) for n in range(600)])

    for start in range(0, 600, 50):
        if start == 200:
            victim.kill()
        part = range(start, start + 50)
        await writer.put(generation, [a_rule(n, revision=2) for n in part])
        old = {(of_document(f"規則{n}"), 1) for n in part}
        assert await writer.collect(generation, old, kept=keep_none) == 50
    narrow = {of_document(f"規則{n}"): layers(["grp:人事部"]) for n in range(100)}
    assert await writer.set_access(generation, narrow) == 100
    gone = {(of_document(f"規則{n}"), 2) for n in range(500, 600)}
    assert await writer.collect(generation, gone, kept=keep_none) == 100
    wanted = [a_rule(n, revision=2) for n in range(500)]
    assert await sees(writer, generation, wanted)

    victim.start()
    victim.wait()
    for index in indexes:
        await until_it_sees(index, generation, wanted)
    for index in indexes:
        assert await sees(index, generation, wanted)


def a_rule(number: int, *, revision: int) -> ChunkRecord:
    return a_record(
        f"休暇の規則 {number}、第{revision}版",
        f"規則{number}",
        revision=revision,
        vector=a_vector(number),
    )


async def sees(
    index: WeaviateIndex, generation: Generation, wanted: list[ChunkRecord]
) -> bool:
    """Whether exactly these are stored, the first hundred for the few only."""
    expected = [record.chunk.id for record in wanted]
    few = await search(
        index, generation, "休暇", principals=holding("grp:人事部"), limit=1000
    )
    all_ = await search(index, generation, "休暇", limit=1000)
    near = await index.search_vector(
        generation, a_vector(1), principals=STAFF, limit=1000
    )
    return (
        sorted(expected) == sorted(await everything(index, generation))
        and sorted(expected[:100]) == sorted(ids(few))
        and sorted(expected[100:]) == sorted(ids(all_)) == sorted(ids(near))
    )


async def until_it_sees(
    index: WeaviateIndex, generation: Generation, wanted: list[ChunkRecord]
) -> None:
    """Wait until a node that was away has caught up."""
    async with asyncio.timeout(90):
        while not await sees(index, generation, wanted):
            pass


async def test_the_nodes_are_counted_and_the_dead_one_is_named(
    weaviate_cluster: list[Node], indexes: list[WeaviateIndex]
) -> None:
    first, *_ = indexes
    *_, victim = weaviate_cluster
    generation = a_generation()
    await first.create(generation)
    whole = await first.report(generation)
    victim.kill()
    async with asyncio.timeout(60):
        while len(left := healthy(await first.report(None))) > 2:
            pass  # the others still believe that it lives
    victim.start()
    victim.wait()

    assert (whole.copies, whole.shards, len(whole.nodes)) == (3, 1, 3)
    assert await first.rights() == Rights(beyond_reading=BEYOND, anybody=True)
    assert left == ["n1", "n2"]


def healthy(report: IndexReport) -> list[str]:
    return [node.name for node in report.nodes if node.healthy]
