"""Platforms are kept going, each by itself, and left in order."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from bot.core.errors import BotError, ConfigError, Unavailable
from bot.core.ports import Tenure
from bot.jobs import lag
from bot.jobs.leading import Term
from bot.jobs.platforms import LONGEST_PAUSE, Platforms
from tests.fakes.lease import MemoryLease, Row
from tests.fakes.timeline import Timeline


class Board:
    """A platform that ends when it is told how."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.started: list[float] = []
        self.ends: asyncio.Queue[BotError | None] = asyncio.Queue()
        self.open = asyncio.Event()
        self.open.set()
        self.said: Sequence[str] = ()
        self.time: Timeline | None = None

    async def run(self, tenure: Tenure, /) -> None:
        assert tenure.covers(1)
        assert self.time is not None
        self.started.append(self.time.now)
        if error := await self.ends.get():
            raise error

    async def drain(self) -> None:
        await self.open.wait()

    def troubles(self) -> Sequence[str]:
        return self.said


@asynccontextmanager
async def running(*boards: Board) -> AsyncIterator[tuple[Platforms, Timeline]]:
    time = Timeline()
    for board in boards:
        board.time = time
    platforms = Platforms(boards, pause=time.pause, clock=time.clock)
    lease = MemoryLease(Row(), seconds=1e9, clock=time.clock)
    await lease.acquire()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(platforms.run(Term(lease)))
        await time.settle()
        yield platforms, time
        task.cancel()


async def test_what_cannot_be_reached_is_tried_later_and_later_beside_the_others() -> (
    None
):
    slack, discord = Board("slack"), Board("discord")
    async with running(slack, discord) as (platforms, time):
        for _ in range(9):
            slack.ends.put_nowait(Unavailable("接続できません"))
        await time.elapse(0)
        assert list(platforms.troubles()) == ["slack: 接続できません"]
        await time.elapse(400)

        assert slack.started == [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]
        assert (discord.started, list(platforms.troubles())) == ([0], [])


async def test_who_says_when_to_come_again_is_left_alone_until_then() -> None:
    slack = Board("slack")
    async with running(slack) as (_, time):
        for seconds in (3, 1, 90):
            wanted = Unavailable("回数が多すぎます", retry_after=seconds)
            slack.ends.put_nowait(wanted)
        await time.elapse(100)

        assert slack.started == [0, 3, 5, 95]


async def test_after_it_ran_for_long_it_is_tried_again_soon() -> None:
    slack = Board("slack")
    async with running(slack) as (_, time):
        for _ in range(4):
            slack.ends.put_nowait(Unavailable("接続できません"))
        await time.elapse(LONGEST_PAUSE + 60)
        slack.ends.put_nowait(Unavailable("接続できません"))
        await time.elapse(1)

        assert slack.started == [0, 1, 3, 7, 15, 121]


async def test_one_that_ends_without_a_word_is_run_again() -> None:
    slack = Board("slack")
    async with running(slack) as (platforms, time):
        slack.ends.put_nowait(None)
        await time.elapse(0)
        assert list(platforms.troubles()) == ["slack: ended without being told to"]
        await time.elapse(1)

        assert slack.started == [0, 1]


async def test_what_somebody_must_set_right_ends_everything() -> None:
    slack, discord = Board("slack"), Board("discord")
    slack.ends.put_nowait(ConfigError("slack.bot_token was revoked"))
    with pytest.raises(ExceptionGroup) as raised:
        await _until_it_ends(slack, discord)

    assert raised.group_contains(ConfigError, match="revoked")


async def _until_it_ends(*boards: Board) -> None:
    async with running(*boards) as (_, time):
        await time.elapse(1)


async def test_a_platform_says_itself_what_is_wrong() -> None:
    slack = Board("slack")
    slack.said = ["no pong for 31 s"]
    async with running(slack) as (platforms, _):
        assert list(platforms.troubles()) == ["slack: no pong for 31 s"]


async def test_draining_waits_for_all_of_them_and_starts_none_again() -> None:
    slack, discord = Board("slack"), Board("discord")
    async with running(slack, discord) as (platforms, time):
        slack.open.clear()
        async with asyncio.TaskGroup() as group:
            draining = group.create_task(platforms.drain(60))
            discord.ends.put_nowait(Unavailable("接続が切れました"))
            await time.elapse(100)
            assert not draining.done()
            slack.open.set()

        assert (draining.result(), discord.started) == (True, [0])


async def test_draining_ends_in_time_whatever_is_open() -> None:
    slack = Board("slack")
    async with running(slack) as (platforms, _):
        slack.open.clear()

        assert not await platforms.drain(0.01)


async def test_a_loop_that_was_blocked_is_late() -> None:
    time, seen = Timeline(), list[float]()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(
            lag.measure(seen.append, clock=time.clock, pause=time.pause)
        )
        await time.elapse(1.2)
        time.now += 4
        await time.elapse(0)
        task.cancel()

    assert seen[:2] == [0, 0]
    assert seen[2] == pytest.approx(3.7)
