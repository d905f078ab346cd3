"""The index is compared with the catalogue: whole, or as far as time allows."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from bot.backends.memory import MemoryIndex
from bot.core.model import ChunkId, Generation, Language, Revision, document_id
from bot.ops.check import Level
from bot.ops.drift import Drift, drift, drift_findings
from tests.contracts.index_records import keep_none
from tests.fakes.house import House, house
from tests.fakes.source import MemorySource, Page

PAGES = {
    "休暇": Page("休暇", "入社六か月で十日を付与する。"),
    "旅費": Page("旅費", "二週間以内に精算する。"),
    "空": Page("空", ""),
}


class Slow(MemoryIndex):
    """An index too large to be walked in time: the first chunk, then nothing more."""

    async def scan(
        self, generation: Generation, /
    ) -> AsyncIterator[tuple[ChunkId, Revision]]:
        async for each in super().scan(generation):
            yield each
            break
        await asyncio.Event().wait()


async def compared(home: House, seconds: float | None = None) -> Drift:
    generation = await home.state.generations.active()
    assert generation is not None
    return await drift(
        generation,
        index=home.index,
        projection=home.state.projection,
        seconds=seconds,
    )


async def loses(home: House, page: str) -> None:
    """Let the index lose the chunks of a page."""
    generation = await home.state.generations.active()
    assert generation is not None
    assert isinstance(home.index, MemoryIndex)
    doomed = {
        revision
        for revision in await home.stored()
        if revision[0] == document_id("handbook", page)
    }
    await MemoryIndex.collect(home.index, generation, doomed, kept=keep_none)


async def test_an_index_that_holds_everything_differs_in_nothing(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as home:
        await home.sync(MemorySource(PAGES))
        found = await compared(home)

    assert (found.documents, found.chunks) == (3, 2)
    assert (found.lacking, found.orphans, found.whole) == (0, 0, True)
    assert drift_findings(found, Language.JA) == []


async def test_what_is_lost_is_counted(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        await home.sync(MemorySource(PAGES))
        await loses(home, "休暇")
        found = await compared(home)
        [finding] = drift_findings(found, Language.JA)

    assert (found.lacking, found.chunks) == (1, 1)
    assert (finding.level, "1 件の公開中の文書" in finding.text) == (Level.ERROR, True)


async def test_an_index_that_is_too_large_is_looked_at_by_a_sample(
    tmp_path: Path,
) -> None:
    async with house(tmp_path, index=Slow()) as home:
        await home.sync(MemorySource(PAGES))
        before = await compared(home, seconds=0.05)
        generation = await home.state.generations.active()
        assert generation is not None
        everything = {
            (document_id("handbook", page), revision)
            for page in PAGES
            for revision in (1, 2, 3)
        }
        await home.index.collect(generation, everything, kept=keep_none)
        after = await compared(home, seconds=0.05)

    assert (before.whole, before.chunks, before.documents) == (False, 1, 3)
    assert (before.lacking, after.lacking) == (0, 2)
    said = drift_findings(after, Language.EN)
    assert [finding.level for finding in said] == [Level.OK, Level.ERROR]
    assert "`shirube check --whole` compares all" in said[0].text
