"""What was said is forgotten in time, whoever asked it where."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.core.errors import Unavailable
from bot.core.inbox import QuestionId
from bot.core.model import Outcome
from bot.core.ports import InboxUpkeep
from bot.jobs.upkeep import AGAIN, EVERY, Upkeep
from bot.state.retention import SqlInboxUpkeep
from bot.state.store import State, open_state
from tests.contracts.state_feedback import ended
from tests.contracts.state_questions import a_question, accepted, at
from tests.contracts.state_records import NOW

KEEP = timedelta(hours=2)


class Rounds:
    """An upkeep that goes on when it is told to, and the time it sees."""

    def __init__(self, inbox: InboxUpkeep) -> None:
        self.now = NOW
        self.pauses: list[float] = []
        self._paused = asyncio.Event()
        self._go = asyncio.Event()
        self.upkeep = Upkeep(
            inbox, keep=KEEP, clock=lambda: self.now, pause=self._pause
        )

    async def done(self) -> None:
        """Wait for the end of the round."""
        await self._paused.wait()

    async def at(self, moment: datetime) -> None:
        """Have another round at this time."""
        self.now = moment
        self._paused.clear()
        self._go.set()
        await self.done()

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self._go.clear()
        self._paused.set()
        await self._go.wait()


class Away(SqlInboxUpkeep):
    """The upkeep of a database that does not answer the first time."""

    asked = 0

    async def purge(self, *, before: datetime) -> int:
        """Fail once."""
        self.asked += 1
        if self.asked == 1:
            raise Unavailable("状態データベースが応答しません")
        return await super().purge(before=before)


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[State]:
    async with open_state(tmp_path, clock=lambda: NOW) as state:
        yield state


@asynccontextmanager
async def running(inbox: InboxUpkeep) -> AsyncIterator[Rounds]:
    rounds = Rounds(inbox)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(rounds.upkeep.run())
        await rounds.done()
        yield rounds
        task.cancel()


async def said(state: State, question: QuestionId) -> str:
    found = await state.threads.incoming(question)
    assert found is not None
    return found.text


async def test_what_was_said_is_forgotten_once_it_is_old_enough(state: State) -> None:
    old = await ended(state, a_question("古い"))
    new = await ended(state, a_question("新しい", asked=1), seconds=1)
    async with running(state.inbox_upkeep) as rounds:
        await rounds.at(NOW + KEEP)
        assert await said(state, old), "not before its time"
        await rounds.at(NOW + KEEP + timedelta(seconds=1))
        assert not await said(state, old)
        assert await said(state, new)
        await rounds.at(NOW + KEEP + timedelta(seconds=2))

        assert not await said(state, new)
        assert set(rounds.pauses) == {EVERY}


async def test_the_first_round_is_at_once(state: State) -> None:
    """What became too old while nobody served is gone when somebody does."""
    question = a_question(asked=-9000, expires_at=at(60))
    old = await ended(state, question, seconds=-8000)
    async with running(state.inbox_upkeep):
        assert not await said(state, old)


async def test_what_nobody_can_show_an_answer_to_has_failed(state: State) -> None:
    gone = a_question(fleeting=True)
    await accepted(state, gone)
    async with running(state.inbox_upkeep) as rounds:
        assert await state.line.any()
        await rounds.at(NOW + timedelta(hours=1))

    assert not await state.line.any()
    waiting = await accepted(state, gone)
    assert not await state.questions.end(waiting[0], Outcome.CANCELLED, now=NOW)


async def test_a_database_that_is_away_is_asked_again_soon(state: State) -> None:
    old = await ended(state, a_question())
    async with running(Away(state.inbox_upkeep._database)) as rounds:
        late = NOW + KEEP + timedelta(seconds=1)
        assert await said(state, old)
        await rounds.at(late)

        assert not await said(state, old)
        assert rounds.pauses == [AGAIN, EVERY]
