"""Questions survive kills, and faults of the database are said in words."""

import asyncio
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from bot.core.errors import ReadOnly, Unavailable
from bot.core.inbox import Incoming
from bot.state.engine import SqliteDatabase
from bot.state.store import State, open_state
from bot.state.together import PATIENCE
from tests.contracts.state_feedback import a_judgement, ended
from tests.contracts.state_questions import (
    a_question,
    accepted,
    at,
    at_work,
    claimed,
    order,
    take,
)
from tests.contracts.state_records import NOW
from tests.fakes.answerer import STEPS, Platform, questions

ENGINES = ("sqlite", "postgres")


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest) -> str | None:
    """The address of an empty database on each engine; None is a file."""
    if request.param == "sqlite":
        return None
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[State]:
    async with open_state(tmp_path, clock=lambda: NOW) as state:
        yield state


def process(*words: str | None) -> list[str]:
    """Return the command of a process that answers."""
    given = [word for word in words if word is not None]
    return [sys.executable, "-m", "tests.fakes.answerer", *given]


async def obeying(state: State, pragma: str) -> None:
    """Have every connection obey a pragma from now on."""
    database = state.questions._database
    assert isinstance(database, SqliteDatabase)

    def obey(connection: Any, _record: object) -> None:
        connection.execute(f"PRAGMA {pragma}")

    await database.engine.dispose()
    for engine in (database.engine.sync_engine, database._changing.engine):
        engine.dispose()
        event.listen(engine, "connect", obey)


async def pages(state: State) -> int:
    async with state.questions._database.reading() as connection:
        found = await connection.exec_driver_sql("PRAGMA page_count")
        return int(found.scalar_one())


# --- kills -------------------------------------------------------------------


async def test_a_kill_between_any_two_steps_loses_nothing_and_says_nothing_twice(
    tmp_path: Path, url: str | None
) -> None:
    """Accepted, acknowledged, claimed, staged, shown, noted, finished."""
    asked = questions(2, 3)
    async with open_state(tmp_path, clock=lambda: NOW, url=url):
        pass

    ran = await asyncio.to_thread(
        subprocess.run,
        process("kill", str(tmp_path), url),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) > STEPS
    platform = Platform(tmp_path)
    shown = [line.split()[0] for line in platform.lines("screen")]
    assert sorted(shown) == sorted(str(each.origin.message) for each in asked)
    async with open_state(tmp_path, clock=lambda: NOW, url=url) as state:
        assert not await state.line.any()
        for thread in {each.conversation for each in asked}:
            turns = await state.conversations.turns(thread, limit=9)
            said = [turn.answer.split()[0] for turn in turns]
            assert said == in_order(asked, thread)
            assert said == [name for name in shown if name in said]


def in_order(asked: list[Incoming], thread: str) -> list[str]:
    rows = sorted(asked, key=lambda each: each.asked_at)
    return [str(each.origin.message) for each in rows if each.conversation == thread]


async def test_two_processes_that_answer_at_once_answer_each_question_once(
    tmp_path: Path, url: str | None
) -> None:
    asked = questions(12, 3)
    async with open_state(tmp_path, clock=lambda: NOW, url=url) as state:
        await accepted(state, *asked)

        said = await asyncio.to_thread(raced, tmp_path, url)

        answered = [line.split() for lines in said for line in lines]
        assert sorted(name for name, _ in answered) == sorted(
            str(each.origin.message) for each in asked
        )
        assert {attempt for _, attempt in answered} == {"1"}
        for lines in said:
            for thread in {each.conversation for each in asked}:
                mine = [line.split()[0] for line in lines]
                wanted = in_order(asked, thread)
                assert [n for n in mine if n in wanted] == [
                    n for n in wanted if n in mine
                ]


def raced(folder: Path, url: str | None) -> list[list[str]]:
    """Return what two processes said that answered at the same time."""
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    process("race", str(folder), worker, url),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for worker in ("甲", "乙")
        ]
        for each in processes:
            assert each.stdout is not None
            assert each.stdout.readline() == "ready\n"
        for each in processes:
            assert each.stdin is not None
            each.stdin.write("go\n")
            each.stdin.flush()
        return [each.communicate(timeout=60)[0].splitlines() for each in processes]


# --- faults ------------------------------------------------------------------


async def test_a_question_that_finds_the_disk_full_was_not_accepted(
    state: State,
) -> None:
    """So nobody acknowledges it; once there is space again it is taken."""
    await accepted(state, a_question("前"))
    await obeying(state, f"max_page_count = {await pages(state) + 4}")
    long = a_question(text=random.Random(1).randbytes(100_000).hex(), asked=1)

    with pytest.raises(ReadOnly, match="no space left"):
        await state.questions.accept(long, now=NOW)

    assert await state.questions.find(long.origin) is None
    assert await state.line.any(), "it can still be read"
    for _ in range(2):
        with pytest.raises(ReadOnly, match="no space left"):
            await state.writing.require()
    await obeying(state, "max_page_count = 100000")
    await state.writing.require()
    assert await take(state) is None, "nothing is left of what was tried"
    assert (await state.questions.accept(long, now=NOW)).new
    assert await order(state) == ["前", "1712.1"]


