"""Whether people are answered is known at any moment, whatever hangs."""

import asyncio

from structlog.testing import capture_logs

from bot.core.errors import Unavailable
from bot.ops.check import Finding, Level
from bot.ops.readiness import EVERY, Readiness, summary
from tests.fakes.timeline import Timeline

FINE = Finding(level=Level.OK, text="読めます")


class Part:
    """Something that may be away, or hang."""

    def __init__(self) -> None:
        self.looks = 0
        self.error: Exception | None = None
        self.answers = asyncio.Event()
        self.answers.set()

    async def look(self) -> Finding:
        self.looks += 1
        await self.answers.wait()
        if self.error:
            raise self.error
        return FINE


async def test_a_part_is_looked_at_every_few_seconds_and_its_error_is_told() -> None:
    time, part = Timeline(), Part()
    readiness = Readiness(pause=time.pause)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(readiness.watch({"state": part.look}))
        await time.elapse(EVERY * 3 - 1)
        assert (part.looks, readiness.parts["state"]) == (3, FINE)
        part.error = Unavailable("db.example は応答しません")
        await time.elapse(EVERY)
        assert readiness.parts["state"].text == "db.example は応答しません"
        part.error = None
        await time.elapse(EVERY)
        task.cancel()

    assert readiness.parts["state"] == FINE


async def test_a_mistake_in_a_look_ends_nothing_and_is_logged_once() -> None:
    time, part = Timeline(), Part()
    readiness = Readiness(pause=time.pause)
    part.error = LookupError("想定外")
    with capture_logs() as lines:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(readiness.watch({"index": part.look}))
            await time.elapse(EVERY * 3 - 1)
            assert readiness.parts["index"].level is Level.ERROR
            part.error = None
            await time.elapse(EVERY)
            task.cancel()

    assert readiness.parts["index"] == FINE
    events = [line["event"] for line in lines]
    assert events == ["serve.look_broke", "serve.part", "serve.part"]


async def test_a_part_that_hangs_is_told_in_time_and_delays_no_other() -> None:
    """Not even when it does not want to be given up."""
    time, part, other = Timeline(), Part(), Part()
    readiness = Readiness(patience=0.05, pause=time.pause)
    given_up = asyncio.Event()

    async def stubborn() -> Finding:
        try:
            return await part.look()
        except asyncio.CancelledError:
            given_up.set()
            await part.answers.wait()
            return FINE

    part.answers.clear()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(
            readiness.watch({"index": stubborn, "state": other.look})
        )
        await given_up.wait()
        assert readiness.parts["index"].level is Level.ERROR
        await time.elapse(EVERY)
        assert (part.looks, other.looks) == (1, 2)
        part.answers.set()
        await time.elapse(EVERY)
        assert readiness.parts["index"] == FINE
        task.cancel()

    assert part.looks == 2


def test_warnings_leave_it_ready_and_errors_are_its_reasons() -> None:
    late = Finding(level=Level.WARNING, text="引用だけで答えます")
    away = Finding(level=Level.ERROR, text="待機中です")

    ready, said = summary({"state": FINE, "model": late}, role="leading")
    assert (ready, said["ready"], said["reasons"]) == (True, True, [])
    ready, said = summary({"state": FINE, "lease": away}, role="standby")
    assert (ready, said["role"]) == (False, "standby")
    assert said["reasons"] == ["lease: 待機中です"]
