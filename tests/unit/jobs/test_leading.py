"""One process leads at a time, whatever happens to the others and to the database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.errors import Conflict
from bot.core.ports import Tenure
from bot.jobs.leading import Leadership, Role
from tests.fakes.lease import MemoryLease, Row
from tests.fakes.timeline import Frozen, Timeline

SECONDS = 30.0


@dataclass
class Process:
    """A process that serves: what it was let do, and when."""

    leadership: Leadership
    frozen: Frozen
    tenures: list[Tenure] = field(default_factory=list)
    ended: int = 0
    failing: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None

    async def work(self, tenure: Tenure) -> None:
        self.tenures.append(tenure)
        try:
            await self.failing.wait()
            raise OSError("板が壊れた")
        finally:
            self.ended += 1

    @property
    def leads(self) -> bool:
        return self.leadership.role is Role.LEADING

    @property
    def may_send(self) -> bool:
        return any(tenure.covers(0) for tenure in self.tenures)

    async def stopped(self) -> None:
        assert self.task is not None
        self.task.cancel()
        await asyncio.wait([self.task])


@dataclass
class Scene:
    """Processes that want the same lease."""

    time: Timeline
    row: Row
    processes: list[Process]


@asynccontextmanager
async def processes(number: int) -> AsyncIterator[Scene]:
    time, row = Timeline(), Row()
    scene = Scene(time, row, [])
    for _ in range(number):
        frozen = Frozen(time)
        lease = MemoryLease(row, seconds=SECONDS, clock=time.clock)
        leadership = Leadership(lease, seconds=SECONDS, pause=frozen.pause)
        process = Process(leadership, frozen)
        process.task = asyncio.get_running_loop().create_task(
            leadership.run(process.work)
        )
        scene.processes.append(process)
        await time.settle()
    try:
        yield scene
    finally:
        for process in scene.processes:
            process.frozen.go_on()
            await process.stopped()


async def test_the_first_leads_for_as_long_as_it_lives_and_the_second_stands_by() -> (
    None
):
    async with processes(2) as scene:
        one, other = scene.processes
        await scene.time.elapse(10 * SECONDS)

        assert (one.leads, len(one.tenures), one.ended) == (True, 1, 0)
        assert one.tenures[0].covers(SECONDS / 2)
        assert (other.leads, other.tenures) == (False, [])


async def test_the_second_takes_over_at_once_when_the_first_stops() -> None:
    async with processes(2) as scene:
        one, other = scene.processes
        await one.stopped()
        await scene.time.elapse(1)

        assert (one.ended, other.leads) == (1, True)


async def test_the_second_takes_over_when_the_lease_of_the_first_has_ended() -> None:
    async with processes(2) as scene:
        one, other = scene.processes
        one.frozen.stop()
        await scene.time.elapse(SECONDS - 1)
        assert not other.leads
        await scene.time.elapse(2)

        assert other.leads


async def test_a_process_that_was_stopped_sends_nothing_when_it_goes_on() -> None:
    """It learns of the time that passed at once, and of its rival soon."""
    async with processes(2) as scene:
        one, other = scene.processes
        one.frozen.stop()
        await scene.time.elapse(100)
        assert (one.leads, one.may_send, other.may_send) == (True, False, True)

        one.frozen.go_on()
        await scene.time.elapse(1)

        assert (one.leads, one.ended, other.leads) == (False, 1, True)
        await other.stopped()
        await scene.time.elapse(1)
        assert (one.leads, len(one.tenures)) == (True, 2)
        assert [tenure.covers(0) for tenure in one.tenures] == [False, True]


async def test_a_database_that_is_away_for_a_short_while_changes_nothing() -> None:
    async with processes(1) as scene:
        (one,) = scene.processes
        scene.row.away = True
        await scene.time.elapse(SECONDS * 2 / 3 - 1)
        assert one.leadership.problem == "db.example does not answer"
        scene.row.away = False
        await scene.time.elapse(2)

        assert (one.leads, one.ended) == (True, 0)
        assert one.leadership.problem is None
        await scene.time.elapse(SECONDS)
        assert one.may_send


async def test_it_steps_down_when_the_database_is_away_too_long_and_comes_back() -> (
    None
):
    async with processes(1) as scene:
        (one,) = scene.processes
        scene.row.away = True
        await scene.time.elapse(SECONDS - 1)
        assert (one.leads, one.tenures[0].covers(0.5)) == (True, True)
        assert not one.tenures[0].covers(5)
        await scene.time.elapse(2)
        assert (one.leads, one.ended, one.may_send) == (False, 1, False)
        assert one.leadership.problem == "db.example does not answer"

        await scene.time.elapse(10 * SECONDS)
        scene.row.away = False
        await scene.time.elapse(1)

        assert (one.leads, len(one.tenures), one.tenures[0].covers(0)) == (
            True,
            2,
            False,
        )


async def test_what_would_outlast_the_lease_is_not_sent() -> None:
    async with processes(1) as scene:
        (tenure,) = scene.processes[0].tenures
        async with tenure.sending(SECONDS / 2):
            sent = "届いた"
        with pytest.raises(Conflict):
            async with tenure.sending(SECONDS + 1):
                sent = "届かない"

        assert sent == "届いた"
        with pytest.raises(TimeoutError):
            async with tenure.sending(0.01):
                await asyncio.Event().wait()


async def test_an_error_of_the_work_ends_it_and_frees_the_lease() -> None:
    async with processes(2) as scene:
        one, other = scene.processes
        one.failing.set()
        assert one.task is not None
        with pytest.raises(ExceptionGroup) as raised:
            await one.task
        await scene.time.elapse(1)

        assert raised.group_contains(OSError)
        assert (one.may_send, other.leads) == (False, True)


async def test_who_is_retired_takes_no_lease_and_ends_what_it_leads_when_told() -> None:
    async with processes(2) as scene:
        one, other = scene.processes
        one.leadership.retire()
        other.leadership.retire()
        await scene.time.elapse(2)

        assert (one.leads, one.task and one.task.done()) == (True, False)
        assert (other.leads, other.task and other.task.done()) == (False, True)


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["stop", "go on", "away", "back", "pass"]),
        st.integers(0, 2),
        st.floats(0.1, 2 * SECONDS),
    ),
    max_size=25,
)


@settings(deadline=None, max_examples=60)
@given(EVENTS)
def test_two_never_have_the_right_to_send(events: list[tuple[str, int, float]]) -> None:
    """Whoever is stopped and goes on, and however long the database is away."""

    async def live() -> None:
        async with processes(3) as scene:
            for kind, who, seconds in events:
                _happen(scene, kind, who)
                await scene.time.elapse(seconds if kind == "pass" else 0.1)

                assert sum(each.may_send for each in scene.processes) <= 1
            scene.row.away = False
            for each in scene.processes:
                each.frozen.go_on()
            await scene.time.elapse(2 * SECONDS)

            assert sum(each.may_send for each in scene.processes) == 1

    asyncio.run(live())


def _happen(scene: Scene, kind: str, who: int) -> None:
    match kind:
        case "stop":
            scene.processes[who].frozen.stop()
        case "go on":
            scene.processes[who].frozen.go_on()
        case "away" | "back":
            scene.row.away = kind == "away"