async def test_an_answer_that_finds_the_disk_full_is_finished_later(
    state: State,
) -> None:
    claim = await at_work(state)
    await obeying(state, f"max_page_count = {await pages(state) + 4}")
    long = random.Random(1).randbytes(100_000).hex()

    with pytest.raises(ReadOnly, match="no space left"):
        await state.questions.stage(claim, long)

    await obeying(state, "max_page_count = 100000")
    await state.questions.stage(claim, long)
    again = await claimed(state, now=60)
    assert again is not None
    assert again.staged == long


async def test_row_18_a_locked_database_accepts_nothing_and_says_so(
    state: State, tmp_path: Path
) -> None:
    """Before a platform gives up on the ack, however many wait."""
    claim = await at_work(state)
    writer = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    asked = [a_question(f"後{n}", thread=f"{n}", asked=n) for n in range(10)]

    begun = time.monotonic()
    tries = [
        asyncio.ensure_future(state.questions.accept(each, now=NOW)) for each in asked
    ]
    with pytest.raises(Unavailable, match="locked"):
        await state.questions.posted(claim, "ts1")
    assert await state.line.any(), "who reads waits for nobody"
    await asyncio.wait(tries)
    waited = time.monotonic() - begun

    for trying in tries:
        with pytest.raises(Unavailable, match="locked"):
            trying.result()
    assert waited < 2 * PATIENCE
    writer.execute("ROLLBACK")
    writer.close()
    await state.questions.posted(claim, "ts1")
    for each in asked:
        assert (await state.questions.accept(each, now=NOW)).new


async def test_no_question_waits_behind_a_thumb_or_what_is_forgotten(
    state: State, tmp_path: Path
) -> None:
    """All that a process writes that serves gives up before an ack is due."""
    question = await ended(state, a_question("前", thread="前"))
    writer = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")

    begun = time.monotonic()
    others = [
        asyncio.ensure_future(state.feedback.record(a_judgement(question))),
        asyncio.ensure_future(state.inbox_upkeep.purge(before=at(60))),
    ]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="locked"):
        await state.questions.accept(a_question(), now=NOW)
    await asyncio.wait(others)
    waited = time.monotonic() - begun

    assert waited < 2 * PATIENCE
    for each in others:
        with pytest.raises(Unavailable, match="locked"):
            each.result()
    writer.execute("ROLLBACK")
    writer.close()
    assert await state.feedback.record(a_judgement(question))
    assert await state.inbox_upkeep.purge(before=at(60)) == 1


async def test_a_moment_in_which_nobody_writes_is_not_missed(
    state: State, tmp_path: Path
) -> None:
    """SQLite itself waits for so long between two looks that it would be."""
    enough = threading.Event()
    writing = asyncio.to_thread(write_for_ever, tmp_path / "state.db", enough)
    async with asyncio.TaskGroup() as group:
        group.create_task(writing)
        try:
            for n in range(5):
                assert (await state.questions.accept(a_question(f"{n}"), now=NOW)).new
        finally:
            enough.set()


def write_for_ever(file: Path, ended: threading.Event) -> None:
    """Write one transaction after the other, with moments in between."""
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        while not ended.is_set():
            writer.execute("BEGIN IMMEDIATE")
            ended.wait(0.2)
            writer.execute("ROLLBACK")
            ended.wait(0.01)


async def test_a_cancelled_accept_is_whole_or_not_there(state: State) -> None:
    """Cancelled after any number of steps; what is delivered again is one question."""
    for steps in range(20):
        question = a_question(f"{steps}", thread=f"{steps}")
        task = asyncio.ensure_future(state.questions.accept(question, now=NOW))
        for _ in range(steps):
            await asyncio.to_thread(int)
        task.cancel()
        await asyncio.wait([task])
        known = await state.questions.find(question.origin)
        again = await state.questions.accept(question, now=NOW)
        assert again.new == (known is None)

    assert len(await order(state)) == 20


async def test_open_questions_are_found_by_an_index_however_many_have_ended(
    state: State,
) -> None:
    """A sync looks before each batch of texts."""
    statements: list[tuple[str, Any]] = []
    database = state.line._database
    assert isinstance(database, SqliteDatabase)

    @event.listens_for(database._looking.engine, "before_cursor_execute")
    def note(_c: Any, _u: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        statements.append((statement, parameters))

    await state.line.any()

    [(asked, values)] = [each for each in statements if each[0].startswith("SELECT")]
    async with state.line._database.reading() as connection:
        plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", values)
        assert "USING INDEX ix_questions_open" in str(plan.all())
