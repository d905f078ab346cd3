"""What is wrong in a database is found and said, on either engine."""

import sqlite3
import zlib
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from bot.core.errors import ConfigError
from bot.state.examination import Examined, examine
from bot.state.release import THIS, Release
from bot.state.schema import texts
from bot.state.sites import Site
from bot.state.store import open_state, state_site
from tests.contracts.state_records import LEAVE, NOW, TRAVEL, a_desk, a_state


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str | None:
    if request.param == "sqlite":
        return None
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def site(tmp_path: Path, url: str | None) -> Site:
    """Two documents, both live."""
    async with open_state(tmp_path, clock=lambda: NOW, url=url) as state:
        desk = await a_desk(state)
        await desk.publish(a_state(LEAVE), a_state(TRAVEL))
    return state_site(tmp_path, url=url)


async def broken(site: Site, *statements: str) -> Examined:
    """Do what no release does, and look."""

    def act(connection: Connection) -> None:
        for statement in statements:
            connection.execute(text(statement))

    await site.changed(act)
    return await examine(site)


async def test_a_sound_database_is_described(site: Site) -> None:
    found = await examine(site)

    assert found.problems == ()
    assert found.revision == THIS.head
    assert (found.rows["documents"], found.rows["texts"]) == (2, 2)
    assert found.engine.split()[0] in {"SQLite", "PostgreSQL"}
    assert "leases" not in found.rows


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM texts", "2 revisions have lost their text"),
        ("UPDATE documents SET access = NULL", "2 documents are live but nobody's"),
        (
            "UPDATE documents SET removed_at = '2026-04-01 00:00:00'",
            "2 documents are live though they were removed",
        ),
        ("DELETE FROM catalogue_changes", "catalogue_changes has 0 rows"),
        (
            "UPDATE active_generation SET generation = 'g7'",
            "the active generation g7 is not there",
        ),
    ],
)
async def test_what_contradicts_itself_is_named(
    site: Site, statement: str, said: str
) -> None:
    [problem] = (await broken(site, statement)).problems

    assert said in problem
    assert "`shirube db restore`" in problem


async def test_a_text_with_a_flipped_bit_is_found(site: Site) -> None:
    spoiled = bytearray(zlib.compress("休暇".encode()))
    spoiled[-1] ^= 1
    await site.changed(
        lambda connection: connection.execute(
            texts.update()
            .where(texts.c.document == LEAVE)
            .values(markdown=bytes(spoiled))
        )
    )

    [problem] = (await examine(site)).problems

    assert "1 texts cannot be unpacked" in problem


async def test_an_older_schema_is_a_problem_with_a_remedy(
    tmp_path: Path, url: str | None
) -> None:
    site = state_site(tmp_path, url=url)
    await site.changed(Release(head="0001", scripts=THIS.scripts).upgrade)

    found = await examine(site)

    [problem] = found.problems
    assert found.revision == "0001"
    assert "`shirube db upgrade`" in problem


async def test_a_newer_schema_is_refused(site: Site) -> None:
    with pytest.raises(ConfigError, match="newer Shirube"):
        await broken(site, "UPDATE alembic_version SET version_num = 'z'")


async def test_rows_that_refer_to_nothing_are_counted(tmp_path: Path) -> None:
    """PostgreSQL lets nobody make them."""
    async with open_state(tmp_path, clock=lambda: NOW) as state:
        desk = await a_desk(state)
        await desk.publish(a_state(LEAVE))
    with sqlite3.connect(tmp_path / "state.db") as connection:
        connection.execute("DELETE FROM sources")
    connection.close()

    [problem] = (await examine(state_site(tmp_path))).problems

    assert "1 rows refer to rows that are not there" in problem


async def test_a_damaged_page_is_found(tmp_path: Path) -> None:
    async with open_state(tmp_path, clock=lambda: NOW) as state:
        desk = await a_desk(state)
        await desk.publish(a_state(LEAVE))
    path = tmp_path / "state.db"
    whole = bytearray(path.read_bytes())
    whole[-4096:] = b"\xff" * 4096
    path.write_bytes(whole)

    try:
        problems = " ".join((await examine(state_site(tmp_path))).problems)
    except ConfigError as refused:
        problems = str(refused)

    assert "SQLite says" in problems or "damaged" in problems
