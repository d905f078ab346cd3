"""An index that is wrong about what may be seen: the state database has the last word.

With LanceDB and with a real Weaviate, written to behind the back of the bot.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias
from uuid import uuid4

import lancedb
import pytest

from bot.app.rooms import Index
from bot.backends import lance, weaviate
from bot.backends.lance.rows import ACCESS_COLUMNS
from bot.core.access import NOBODY, OPEN, PUB
from bot.core.model import (
    Chunk,
    ChunkRecord,
    Declined,
    DocumentId,
    Finished,
    Generation,
    Hit,
    Language,
    Lines,
    Reason,
    chunk_id,
)
from bot.telemetry.metrics import Metrics
from bot.text.tokens import analyse
from tests.fakes.house import House, house
from tests.fakes.source import MemorySource, Page
from tests.fakes.weaviate_server import ROOT_KEY, Node

LEAVE = DocumentId("handbook:leave")
PAGES = {
    "leave": Page("休暇規程", "年次有給休暇は入社6か月後に20日を付与する。"),
    "trips": Page("出張旅費規程", "出張の宿泊費は1泊12,000円までとする。"),
}
QUESTION = "年次有給休暇は何日付与されますか"

Stripped: TypeAlias = Callable[[Generation, Chunk], Awaitable[None]]


@dataclass
class Stale:
    """A house over a real index, and a way to write into that by oneself."""

    home: House
    generation: Generation
    metrics: Metrics
    without_access: Stripped
    """Take the access of a chunk away, in the index."""

    async def found(self, text: str) -> list[Hit]:
        """Search the index itself, as anybody inside."""
        return await self.home.index.search_lexical(
            self.generation, analyse(text), principals=frozenset({PUB}), limit=10
        )

    def counted(self) -> float:
        """How many orphans the metrics say there were."""
        [line] = [
            line
            for line in self.metrics.exposition().decode().splitlines()
            if line.startswith("shirube_orphan_chunks_total ")
        ]
        return float(line.split()[1])


@asynccontextmanager
async def stale(
    folder: Path, index: Index, without_access: Stripped
) -> AsyncIterator[Stale]:
    """Read the pages into that index."""
    metrics = Metrics()
    async with house(folder, index=index, orphans=metrics.orphans) as home:
        await home.sync(MemorySource(dict(PAGES)))
        generation = await home.state.generations.active()
        assert generation is not None
        yield Stale(home, generation, metrics, without_access)


async def strip_lance(folder: Path, generation: Generation, chunk: Chunk) -> None:
    nothing = dict.fromkeys(ACCESS_COLUMNS, "NULL")
    with await lancedb.connect_async(folder) as raw:
        table = await raw.open_table(generation.id)
        await table.update(updates_sql=nothing, where=f"id = '{chunk.id}'")


async def strip_weaviate(
    node: Node, prefix: str, generation: Generation, chunk: Chunk
) -> None:
    place = f"/v1/objects/{prefix}_{generation.id}/{chunk.id}"
    stored = node.ask("GET", place)
    kept = {
        name: value
        for name, value in stored["properties"].items()
        if not name.startswith("ac")
    }
    node.ask("PUT", place, stored | {"properties": kept})


@pytest.fixture
def prefix(weaviate: Node) -> Iterator[str]:
    """Begins the names of this test's collections, which are deleted at the end."""
    prefix = f"T{uuid4().hex[:8]}"
    yield prefix
    weaviate.forget(prefix)


@pytest.fixture(params=["lance", "weaviate"])
async def library(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Stale]:
    """A house over one of the engines."""
    if request.param == "lance":
        place = tmp_path / "索引"
        opening: AbstractAsyncContextManager[Index] = lance.open_index(place)
        strip: Stripped = partial(strip_lance, place)
    else:
        node: Node = request.getfixturevalue("weaviate")
        prefix: str = request.getfixturevalue("prefix")
        opening = weaviate.open_index(
            node.url, grpc=node.grpc, api_key=ROOT_KEY, prefix=prefix
        )
        strip = partial(strip_weaviate, node, prefix)
    async with opening as index, stale(tmp_path / "状態", index, strip) as made:
        yield made


async def test_row_38_the_database_wins_where_the_index_is_too_open(
    library: Stale,
) -> None:
    state = library.home.state
    before = await library.home.ask(QUESTION)
    run = await state.runs.begin(
        "handbook", generation=library.generation.id, now=library.home.now
    )
    await state.ledger.set_access(run, {LEAVE: NOBODY})
    after = await library.home.ask(QUESTION)

    assert isinstance(before, Finished)
    assert "20日" in before.answer.text
    assert [hit.chunk.document for hit in await library.found("年次有給休暇")] == [
        LEAVE
    ]
    assert isinstance(after, Declined)
    assert after.reason is Reason.NOT_FOUND
    assert library.counted() == 0


async def test_row_39_a_document_that_is_gone_is_not_shown_and_counted(
    library: Stale,
) -> None:
    """Removed while the index could not be written."""
    state = library.home.state
    run = await state.runs.begin(
        "handbook", generation=library.generation.id, now=library.home.now
    )
    await state.ledger.remove(run, [LEAVE])
    after = await library.home.ask(QUESTION)

    assert [hit.chunk.document for hit in await library.found("年次有給休暇")] == [
        LEAVE
    ]
    assert isinstance(after, Declined)
    assert after.reason is Reason.NOT_FOUND
    assert library.counted() == 1


async def test_row_39_a_chunk_of_nothing_is_not_shown_and_counted(
    library: Stale,
) -> None:
    """Of a document that there never was, and of a revision that was replaced."""
    foreign = a_chunk(DocumentId("handbook:nowhere"), 1)
    older = a_chunk(LEAVE, 99)
    await library.home.index.put(
        library.generation,
        [
            ChunkRecord(chunk=chunk, tokens=tuple(analyse(chunk.text)), access=OPEN)
            for chunk in (foreign, older)
        ],
    )
    asked = await library.home.ask(QUESTION)

    assert len(await library.found("年次有給休暇")) == 3
    assert isinstance(asked, Finished)
    assert "45日" not in asked.answer.text
    assert {c.document for c in asked.answer.citations} == {LEAVE}
    assert library.counted() == 2


async def test_row_40_a_chunk_without_access_is_not_shown(library: Stale) -> None:
    """Though the document is open as the catalogue has it."""
    [hit] = await library.found("年次有給休暇")
    await library.without_access(library.generation, hit.chunk)
    after = await library.home.ask(QUESTION)
    other = await library.home.ask("出張の宿泊費はいくらまでですか")

    assert await library.found("年次有給休暇") == []
    assert isinstance(after, Declined)
    assert isinstance(other, Finished)


def a_chunk(document: DocumentId, revision: int) -> Chunk:
    return Chunk(
        id=chunk_id(document, revision, 0),
        document=document,
        revision=revision,
        ordinal=0,
        section=0,
        title="休暇規程",
        heading_path=(),
        text="年次有給休暇は入社6か月後に45日を付与する。",
        language=Language.JA,
        lines=Lines(first=1, last=1),
    )
