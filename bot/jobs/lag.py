"""Measures how late the event loop is, which is how long something blocked it."""

import asyncio
import time
from collections.abc import Callable

import structlog

from bot.jobs.leading import Pause
from bot.telemetry import LOOP_BLOCKED

log = structlog.get_logger()

EVERY = 0.5
"""Seconds between two measurements."""

LONG = 1.0
"""Seconds that are worth a line in the log: chat platforms take three for dead."""


async def measure(
    observe: Callable[[float], None],
    /,
    *,
    clock: Callable[[], float] = time.monotonic,
    pause: Pause = asyncio.sleep,
) -> None:
    """Pass on for ever by how many seconds the loop is late."""
    while True:
        begun = clock()
        await pause(EVERY)
        late = max(0.0, clock() - begun - EVERY)
        observe(late)
        if late > LONG:
            log.warning(LOOP_BLOCKED, seconds=round(late, 1))
