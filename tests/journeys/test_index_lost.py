"""An index that lacks chunks: nobody hears that the documents know nothing."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.backends.memory import MemoryIndex
from bot.core.errors import PartialWrite
from bot.core.model import ChunkRecord, Declined, Finished, Generation, Reason
from bot.core.sync import RunState
from bot.ingest.progress import silent
from tests.fakes.house import Killed, Writes, house
from tests.fakes.source import MemorySource, Page

LEAVE = "有給休暇は何日もらえますか"
PAGE = Page("休暇規程", "## 有給休暇\n\n有給休暇は入社6か月後に10日を付与する。")


async def test_until_it_is_built_again_the_search_is_down(tmp_path: Path) -> None:
    """Also while it is being built, and where that was killed halfway."""
    source = MemorySource({"休暇.md": PAGE})
    async with house(tmp_path) as home:
        await home.sync(source)
    async with house(tmp_path, index=MemoryIndex()) as home:
        before = await home.ask(LEAVE)
        home.writes.dies_before = len(home.writes.calls)
        with pytest.raises(Killed):
            await home.engine().prepare(progress=silent)
        halfway = await home.ask(LEAVE)
        home.writes.dies_before = None
        source.fetched.clear()
        await home.sync(source)
        after = await home.ask(LEAVE)

    for declined in (before, halfway):
        assert isinstance(declined, Declined)
        assert declined.reason is Reason.SEARCH_DOWN
    assert source.fetched == []
    assert isinstance(after, Finished)
    assert "10日" in after.answer.text


# --- a batch that fails in part ---

NEW = Page("休暇規程", "## 有給休暇\n\n有給休暇は入社6か月後に12日を付与する。")


class Halving(Writes):
    """A chunk store that takes only half of what it is given."""

    async def put(
        self, generation: Generation, records: Sequence[ChunkRecord], /
    ) -> None:
        half = len(records) // 2
        await super().put(generation, records[:half])
        rest = [record.chunk.id for record in records[half:]]
        raise PartialWrite("half of the batch was refused", ids=rest)


async def test_a_batch_that_fails_in_part_changes_no_answer_until_it_is_whole(
    tmp_path: Path,
) -> None:
    pages = {f"{number}.md": PAGE for number in range(4)}
    later = {f"{number}.md": NEW for number in range(4)}
    async with house(tmp_path) as home:
        whole = home.writes
        await home.sync(MemorySource(dict(pages)))
        home.writes = Halving(home.index)
        with pytest.raises(PartialWrite, match="half of the batch"):
            await home.sync(MemorySource(dict(later)))
        between = await home.ask(LEAVE)
        (run,) = await home.state.runs.recent("handbook", limit=1)
        home.writes = whole
        source = MemorySource(dict(later))
        await home.sync(source)
        after = await home.ask(LEAVE)

    assert isinstance(between, Finished)
    assert "10日" in between.answer.text
    assert "12日" not in between.answer.text
    assert run.state is RunState.FAILED
    assert run.report is not None
    assert run.report.detail == "half of the batch was refused"
    assert isinstance(after, Finished)
    assert "12日" in after.answer.text
    assert source.fetched == [], "it was staged already"


async def test_an_index_that_was_emptied_is_not_one_that_knows_nothing(
    tmp_path: Path,
) -> None:
    """As after somebody made the collection again by hand."""
    source = MemorySource({"休暇.md": PAGE})
    async with house(tmp_path) as home:
        await home.sync(source)
        generation = await home.state.generations.active()
        unknown = await home.ask("火星の首都はどこですか")
    assert generation is not None
    emptied = MemoryIndex()
    await emptied.create(generation)
    async with house(tmp_path, index=emptied) as home:
        before = await home.ask(LEAVE)
        await home.sync(source)
        after = await home.ask(LEAVE)

    assert isinstance(unknown, Declined)
    assert unknown.reason is Reason.NOT_FOUND
    assert isinstance(before, Declined)
    assert before.reason is Reason.SEARCH_DOWN
    assert isinstance(after, Finished)
