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
        self._tasks.add(asyncio.ensure_future(work))

    async def close(self) -> None:
        """End everything and raise what failed."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for task in self._tasks:
            if not task.cancelled() and (failure := task.exception()) is not None:
                raise failure
