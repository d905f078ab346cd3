"""What goes on beside the test, ended with the server."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Background:
    """Keeps what it started; a failure in it comes out when it is closed."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None], /) -> None:
        """Start something that goes on until it is done or the server ends."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or task.exception() is None:
            self._tasks.discard(task)

    async def close(self) -> None:
        """End everything and raise what failed."""
        started = set(self._tasks)
        for task in started:
            task.cancel()
        if started:
            await asyncio.wait(started)
        for task in started:
            if not task.cancelled() and (failure := task.exception()) is not None:
                raise failure
