"""A state database is backed up, restored on either engine, and brought up to date."""

import gzip
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from bot.core.errors import ConfigError, Conflict
from bot.core.model import ConversationId, GenerationId, document_id
from bot.state import upkeep
from bot.state.examination import examine
from bot.state.release import THIS, Release, stored_tables
from bot.state.sites import Site
from bot.state.store import State, open_state, state_site
from tests.contracts.state import THREAD, record
from tests.contracts.state_feedback import a_judgement, ended
from tests.contracts.state_questions import (
    SURFACES,
    a_notice,
    a_question,
    a_turn,
    at,
    at_work,
    take,
)
from tests.contracts.state_records import (
    BOARD,
    LEAVE,
    NOW,
    SOURCE,
    TRAVEL,
    a_desk,
    a_failure,
    a_report,
    a_state,
    all_live,
)

FIRST = Release(head="0001", scripts=THIS.scripts)
ENGINES = ("sqlite", "postgres")


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A data folder, and the server of its state if there is one."""

    folder: Path
    url: str | None = None

    @property
    def site(self) -> Site:
        return state_site(self.folder, url=self.url)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[State]:
        async with open_state(self.folder, clock=lambda: NOW, url=self.url) as state:
            yield state

    async def backed_up(self) -> Path:
        return await upkeep.back_up(self.site, self.folder, now=NOW)

    async def restored(self, file: Path, *, replace: bool = False) -> upkeep.Restored:
        return await upkeep.restore(
            self.site, file, copies=self.folder, now=NOW, replace=replace
        )


def a_home(request: pytest.FixtureRequest, folder: Path, engine: str) -> Home:
    folder.mkdir()
    if engine == "sqlite":
        return Home(folder=folder)
    return Home(folder=folder, url=request.getfixturevalue("postgres_url"))


@pytest.fixture(params=ENGINES)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    """One empty place on each engine."""
    return a_home(request, tmp_path / "家 %20'?", request.param)


@pytest.fixture(params=ENGINES)
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    """Another one, to move to."""
    folder = tmp_path / "新居"
    if request.param == "postgres":
        postgres = request.getfixturevalue("postgres")
        schema = f"新居 {folder.parent.name}"
        postgres.make_schema(schema)
        folder.mkdir()
        return Home(folder=folder, url=postgres.url(schema))
    return a_home(request, folder, request.param)


async def lived_in(home: Home) -> None:
    """Everything that a database holds."""
    async with home.opened() as state:
        desk = await a_desk(state)
        await desk.publish(a_state(LEAVE, access=BOARD), a_state(TRAVEL), embedded=True)
        await desk.stage(a_state(LEAVE, text="二版"))
        await state.quarantine.failed(desk.run, [a_failure(TRAVEL)], now=NOW)
        gone = document_id(SOURCE, "廃止")
        await desk.publish(a_state(gone))
        await state.ledger.remove(desk.run, [gone])
        await state.runs.finish(desk.run, a_report(), checkpoint="頁9", now=NOW)
        await record(state, a_turn("質問"))
        await asked(state)


async def asked(state: State) -> None:
    """One question of which half an answer is posted, and something to be told."""
    claim = await at_work(state, a_question(thread="開いている"))
    await state.questions.stage(claim, '{"答え": "二十日"}')
    await state.questions.posted(claim, "1712.9")
    await state.outbox.put([a_notice()], now=NOW)
    judged = await ended(state, a_question("1712.8", thread="判定"))
    await state.feedback.record(a_judgement(judged, note="古いです"))


def contents(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    found = stored_tables(connection)
    return {
        table.name: sorted(
            (tuple(map(plain, row)) for row in connection.execute(table.select())),
            key=repr,
        )
        for table in found.sorted_tables
        if table.name != "generations"
    }


def plain(value: object) -> object:
    """Moments come back with a zone from one engine only."""
    return str(value).removesuffix("+00:00")


async def test_everything_comes_back_on_every_engine(home: Home, other: Home) -> None:
    await lived_in(home)
    before = await home.site.looked_at(contents)

    restored = await other.restored(await home.backed_up())

    assert await other.site.looked_at(contents) == before
    assert restored.rows["documents"] == 3
    assert restored.copy is None
    assert (await examine(other.site)).problems == ()


async def test_life_goes_on_after_a_restoration(home: Home, other: Home) -> None:
    """Numbers are not given out twice, and what is live is still live."""
    await lived_in(home)
    await other.restored(await home.backed_up())

    async with other.opened() as state:
        active = await state.generations.active()
        assert active is not None
        assert await all_live(state, active.id) == {LEAVE: 1, TRAVEL: 1}
        [turn] = await state.conversations.turns(THREAD, limit=9)
        assert turn == a_turn("質問")

        desk = await a_desk(state, generation=active.id)
        assert desk.run == "r2"
        assert await desk.stage(a_state(LEAVE, text="三版")) == 3
        await record(state, a_turn("次の質問", minute=1))
        assert len(await state.conversations.turns(THREAD, limit=9)) == 2

        again = await state.questions.claim(
            "乙", surfaces=SURFACES, now=at(60), until=at(90)
        )
        assert again is not None
        assert (again.attempt, again.posted) == (2, ("1712.9",))
        await state.questions.posted(again, "1712.10")
        assert not (await state.questions.accept(again.incoming, now=NOW)).new
        await state.outbox.put([a_notice(), a_notice("次")], now=NOW)
        assert [await take(state), await take(state)] == [a_notice().key, "次"]
        assert await state.runs.checkpoint(SOURCE) == "頁9"


async def test_the_index_is_not_trusted_after_a_restoration(
    home: Home, other: Home
) -> None:
    """It may hold chunks of a later state, under numbers that come again."""
    await lived_in(home)
    await other.restored(await home.backed_up())

    async with other.opened() as state:
        active = await state.generations.active()
        assert active is not None
        assert active.rebuild == upkeep.RESTORED
        made = await state.generations.create(active.spec)
        assert int(made.id.removeprefix("g")) > 1_000
        assert made.rebuild is None
        assert await state.generations.spare() == [made]


async def test_what_is_there_is_not_overwritten(home: Home, other: Home) -> None:
    await lived_in(home)
    file = await home.backed_up()
    async with other.opened() as state:
        await record(state, a_turn("他の質問"), conversation=ConversationId("他"))

    with pytest.raises(ConfigError, match="is not empty; --force"):
        await other.restored(file)

    restored = await other.restored(file, replace=True)
    assert restored.copy is not None
    assert restored.copy.stat().st_mode & 0o777 == 0o600
    async with other.opened() as state:
        assert await state.conversations.turns(ConversationId("他"), limit=9) == ()
    await other.restored(restored.copy, replace=True)
    async with other.opened() as state:
        assert len(await state.conversations.turns(ConversationId("他"), limit=9)) == 1
        assert await state.generations.active() is None


async def test_a_database_in_use_is_backed_up_but_not_replaced(home: Home) -> None:
    await lived_in(home)
    async with home.opened() as state:
        await state.generations.active()
        file = await home.backed_up()

        with pytest.raises(Conflict, match="another Shirube uses"):
            await home.restored(file, replace=True)
        with pytest.raises(Conflict, match="another Shirube uses"):
            await upkeep.upgrade(home.site, copies=home.folder, now=NOW)

    assert file.stat().st_mode & 0o777 == 0o600
    assert f"20260401T023015Z.{THIS.head}" in file.name


async def test_a_tables_only_database_counts_as_empty(home: Home, other: Home) -> None:
    """So that looking at a new place first does no harm."""
    await lived_in(home)
    async with other.opened():
        pass

    assert (await other.restored(await home.backed_up())).copy is None


async def test_nothing_to_back_up_is_said(home: Home) -> None:
    with pytest.raises(ConfigError, match=r"there is no .* yet|is empty"):
        await home.backed_up()


async def test_two_backups_of_one_moment_are_both_kept(home: Home) -> None:
    await lived_in(home)

    first, second = await home.backed_up(), await home.backed_up()

    assert first != second
    assert first.exists()
    assert second.exists()


async def test_a_folder_that_cannot_be_written_is_named(home: Home) -> None:
    await lived_in(home)

    for folder in (home.folder / "無い", Path("/proc")):
        with pytest.raises(ConfigError, match="--to") as refused:
            await upkeep.back_up(home.site, folder, now=NOW)
        assert str(folder) in str(refused.value)

    assert not list(home.folder.glob("*.partial"))


# --- files that are no backups -----------------------------------------------


async def a_dump(request: pytest.FixtureRequest, folder: Path) -> tuple[Home, Path]:
    home = a_home(request, folder, "postgres")
    await lived_in(home)
    return home, await home.backed_up()


async def test_a_file_that_broke_off_changes_nothing(
    request: pytest.FixtureRequest, tmp_path: Path, other: Home
) -> None:
    _, file = await a_dump(request, tmp_path / "家")
    whole = file.read_bytes()
    lines = gzip.decompress(whole).decode().splitlines(keepends=True)
    broken = {
        "cut.gz": whole[: len(whole) // 2],
        "bits.gz": whole[:200] + b"\xff" * 50 + whole[250:],
        "lines.gz": gzip.compress("".join(lines[:-1]).encode()),
        "row.gz": gzip.compress("".join(lines[:-2] + lines[-1:]).encode()),
        "json.gz": gzip.compress("".join([*lines[:3], "{\n"]).encode()),
        "other.gz": gzip.compress(b'{"format": "mine"}\n'),
        "list.gz": gzip.compress(b"[]\n"),
        "empty.gz": gzip.compress(b""),
        "text.txt": "これは控えではない".encode(),
        "none": b"",
        "state.db": b"SQLite format 3\0" + b"\xff" * 4096,
    }
    for name, content in broken.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(ConfigError, match="backup") as refused:
            await other.restored(path)
        assert name in str(refused.value)

    async with other.opened() as state:
        assert await state.generations.active() is None


async def test_a_row_that_nobody_knows_changes_nothing(
    request: pytest.FixtureRequest, tmp_path: Path, other: Home
) -> None:
    _, file = await a_dump(request, tmp_path / "家")
    head, *rows, _ = gzip.decompress(file.read_bytes()).decode().splitlines()
    strange = json.dumps(["金庫", {"鍵": 1}], ensure_ascii=False)
    end = json.dumps(["", {"rows": len(rows) + 1}])
    path = tmp_path / "strange.gz"
    path.write_bytes(gzip.compress("\n".join([head, *rows, strange, end]).encode()))

    with pytest.raises(ConfigError, match="金庫"):
        await other.restored(path)

    async with other.opened() as state:
        assert await state.generations.active() is None


async def test_a_backup_of_a_newer_release_is_refused(
    tmp_path: Path, home: Home
) -> None:
    path = tmp_path / "newer.gz"
    head = json.dumps({"format": "shirube-state-1", "schema": "9999"})
    path.write_bytes(gzip.compress(f"{head}\n".encode()))

    with pytest.raises(ConfigError, match="newer Shirube"):
        await home.restored(path)


async def test_a_stranger_is_not_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "家"
    folder.mkdir()
    with sqlite3.connect(folder / "state.db") as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    source = Home(folder=tmp_path / "元")
    source.folder.mkdir()
    await lived_in(source)

    with pytest.raises(ConfigError, match="not a database of Shirube"):
        await Home(folder=folder).restored(await source.backed_up(), replace=True)


# --- releases ----------------------------------------------------------------


async def old(home: Home) -> None:
    """A database of the first release, with something in it."""

    def make(connection: Connection) -> None:
        FIRST.upgrade(connection)
        connection.execute(
            text(
                "INSERT INTO generations (number, spec, alpha, created_at) VALUES "
                """(1, '{"analyzer": "a", "chunker": "c", "backend": "lance", """
                """"embedding": null, "schema"\\: 1}', '{}', '2026-04-01 00:00:00')"""
            )
        )
        connection.execute(text("UPDATE active_generation SET generation = 'g1'"))
        connection.execute(
            text(
                f"INSERT INTO conversations VALUES ('{THREAD}', '2026-04-01 00:00:00')"
            )
        )
        for number, outcome in enumerate(["answered", "failed"]):
            connection.execute(
                text(
                    f"INSERT INTO turns VALUES ({number}, 'q{number}', '{THREAD}', "
                    f"'{outcome}', '2026-04-01 00:00:00', '質問', '答え', '[]')"
                )
            )

    await home.site.changed(make)


