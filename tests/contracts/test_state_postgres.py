"""PostgreSQL keeps the promises of the state ports."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from bot.state import postgres as server
from bot.state.schema import metadata
from bot.state.store import open_state, uptime
from tests.contracts.lease import SECONDS, LeaseContract, Rivals
from tests.contracts.state import StateContract
from tests.contracts.state_questions_story import tell
from tests.contracts.state_records import NOW, Ports
from tests.fakes.postgres_server import RunningPostgres

SCHEMA = "状態 A'1"
EMPTY = f"""
SET search_path = "{SCHEMA}";
TRUNCATE {", ".join(metadata.tables)} RESTART IDENTITY;
INSERT INTO active_generation (id) VALUES (1);
INSERT INTO catalogue_changes (id, number) VALUES (1, 0);
"""


@pytest.fixture(scope="session")
def url(postgres: RunningPostgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a schema with our tables, which take long to make."""
    url = postgres.url(SCHEMA)

    async def make() -> None:
        folder = tmp_path_factory.mktemp("made")
        async with open_state(folder, clock=lambda: NOW, url=url):
            pass

    postgres.make_schema(SCHEMA)
    asyncio.run(make())
    return url


class TestPostgresState(StateContract):
    """In a schema with a difficult name, in a database that sorts in Japanese."""

    @pytest.fixture
    async def state(
        self, postgres: RunningPostgres, url: str, tmp_path: Path
    ) -> AsyncIterator[Ports]:
        postgres.tell(EMPTY)
        async with open_state(tmp_path, clock=lambda: NOW, url=url) as state:
            yield state


class TestPostgresLease(LeaseContract):
    """In the same schema, by the time of the server."""

    @pytest.fixture
    async def rivals(
        self, postgres: RunningPostgres, url: str, tmp_path: Path
    ) -> AsyncIterator[Rivals]:
        postgres.tell(EMPTY)
        opened = partial(
            server.open_database, url, lease="serve", seconds=SECONDS, clock=uptime
        )
        async with opened() as (_, one), opened() as (_, other):
            yield Rivals(one=one, other=other, folder=tmp_path, url=url)


def test_row_20_the_story_of_any_questions(url: str, tmp_path: Path) -> None:
    """Asked, claimed, shown, ended, recovered and expired, in any order."""
    tell(open_state(tmp_path, clock=lambda: NOW, url=url))
