"""An index that lost what it held: nobody hears that the documents know nothing."""

from pathlib import Path

import pytest

from bot.backends.memory import MemoryIndex
from bot.core.model import Declined, Finished, Reason
from bot.ingest.progress import silent
from tests.fakes.house import Killed, house
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
