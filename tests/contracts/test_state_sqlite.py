"""SQLite keeps the promises of the state ports."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.state.locks import FileLease
from bot.state.store import open_state
from tests.contracts.lease import LeaseContract, Rivals
from tests.contracts.state import StateContract
from tests.contracts.state_questions_story import tell
from tests.contracts.state_records import NOW, Ports


class TestSqliteState(StateContract):
    """On a new database, in a folder with a difficult name."""

    @pytest.fixture
    async def state(self, tmp_path: Path) -> AsyncIterator[Ports]:
        async with open_state(tmp_path / "標 %20'?", clock=lambda: NOW) as state:
            yield state


class TestFileLease(LeaseContract):
    """Beside a SQLite file, where the kernel keeps it."""

    @pytest.fixture
    async def rivals(self, tmp_path: Path) -> AsyncIterator[Rivals]:
        path = tmp_path / "serve.lock"
        one, other = FileLease(path), FileLease(path)
        yield Rivals(one=one, other=other, folder=tmp_path)
        await one.release()
        await other.release()


def test_row_20_the_story_of_any_questions(tmp_path: Path) -> None:
    """Asked, claimed, shown, ended, recovered and expired, in any order."""
    tell(open_state(tmp_path / "標", clock=lambda: NOW))
