"""The promises of `Lease`, as tests that every database passes.

A database subclasses `LeaseContract` and gives one fixture, `rivals`.
"""

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.core.errors import Conflict
from bot.core.ports import Lease

SECONDS = 1.5
"""How long a lease lasts here where it lasts a while only."""

HOLD = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from bot.state.store import open_state

async def main():
    async with open_state(
        Path(sys.argv[1]),
        clock=lambda: datetime.now(UTC),
        url=sys.argv[3] or None,
        lease_seconds=float(sys.argv[2]),
    ) as state:
        print(await state.lease.acquire(), flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rivals:
    """Two that want the same lease, and where it is."""

    one: Lease
    other: Lease
    folder: Path
    url: str | None = None

    @contextmanager
    def third(self) -> Iterator["subprocess.Popen[str]"]:
        """Another process that took the lease, with its state in another folder."""
        words = [str(self.folder), str(SECONDS), self.url or ""]
        with subprocess.Popen(
            [sys.executable, "-c", HOLD, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "True\n"
            try:
                yield process
            finally:
                process.kill()


class LeaseContract:
    """What every `Lease` does."""

    @pytest.fixture
    def rivals(self) -> Rivals:
        """Return two leases of the same name."""
        raise NotImplementedError

    async def test_one_has_it_and_the_other_does_not(self, rivals: Rivals) -> None:
        assert await rivals.one.acquire()

        assert not await rivals.other.acquire()
        assert await rivals.one.acquire()
        await rivals.one.renew()
        assert rivals.one.covers(SECONDS / 2)
        assert not rivals.other.covers(0)

    async def test_what_is_not_held_covers_nothing_and_is_not_renewed(
        self, rivals: Rivals
    ) -> None:
        assert not rivals.one.covers(0)
        with pytest.raises(Conflict):
            await rivals.one.renew()

    async def test_what_is_released_is_free_at_once(self, rivals: Rivals) -> None:
        assert await rivals.one.acquire()
        await rivals.one.release()
        await rivals.one.release()

        assert not rivals.one.covers(0)
        assert await rivals.other.acquire()
        with pytest.raises(Conflict):
            await rivals.one.renew()
        await rivals.one.release()
        await rivals.other.renew()

    async def test_who_lost_it_may_have_it_again(self, rivals: Rivals) -> None:
        assert await rivals.one.acquire()
        await rivals.one.release()
        assert await rivals.other.acquire()
        assert not await rivals.one.acquire()
        await rivals.other.release()

        assert await rivals.one.acquire()
        assert rivals.one.covers(0)

    async def test_what_was_asked_for_and_given_up_can_be_let_go(
        self, rivals: Rivals
    ) -> None:
        """Whoever gives up cannot know whether it got through."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0):
                await rivals.one.acquire()
        await rivals.one.release()

        assert await rivals.other.acquire()

    async def test_another_takes_over_from_a_process_that_was_killed(
        self, rivals: Rivals
    ) -> None:
        with rivals.third() as holder:
            assert not await rivals.one.acquire()
            holder.kill()
            holder.wait()
            killed = time.monotonic()
            while not await rivals.one.acquire():
                assert time.monotonic() < killed + 3 * SECONDS

        assert rivals.one.covers(0)
        assert not await rivals.other.acquire()
