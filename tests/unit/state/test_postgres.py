"""What goes wrong with a PostgreSQL server is said in words, and passes."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from bot.core.errors import BotError, ConfigError, Conflict, ReadOnly, Unavailable
from bot.core.model import document_id
from bot.core.sync import RunState
from bot.state.database import ATTEMPTS, uninterrupted
from bot.state.postgres.address import parsed
from bot.state.postgres.engine import CONNECTIONS, PostgresDatabase
from bot.state.postgres.faults import mapped
from bot.state.postgres.site import ServerSite
from bot.state.release import THIS, Release
from bot.state.schema import metadata
from bot.state.store import State, open_state
from tests.contracts.state_records import (
    LEAVE,
    NOW,
    SOURCE,
    Desk,
    a_desk,
    a_generation,
    a_state,
)
from tests.fakes.postgres_server import PASSWORD, USER, RunningPostgres

FIRST = Release(head="0001", scripts=THIS.scripts)


@asynccontextmanager
async def opened(folder: Path, url: str) -> AsyncIterator[State]:
    async with open_state(folder, clock=lambda: NOW, url=url) as state:
        yield state


@pytest.fixture
async def state(tmp_path: Path, postgres_url: str) -> AsyncIterator[State]:
    async with opened(tmp_path, postgres_url) as state:
        yield state


@pytest.fixture
async def desk(state: State) -> Desk:
    return await a_desk(state)


@pytest.fixture
async def database(state: State, postgres_url: str) -> AsyncIterator[PostgresDatabase]:
    """Another process's connections to the same database."""
    del state
    database = PostgresDatabase(parsed(postgres_url))
    yield database
    await database.close()


async def refused(folder: Path, url: str) -> BotError:
    with pytest.raises(BotError) as caught:
        async with opened(folder, url) as state:
            await state.generations.active()
    assert PASSWORD not in str(caught.value)
    assert "合言葉" not in str(caught.value)
    return caught.value


# --- settings that must change -----------------------------------------------


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"password": "違う@"}, "refuses the password"),
        ({"user": "誰か"}, "refuses the password"),
        ({"database": "無い"}, "has no database of that name; make it with createdb"),
        ({"schema": "無い"}, "has no schema to write to"),
        ({"nonsense": "1"}, "unrecognized configuration parameter"),
        ({"sslmode": "nonsense"}, "sslmode"),
    ],
)
async def test_a_wrong_setting_is_named_with_what_to_do(
    tmp_path: Path, postgres: RunningPostgres, changed: dict[str, str], said: str
) -> None:
    fault = await refused(tmp_path, postgres.url(**changed))

    assert isinstance(fault, ConfigError)
    assert said in str(fault)
    assert "state.url" in str(fault)


async def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    for place in ("127.0.0.1:1", "no.such.host.invalid"):
        fault = await refused(tmp_path, f"postgresql://u:{'%40'}@{place}/d")

        assert isinstance(fault, Unavailable)
        assert "cannot be reached" in str(fault)


async def test_a_database_that_cannot_hold_our_text_is_refused(
    tmp_path: Path, postgres: RunningPostgres
) -> None:
    postgres.tell(
        f"CREATE DATABASE latin OWNER {USER} TEMPLATE template0 ENCODING 'LATIN1' "
        "LOCALE 'C'"
    )

    fault = await refused(tmp_path, postgres.url(database="latin"))

    assert "LATIN1" in str(fault)
    assert "--encoding=UTF8" in str(fault)


# --- schemas of other releases -----------------------------------------------


async def test_an_older_schema_is_left_to_the_operator(
    tmp_path: Path, postgres_url: str
) -> None:
    await ServerSite(parsed(postgres_url)).made(FIRST)

    fault = await refused(tmp_path, postgres_url)

    assert isinstance(fault, ConfigError)
    assert "schema 0001" in str(fault)
    assert "`shirube db upgrade`" in str(fault)


