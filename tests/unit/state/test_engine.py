"""Writes take turns, reads wait for nobody, and faults say what to do."""

import asyncio
import random
import sqlite3
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from bot.core.errors import ConfigError, ReadOnly, Unavailable
from bot.core.model import document_id
from bot.state.engine import SqliteDatabase
from bot.state.store import State, open_state
from tests.contracts.state_records import LEAVE, SOURCE, Desk, a_desk, a_state

NOW = datetime(2026, 4, 1, 2, 30, tzinfo=UTC)


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[State]:
    async with open_state(tmp_path, clock=lambda: NOW) as state:
        yield state


@pytest.fixture
async def desk(state: State) -> Desk:
    return await a_desk(state)


async def told(state: State, pragma: str) -> None:
    """Have every connection of the state database obey a pragma from now on."""
    engine = state.ledger._database.engine

    def obey(connection: Any, _record: object) -> None:
        connection.execute(f"PRAGMA {pragma}")

    await engine.dispose()
    event.listen(engine.sync_engine, "connect", obey)


async def pragma(state: State, name: str) -> Any:
    async with state.ledger._database.reading() as connection:
        return (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()


async def test_what_is_acknowledged_survives_a_power_cut(state: State) -> None:
    """As far as SQLite promises it: a log that is synced at every commit."""
    assert await pragma(state, "journal_mode") == "wal"
    assert await pragma(state, "synchronous") == 2
    assert await pragma(state, "foreign_keys") == 1
    assert await pragma(state, "busy_timeout") == 5000


async def test_a_full_disk_refuses_writes_and_answers_reads(
    state: State, desk: Desk
) -> None:
    await desk.publish(a_state())
    pages = await pragma(state, "page_count")
    await told(state, f"max_page_count = {pages + 4}")
    noise = random.Random(1).randbytes(200_000).hex()

    with pytest.raises(ReadOnly, match="no space left"):
        await desk.stage(a_state(text=noise))

    assert await desk.live() == 1
    await told(state, "max_page_count = 100000")
    assert await desk.publish(a_state(text=noise)) == [(LEAVE, 2)]


async def test_one_that_reads_does_not_wait_for_another_process_that_writes(
    desk: Desk, tmp_path: Path
) -> None:
    await desk.publish(a_state())
    writer = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE documents SET next_revision = 99")

    assert await desk.live() == 1

    writer.execute("ROLLBACK")
    writer.close()


async def test_a_database_that_stays_locked_is_unavailable(
    state: State, desk: Desk, tmp_path: Path
) -> None:
    await told(state, "busy_timeout = 20")
    writer = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")

    with pytest.raises(Unavailable, match="locked"):
        await desk.stage(a_state())

    writer.execute("ROLLBACK")
    writer.close()
    assert await desk.stage(a_state()) == 1


async def test_many_write_at_once_and_none_is_refused(desk: Desk) -> None:
    names = [document_id(SOURCE, f"頁{n}") for n in range(20)]

    async with asyncio.TaskGroup() as group:
        for name in names:
            group.create_task(desk.publish(a_state(name)))
            group.create_task(desk.live(name))

    assert [await desk.live(name) for name in names] == [1] * 20


async def test_a_cancelled_write_is_whole_or_not_there_and_blocks_nobody(
    state: State, desk: Desk
) -> None:
    """Cancelled after any number of steps; the next write goes through."""
    await told(state, "busy_timeout = 200")
    cancelled = []
    for steps in range(30):
        name = document_id(SOURCE, f"頁{steps}")
        task = asyncio.ensure_future(desk.stage(a_state(name)))
        for _ in range(steps):
            await asyncio.to_thread(int)
        task.cancel()
        await asyncio.wait([task])
        cancelled.append(task)  # what it was doing is still referred to

        known = await desk.known(name)
        assert known is None or known.staged == 1
        await desk.publish(a_state(name, text="次"))
        assert await desk.live(name) == (1 if known is None else 2)

    assert any(task.cancelled() for task in cancelled)


async def test_a_cancelled_read_blocks_nobody(desk: Desk) -> None:
    await desk.publish(a_state())
    for steps in range(20):
        task = asyncio.ensure_future(desk.live())
        for _ in range(steps):
            await asyncio.to_thread(int)
        task.cancel()
        await asyncio.wait([task])

    assert await desk.live() == 1
    assert await desk.stage(a_state(text="次")) == 2


async def test_a_file_is_closed_when_nobody_looks_at_it_any_more(
    tmp_path: Path,
) -> None:
    """Also at the second try: a cancelled one has left its thread at work."""
    database = SqliteDatabase(tmp_path / "状態.db")
    begun, ended = threading.Event(), threading.Event()

    def slowly(connection: Connection) -> Any:
        begun.set()
        ended.wait(5)
        return connection.exec_driver_sql("SELECT 1").scalar_one()

    async with asyncio.TaskGroup() as group:
        looking = group.create_task(database.look(slowly))
        await asyncio.to_thread(begun.wait, 5)
        looking.cancel()
        closing = group.create_task(database.close())
        ended.set()

    assert closing.done()
    assert await database.look(slowly) == 1
    await database.close()


async def test_who_looks_at_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    file = tmp_path / "状態.db"
    file.write_bytes(b"not a database" * 100)
    database = SqliteDatabase(file)

    with pytest.raises(ConfigError, match="is damaged"):
        await database.look(lambda connection: connection.exec_driver_sql("SELECT 1"))
    await database.close()


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "state.db").mkdir()

    with pytest.raises(ConfigError, match=r"state\.db cannot be opened"):
        async with open_state(tmp_path, clock=lambda: NOW):
            pass
