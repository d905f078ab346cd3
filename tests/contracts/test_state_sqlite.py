"""SQLite keeps the promises of the state ports."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.state.store import open_state
from tests.contracts.state import StateContract
from tests.contracts.state_records import NOW, Ports


class TestSqliteState(StateContract):
    """On a new database, in a folder with a difficult name."""

    @pytest.fixture
    async def state(self, tmp_path: Path) -> AsyncIterator[Ports]:
        async with open_state(tmp_path / "標 %20'?", clock=lambda: NOW) as state:
            yield state
