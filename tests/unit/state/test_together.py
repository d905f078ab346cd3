"""Changes that wait are written together, and none suffers from another."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text

from bot.core.errors import Conflict, Unavailable
from bot.state.together import MOST, PATIENCE, Change, Together

ENGINE = create_engine("sqlite://")


class Transactions:
    """Runs changes when a test lets it, and notes how many it was given at once."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.sizes: list[int] = []
        self.ends: list[float] = []
        self.fault: BaseException | None = None

    async def __call__(
        self, changes: Sequence[Change[Any]], /, *, by: float
    ) -> Sequence[Any]:
        self.sizes.append(len(changes))
        self.ends.append(by)
        await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        with ENGINE.begin() as connection:
            return [change(connection) for change in changes]


def saying(word: str) -> Change[str]:
    """Return a change that returns a word."""

    def change(connection: Connection) -> str:
        return str(connection.scalar(text("SELECT :word"), {"word": word}))

    return change


def failing(_: Connection) -> str:
    raise Conflict("誰かが先でした")


async def started(together: Together, *changes: Change[str]) -> list[asyncio.Task[str]]:
    """Have changes wait, the first of which is being written already."""
    tasks = []
    for change in changes:
        tasks.append(asyncio.ensure_future(together.make(change)))
        await asyncio.sleep(0)
    return tasks


async def test_what_waits_meanwhile_is_written_in_one_transaction() -> None:
    transactions = Transactions()
    words = [f"質問{n}" for n in range(20)]
    tasks = await started(Together(transactions), *map(saying, words))

    transactions.gate.set()

    assert [await task for task in tasks] == words
    assert transactions.sizes == [1, 19]


async def test_one_that_fails_fails_alone() -> None:
    transactions = Transactions()
    changes = [saying("一"), saying("二"), failing, saying("四")]
    tasks = await started(Together(transactions), *changes)

    transactions.gate.set()
    await asyncio.wait(tasks)

    assert [await tasks[n] for n in (0, 1, 3)] == ["一", "二", "四"]
    with pytest.raises(Conflict, match="誰かが先"):
        await tasks[2]
    assert transactions.sizes == [1, 3, 1, 1, 1]


async def test_a_database_that_is_away_is_not_asked_again_for_each() -> None:
    transactions = Transactions()
    tasks = await started(Together(transactions), *map(saying, "一二三四"))

    transactions.fault = Unavailable("the disk is full")
    transactions.gate.set()
    await asyncio.wait(tasks)

    assert transactions.sizes == [1, 3]
    for task in tasks:
        with pytest.raises(Unavailable, match="disk is full"):
            await task


async def test_nobody_waits_longer_for_having_come_first() -> None:
    """What is written together begins while the first of them still waits."""
    loop = asyncio.get_running_loop()
    transactions = Transactions()
    tasks = await started(Together(transactions), *map(saying, "一二三"))
    transactions.gate.set()
    await asyncio.wait(tasks)

    assert transactions.ends == sorted(transactions.ends)
    assert all(end <= loop.time() + PATIENCE for end in transactions.ends)


async def test_a_transaction_has_bounds() -> None:
    transactions = Transactions()
    tasks = await started(Together(transactions), *[saying("あ")] * (2 * MOST + 1))

    transactions.gate.set()
    await asyncio.wait(tasks)

    assert transactions.sizes == [1, MOST, MOST]


async def test_who_is_cancelled_leaves_nobody_waiting() -> None:
    """Neither by itself, nor while it writes for others."""
    transactions = Transactions()
    first, second, third = await started(Together(transactions), *map(saying, "一二三"))

    for one in (first, second):
        one.cancel()
        await asyncio.wait([one])
        await asyncio.sleep(0)
    transactions.gate.set()

    assert await third == "三"
    assert transactions.sizes == [1, 2]


async def test_nobody_waits_for_a_writer_that_was_cancelled() -> None:
    """As everything is when a loop ends: who waited is told, those behind too."""
    transactions = Transactions()
    together = Together(transactions)
    tasks = await started(together, *map(saying, "一二三"))

    for task in asyncio.all_tasks() - {asyncio.current_task(), *tasks}:
        task.cancel()
    async with asyncio.timeout(10):
        await asyncio.wait(tasks)

    for task in tasks:
        with pytest.raises(Unavailable, match="broken off"):
            await task
    transactions.gate.set()
    assert await together.make(saying("四")) == "四"


async def test_a_transaction_that_is_cancelled_is_told() -> None:
    transactions = Transactions()
    together = Together(transactions)
    transactions.fault = asyncio.CancelledError()
    transactions.gate.set()

    async with asyncio.timeout(10):
        with pytest.raises(Unavailable, match="broken off"):
            await together.make(saying("一"))
