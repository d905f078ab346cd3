"""What happens to the index while its Weaviate dies, hangs, and comes back."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Coroutine, Iterator
from pathlib import Path

import pytest

from bot.backends.weaviate import open_index
from bot.backends.weaviate.index import WeaviateIndex
from bot.core.access import OPEN
from bot.core.errors import PartialWrite, Unavailable
from bot.core.model import ChunkRecord, Generation
from tests.contracts.index_records import (
    STAFF,
    a_generation,
    a_record,
    a_vector,
    documents,
    everything,
    found_everywhere,
    keep_none,
    of_document,
    search,
)
from tests.fakes import weaviate_server
from tests.fakes.weaviate_server import Node


@pytest.fixture(scope="module")
def node(
    weaviate_binary: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Node]:
    """A server of this module's own, which tests kill; not started at first.

    How long a call may take is part of what is tested, so nothing else may run.
    """
    if os.environ.get("SHIRUBE_TEST_CLUSTER") != "1":
        pytest.skip("a Weaviate that is killed: SHIRUBE_TEST_CLUSTER=1 make test")
    folder = tmp_path_factory.mktemp("weaviate-faults")
    with weaviate_server.nodes(weaviate_binary, folder) as (node,):
        yield node


@pytest.fixture
async def index(node: Node) -> AsyncIterator[WeaviateIndex]:
    """An index that soon gives up, opened while nothing may run."""
    async with open_index(node.url, grpc=node.grpc, patience=3) as index:
        index._server.pauses = (0.1,)
        yield index


@pytest.mark.cluster
async def test_an_index_is_opened_before_its_server_runs_and_outlives_it(
    node: Node, index: WeaviateIndex
) -> None:
    """One long test, because a server takes seconds to start."""
    generation = a_generation()
    with pytest.raises(Unavailable, match="both of its ports"):
        await search(index, generation, "休暇")

    node.start()
    node.wait()
    await index.create(generation)
    first = documents(300)
    await index.put(generation, first)

    with node.frozen():
        await all_fail(index, generation, match="both of its ports")
    assert await search(index, generation, "休暇")

    writing = asyncio.create_task(index.put(generation, many()))
    await until_stored(index, generation, at_least=len(first) + 600)
    node.kill()
    with pytest.raises(PartialWrite) as raised:
        await writing
    await all_fail(index, generation, match="both of its ports")

    node.start()
    node.wait()
    wanted = {record.chunk.id for record in [*first, *many()]}
    kept = set(await everything(index, generation))
    assert wanted - kept <= raised.value.ids
    await index.put(generation, many())
    assert wanted == set(await everything(index, generation))

    node.kill()
    shutil.rmtree(node.folder / "data")
    node.start()
    node.wait()
    await all_fail(index, generation, match="shirube sync")
    await index.create(generation)
    await index.put(generation, first)
    assert len(await found_everywhere(index, generation)) == 300


def many() -> list[ChunkRecord]:
    """Return more chunks than one write sends."""
    return [
        a_record(f"休暇 {n}", f"多{n // 3}", ordinal=n % 3, vector=a_vector(n))
        for n in range(6000)
    ]


async def all_fail(index: WeaviateIndex, generation: Generation, *, match: str) -> None:
    """Make a call of each kind, all at once; each must end in one house error."""

    async def fails(call: Coroutine[object, object, object]) -> None:
        with pytest.raises(Unavailable, match=match):
            await call

    gone = [(of_document("文書1"), 1)]
    async with asyncio.TaskGroup() as group:
        for call in (
            search(index, generation, "休暇"),
            index.search_vector(generation, a_vector(1), principals=STAFF, limit=3),
            index.put(generation, documents(3)),
            index.set_access(generation, {of_document("文書1"): OPEN}),
            index.collect(generation, gone, kept=keep_none),
            everything(index, generation),
        ):
            group.create_task(fails(call))


async def until_stored(
    index: WeaviateIndex, generation: Generation, *, at_least: int
) -> None:
    """Wait until the index holds so many chunks."""
    async with asyncio.timeout(60):
        while len(await everything(index, generation)) < at_least:
            pass
