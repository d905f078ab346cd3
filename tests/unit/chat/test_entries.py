"""A question at a terminal is a row of the inbox with one outcome, whatever happens."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.chat.entries import LEASE, Entries
from bot.core.errors import BotError, Unavailable
from bot.core.model import ConversationId, Language, Outcome
from bot.state.schema import questions
from bot.state.store import State, open_state
from tests.contracts.state_questions import a_turn, at
from tests.contracts.state_records import NOW

TALK = ConversationId("console:会話")
TEXT = "有給休暇は何日ですか？"


class Terminal:
    """Entries of one terminal, with a clock that is turned by hand."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.now = NOW
        self.pauses: list[float] = []
        self.woken = asyncio.Event()
        self.entries = Entries(
            questions=state.questions,
            upkeep=state.inbox_upkeep,
            clock=lambda: self.now,
            pause=self.pause,
        )

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await self.woken.wait()
        self.woken.clear()

    async def outcomes(self) -> list[str | None]:
        statement = select(questions.c.outcome).order_by(questions.c.number)
        async with self.state.line._database.reading() as connection:
            return list(await connection.scalars(statement))

    async def leased_until(self) -> datetime | None:
        async with self.state.line._database.reading() as connection:
            found: datetime | None = await connection.scalar(
                select(questions.c.leased_until)
            )
        return found


@pytest.fixture
async def terminal(tmp_path: Path) -> AsyncIterator[Terminal]:
    async with open_state(tmp_path, clock=lambda: NOW) as state:
        yield Terminal(state)


async def test_a_question_is_open_until_it_ends_as_it_was_said(
    terminal: Terminal,
) -> None:
    async with terminal.entries.entered(TEXT, Language.JA, TALK) as entry:
        assert await terminal.state.line.any()
        assert await terminal.outcomes() == [None]
        entry.outcome, entry.turn = Outcome.ANSWERED, a_turn(TEXT)

    assert await terminal.outcomes() == ["answered"]
    assert not await terminal.state.line.any()
    assert await terminal.state.conversations.turns(TALK, limit=9) == (a_turn(TEXT),)


async def test_an_error_ends_a_question_as_failed_and_comes_out_as_it_is(
    terminal: Terminal,
) -> None:
    with pytest.raises(BotError, match="壊れた"):
        async with terminal.entries.entered(TEXT, Language.JA, TALK):
            raise BotError("壊れた")

    assert await terminal.outcomes() == ["failed"]


async def test_ctrl_c_ends_a_question_as_cancelled(terminal: Terminal) -> None:
    begun = asyncio.Event()

    async def asking() -> None:
        async with terminal.entries.entered(TEXT, Language.JA, TALK):
            begun.set()
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(asking())
        await begun.wait()
        task.cancel()

    assert task.cancelled()
    assert await terminal.outcomes() == ["cancelled"]


async def test_a_long_answer_keeps_its_question(terminal: Terminal) -> None:
    async with terminal.entries.entered(TEXT, Language.JA, TALK) as entry:
        assert await terminal.leased_until() == NOW + LEASE
        terminal.now = at(25)
        while await terminal.leased_until() != at(25) + LEASE:
            terminal.woken.set()
        assert await terminal.state.inbox_upkeep.abandon(now=at(54)) == 0
        entry.outcome = Outcome.REFUSED

    assert await terminal.outcomes() == ["refused"]
    assert set(terminal.pauses) == {LEASE.total_seconds() / 3}


async def test_a_question_of_a_terminal_that_was_killed_has_failed(
    terminal: Terminal,
) -> None:
    """As soon as somebody asks again after its lease."""
    killed = terminal.entries.entered(TEXT, Language.JA, TALK)
    await killed.__aenter__()
    terminal.now += LEASE - timedelta(seconds=1)
    for ended in ([None, "refused"], ["failed", "refused", "refused"]):
        another = Terminal(terminal.state)
        another.now = terminal.now
        talk = ConversationId("console:他の会話")
        async with another.entries.entered("次", Language.JA, talk) as entry:
            entry.outcome = Outcome.REFUSED
        assert await terminal.outcomes() == ended
        terminal.now += timedelta(seconds=1)

    await killed.__aexit__(None, None, None)
    assert (await terminal.outcomes())[0] == "failed", "and it stays so"


async def test_what_the_inbox_cannot_take_is_answered_all_the_same(
    terminal: Terminal, tmp_path: Path
) -> None:
    engine = terminal.state.questions._database.engine
    async with engine.connect() as connection:
        await connection.exec_driver_sql("PRAGMA busy_timeout = 20")
    writer = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")

    async with terminal.entries.entered(TEXT, Language.JA, TALK) as entry:
        assert entry.question
        with pytest.raises(Unavailable):
            await terminal.state.threads.hush(TALK, now=NOW)

    writer.execute("ROLLBACK")
    writer.close()
    assert await terminal.outcomes() == []


async def test_an_answer_whose_end_cannot_be_stored_was_given_all_the_same(
    terminal: Terminal, tmp_path: Path
) -> None:
    async with terminal.entries.entered(TEXT, Language.JA, TALK) as entry:
        engine = terminal.state.questions._database.engine
        async with engine.connect() as connection:
            await connection.exec_driver_sql("PRAGMA busy_timeout = 20")
        writer = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        entry.outcome = Outcome.ANSWERED
    writer.execute("ROLLBACK")
    writer.close()

    assert await terminal.outcomes() == [None]
    assert await terminal.state.inbox_upkeep.abandon(now=NOW + LEASE) == 1