async def test_an_older_database_is_upgraded_after_a_backup(home: Home) -> None:
    await old(home)

    done = await upkeep.upgrade(home.site, copies=home.folder, now=NOW)

    assert (done.before, done.after) == ("0001", THIS.head)
    assert done.copy is not None
    async with home.opened() as state:
        active = await state.generations.active()
        assert active is not None
        assert active.id == GenerationId("g1")

        [turn] = await state.conversations.turns(THREAD, limit=9)
        assert turn.question == "質問", "and what was not answered is no turn"
        assert (await state.questions.accept(a_question(), now=NOW)).new

    again = await upkeep.upgrade(home.site, copies=home.folder, now=NOW)
    assert (again.before, again.copy) == (THIS.head, None)


async def test_an_empty_place_is_made(home: Home) -> None:
    done = await upkeep.upgrade(home.site, copies=home.folder, now=NOW)

    assert (done.before, done.after, done.copy) == (None, THIS.head, None)


async def test_a_backup_of_an_older_release_is_brought_up_to_date(
    home: Home, other: Home
) -> None:
    await old(home)
    file = await home.backed_up()

    await other.restored(file)

    async with other.opened() as state:
        active = await state.generations.active()
        assert active is not None
        assert active.id == GenerationId("g1")
        assert active.rebuild == upkeep.RESTORED
