"""`check` is told what the state database is, on either engine."""

from pathlib import Path

import pytest

from bot.core.errors import ConfigError
from bot.state.release import THIS
from bot.state.report import report
from bot.state.store import open_state, state_site
from tests.contracts.state_records import LEAVE, NOW, a_desk, a_state


async def test_a_file_is_described(tmp_path: Path) -> None:
    folder = tmp_path / "文書"
    async with open_state(folder, clock=lambda: NOW) as state:
        await (await a_desk(state)).publish(a_state(LEAVE))
        found = await report(state_site(folder))

    assert found.engine.startswith("SQLite 3.")
    assert (found.schema, found.place) == (THIS.head, str(folder / "state.db"))
    assert found.size > 50_000
    assert (found.connections, found.read_only) == (None, False)


async def test_a_server_is_described_with_its_connections(
    tmp_path: Path, postgres_url: str
) -> None:
    async with open_state(tmp_path, clock=lambda: NOW, url=postgres_url) as state:
        await (await a_desk(state)).publish(a_state(LEAVE))
        found = await report(state_site(tmp_path, url=postgres_url))

    assert found.engine.startswith("PostgreSQL 1")
    assert found.schema == THIS.head
    assert found.size > 50_000
    assert found.read_only is False
    assert found.connections is not None
    assert 0 < found.connections.used < found.connections.most < 100


async def test_nothing_is_made_by_looking(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`shirube sync` makes it"):
        await report(state_site(tmp_path))

    assert inside(tmp_path) == []


def inside(folder: Path) -> list[Path]:
    return list(folder.iterdir())
