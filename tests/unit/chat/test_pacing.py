"""Calls that share a budget keep it together, and what must come through does."""

import asyncio

from bot.chat.pacing import Pace


class Time:
    """Time that passes when somebody waits."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    async def pause(self, seconds: float) -> None:
        until = self.now + seconds
        await asyncio.sleep(0)
        self.now = max(self.now, until)


async def test_what_may_be_left_out_is_when_it_is_not_its_time() -> None:
    time = Time()
    pace = Pace(every=1.2, clock=time)

    assert pace.ready()
    assert not pace.ready()
    time.now += 1.1
    assert not pace.ready()
    time.now += 0.2
    assert pace.ready()


async def test_whoever_waits_for_a_turn_gets_one_of_their_own() -> None:
    time = Time()
    pace = Pace(every=1.2, clock=time, pause=time.pause)
    turns: list[float] = []

    async def call() -> None:
        await pace.turn()
        turns.append(round(time.now, 1))

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(call())

    assert turns == [100.0, 101.2, 102.4, 103.6]


async def test_nothing_goes_before_those_who_wait() -> None:
    time = Time()
    pace = Pace(every=1.2, clock=time, pause=time.pause)
    await pace.turn()
    waiting = asyncio.ensure_future(pace.turn())
    await asyncio.sleep(0)

    time.now += 1.2
    assert not pace.ready()
    await waiting
    time.now += 1.2
    assert pace.ready()


async def test_a_platform_that_asks_for_a_pause_gets_it() -> None:
    time = Time()
    pace = Pace(every=1.2, clock=time, pause=time.pause)

    pace.hold(30)

    time.now += 29
    assert not pace.ready()
    await pace.turn()
    assert time.now == 130.0