async def test_a_newer_schema_is_refused(tmp_path: Path, postgres_url: str) -> None:
    async with opened(tmp_path, postgres_url):
        pass
    site = ServerSite(parsed(postgres_url))
    await site.changed(
        lambda sync: sync.execute(text("UPDATE alembic_version SET version_num = 'z'"))
    )

    fault = await refused(tmp_path, postgres_url)

    assert isinstance(fault, ConfigError)
    assert "newer Shirube (schema z)" in str(fault)


async def test_the_tables_of_something_else_are_left_alone(
    tmp_path: Path, postgres_url: str
) -> None:
    site = ServerSite(parsed(postgres_url))
    await site.changed(lambda sync: sync.execute(text("CREATE TABLE theirs (x int)")))

    fault = await refused(tmp_path, postgres_url)

    assert isinstance(fault, ConfigError)
    assert "not a database of Shirube" in str(fault)
    assert "CREATE SCHEMA shirube" in str(fault)


async def test_the_steps_lead_to_the_tables_of_the_code(
    state: State, postgres_url: str
) -> None:
    del state

    def compare(connection: Connection) -> object:
        context = MigrationContext.configure(
            connection, opts={"compare_server_default": True}
        )
        return compare_metadata(context, metadata)

    assert await ServerSite(parsed(postgres_url)).looked_at(compare) == []


async def test_a_database_in_use_is_not_changed(
    state: State, postgres_url: str
) -> None:
    await state.generations.active()

    with pytest.raises(Conflict, match="stop it first, on every host"):
        await ServerSite(parsed(postgres_url)).changed(lambda _: None)


# --- what passes -------------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
async def test_a_restart_in_mid_transaction_leaves_nothing_of_it(
    desk: Desk,
    database: PostgresDatabase,
    postgres: RunningPostgres,
    how: signal.Signals,
) -> None:
    await desk.publish(a_state())

    async def delete_all() -> None:
        async with database.writing() as connection:
            await connection.execute(text("DELETE FROM texts"))
            await asyncio.to_thread(postgres.stop, how)
            try:
                await connection.execute(text("DELETE FROM revisions"))
            finally:
                await asyncio.to_thread(postgres.start)

    with pytest.raises(Unavailable, match="broke the connection off"):
        await delete_all()

    assert await desk.live() == 1
    assert await desk.stage(a_state(text="次")) == 2


def test_a_connection_over_which_the_server_said_goodbye_is_broken_off() -> None:
    """Between the word and the end, the driver complains of itself."""
    said = "cannot switch to state 11; another operation (2) is in progress"
    with (
        pytest.raises(Unavailable, match="broke the connection off"),
        mapped(parsed("postgresql://shirube@localhost/標")),
    ):
        raise asyncpg.InternalClientError(said)


async def test_a_restart_between_two_calls_is_not_noticed(
    desk: Desk, postgres: RunningPostgres
) -> None:
    await desk.publish(a_state())
    await asyncio.to_thread(postgres.stop)
    await asyncio.to_thread(postgres.start)

    assert await desk.live() == 1


async def test_a_server_that_is_down_is_unavailable_until_it_is_back(
    desk: Desk, postgres: RunningPostgres
) -> None:
    await desk.publish(a_state())
    await asyncio.to_thread(postgres.stop)
    try:
        with pytest.raises(Unavailable, match="cannot be reached"):
            await desk.live()
        with pytest.raises(Unavailable, match="cannot be reached"):
            await desk.stage(a_state(text="次"))
    finally:
        await asyncio.to_thread(postgres.start)

    assert await desk.live() == 1


async def test_a_server_without_a_free_connection_is_unavailable(
    desk: Desk, tmp_path: Path, postgres: RunningPostgres, postgres_url: str
) -> None:
    postgres.tell(f"ALTER ROLE {USER} CONNECTION LIMIT 1")
    try:
        fault = await refused(tmp_path, postgres_url)
    finally:
        postgres.tell(f"ALTER ROLE {USER} CONNECTION LIMIT -1")

    assert isinstance(fault, Unavailable)
    assert "no connection left; raise max_connections" in str(fault)
    assert await desk.live() is None


async def test_more_at_once_than_connections_wait_their_turn(desk: Desk) -> None:
    await desk.publish(a_state())

    async with asyncio.TaskGroup() as group:
        reads = [group.create_task(desk.live()) for _ in range(CONNECTIONS * 3)]
        for number in range(CONNECTIONS * 2):
            group.create_task(desk.stage(a_state(text=f"第{number}版")))

    assert {task.result() for task in reads} == {1}


async def test_what_is_cancelled_is_whole_or_not_there_and_blocks_nobody(
    desk: Desk,
) -> None:
    """Cancelled after any number of steps, more often than there are connections."""
    await desk.publish(a_state())
    cancelled = 0
    for steps in range(3 * CONNECTIONS):
        name = document_id(SOURCE, f"頁{steps}")
        tasks = [
            asyncio.create_task(desk.live()),
            asyncio.create_task(desk.publish(a_state(name))),
        ]
        for _ in range(steps):
            await asyncio.to_thread(int)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        cancelled += sum(task.cancelled() for task in tasks)

        known = await desk.known(name)
        assert known is None or known.staged == 1 or known.revision == 1

    assert cancelled
    assert await desk.live() == 1
    assert await desk.stage(a_state(text="次")) == 2


async def test_a_standby_answers_reads_and_refuses_writes(
    desk: Desk, tmp_path: Path, postgres_url: str
) -> None:
    await desk.publish(a_state())
    url = f"{postgres_url}&default_transaction_read_only=on"

    async with opened(tmp_path / "他", url) as state:
        there = Desk(state, desk.run, desk.generation)
        assert await there.live() == 1
        with pytest.raises(ReadOnly, match="at the primary"):
            await there.stage(a_state(text="次"))


async def test_rights_that_are_missing_are_named(
    desk: Desk, postgres: RunningPostgres, postgres_url: str
) -> None:
    await desk.publish(a_state())
    schema = parsed(postgres_url).name.partition("search_path=")[2]
    postgres.tell(f"ALTER TABLE {schema}.texts OWNER TO postgres")

    with pytest.raises(ReadOnly, match="permission denied for table texts"):
        await desk.stage(a_state(text="次"))

    assert await desk.live() == 1


async def test_a_database_that_stays_locked_is_unavailable(
    desk: Desk, database: PostgresDatabase, tmp_path: Path, postgres_url: str
) -> None:
    async with opened(tmp_path / "他", f"{postgres_url}&lock_timeout=50ms") as state:
        there = Desk(state, desk.run, desk.generation)
        async with database.writing():
            with pytest.raises(Unavailable, match="stayed locked"):
                await there.stage(a_state())

        assert await there.stage(a_state()) == 1


async def test_a_statement_that_takes_too_long_is_given_up(
    state: State, postgres_url: str
) -> None:
    del state
    database = PostgresDatabase(parsed(f"{postgres_url}&statement_timeout=50ms"))

    with pytest.raises(Unavailable, match="took too long"):
        async with database.reading() as connection:
            await connection.execute(text("SELECT pg_sleep(60)"))

    await database.close()


# --- races -------------------------------------------------------------------

LOSE = "DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40001'; END $$"


@pytest.mark.parametrize(("losses", "wins"), [(ATTEMPTS - 1, True), (ATTEMPTS, False)])
async def test_a_transaction_that_loses_is_repeated(
    database: PostgresDatabase, losses: int, *, wins: bool
) -> None:
    tried: list[int] = []

    @uninterrupted
    async def attempt() -> None:
        async with database.writing() as connection:
            await connection.execute(text("INSERT INTO sources VALUES ('源')"))
            tried.append(1)
            if len(tried) <= losses:
                await connection.execute(text(LOSE))

    if wins:
        await attempt()
    else:
        with pytest.raises(Unavailable, match="because of another"):
            await attempt()

    async with database.reading() as connection:
        rows = (await connection.execute(text("SELECT name FROM sources"))).all()
    assert len(tried) == min(losses + 1, ATTEMPTS)
    assert rows == ([("源",)] if wins else [])


async def test_who_stands_in_anothers_way_begins_again(
    desk: Desk, postgres: RunningPostgres, postgres_url: str
) -> None:
    """A deadlock with a stranger who takes the same rows in another order."""
    await desk.publish(a_state())
    stranger = await asyncpg.connect(
        host=str(postgres.folder), port=postgres.port, user="postgres", database="標"
    )
    schema = parsed(postgres_url).name.partition("search_path=")[2]
    # Who waits longest looks for a deadlock first, and is the one that loses.
    await stranger.execute(f"SET search_path = {schema}; SET deadlock_timeout = '60s'")
    async with stranger.transaction():
        await stranger.execute("UPDATE catalogue_changes SET number = number")
        removing = asyncio.create_task(desk.state.ledger.remove(desk.run, [LEAVE]))
        await stranger.execute(
            "DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_locks WHERE NOT granted) "
            "LOOP PERFORM pg_sleep(0.01); END LOOP; END $$"
        )
        await stranger.execute("UPDATE documents SET error = 'x'")
    await stranger.close()
    await removing

    assert await desk.live() is None
    assert "deadlock detected" in (postgres.folder / "log").read_text(encoding="utf-8")


RACE = """
import asyncio, sys
from pathlib import Path
from bot.core.errors import Conflict
from bot.state.store import open_state
from tests.contracts.state_records import NOW, SOURCE

async def main(folder, url, act, generation):
    async with open_state(Path(folder), clock=lambda: NOW, url=url) as state:
        await state.generations.active()
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        try:
            if act == "activate":
                await state.generations.activate(generation, expected="g1")
            elif act == "begin":
                await state.runs.begin(SOURCE, generation=generation, now=NOW)
            print("won")
        except Conflict as error:
            print(error)

asyncio.run(main(*sys.argv[1:]))
"""


def raced(folder: Path, url: str, act: str, *generations: str) -> list[str]:
    """Return what processes said that did something at the same moment."""
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [
                        *(sys.executable, "-c", RACE),
                        *(str(folder / str(number)), url, act, generation),
                    ],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for number, generation in enumerate(generations)
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        return sorted(process.communicate(timeout=30)[0] for process in processes)


async def test_of_two_processes_that_activate_one_is_told(
    tmp_path: Path, state: State, postgres_url: str
) -> None:
    await a_generation(state)
    for _ in range(2):
        await a_generation(state, active=False)

    said = await asyncio.to_thread(
        raced, tmp_path, postgres_url, "activate", "g2", "g3"
    )

    assert said[0].startswith("generation g1 is not the active one any more: another")
    assert said[1:] == ["won\n"]
    active = await state.generations.active()
    assert active is not None
    assert active.id in {"g2", "g3"}


async def test_of_two_processes_that_begin_a_run_one_is_fenced_off(
    tmp_path: Path, state: State, postgres_url: str
) -> None:
    await a_generation(state)

    said = await asyncio.to_thread(raced, tmp_path, postgres_url, "begin", "g1", "g1")

    assert said == ["won\n", "won\n"]
    runs = await state.runs.recent(SOURCE, limit=9)
    assert [run.state for run in runs] == [RunState.RUNNING, RunState.CANCELLED]


async def test_processes_that_start_together_all_get_in(
    tmp_path: Path, postgres_url: str
) -> None:
    """The schema is empty; one makes the tables and the others wait for it."""
    said = await asyncio.to_thread(
        raced, tmp_path, postgres_url, "nothing", "g1", "g1", "g1"
    )

    assert said == ["won\n"] * 3


# --- time --------------------------------------------------------------------


async def test_a_lease_ends_for_us_before_it_ends_for_others(
    state: State, postgres: RunningPostgres, postgres_url: str
) -> None:
    assert await state.lease.acquire()
    schema = parsed(postgres_url).name.partition("search_path=")[2]
    left = postgres.tell(
        f"SELECT extract(epoch FROM until - clock_timestamp()) FROM {schema}.leases"
    )

    assert not state.lease.covers(float(left))
    assert state.lease.covers(float(left) - 5)
