"""Runs a connector off the loop, one call at a time, on a thread of its own."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from typing import ParamSpec, TypeVar

from connectors.api import Connector, Document, Entry, Failed, Snapshot

SLICE = 200
"""Entries listed between two looks at the loop."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reader:
    """An open snapshot of a source."""

    snapshot: Snapshot
    _threads: ThreadPoolExecutor

    async def entries(self) -> AsyncIterator[list[Entry | Failed]]:
        """Yield the listing in slices; raises what the connector raises."""
        iterator = await self._call(lambda: iter(self.snapshot.entries()))
        while part := await self._call(_take, iterator):
            yield part

    async def fetch(self, entry: Entry, /) -> Document | Failed:
        """Fetch one entry."""
        return await self._call(self.snapshot.fetch, entry)

    async def checkpoint(self) -> str | None:
        """Return what the source wants to be given next time."""
        return await self._call(self.snapshot.checkpoint)

    async def _call(
        self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._threads, lambda: function(*args, **kwargs)
        )


@asynccontextmanager
async def reading(
    connector: Connector, checkpoint: str | None
) -> AsyncIterator[Reader]:
    """Open a snapshot; leaving, also by cancellation, stops and closes it."""
    stop = threading.Event()
    threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="connector")
    loop = asyncio.get_running_loop()
    opened: list[Snapshot] = []

    def enter() -> Snapshot:
        snapshot = connector.open(checkpoint, stop=stop).__enter__()
        opened.append(snapshot)
        return snapshot

    try:
        yield Reader(await loop.run_in_executor(threads, enter), threads)
    finally:
        # A thread cannot be cancelled: it is told to stop, then the snapshot is
        # closed behind whatever it was doing.
        stop.set()
        closing = loop.run_in_executor(threads, _leave, opened)
        try:
            await asyncio.shield(closing)
        finally:
            threads.shutdown(wait=False)


def _take(iterator: Iterator[Entry | Failed]) -> list[Entry | Failed]:
    return list(islice(iterator, SLICE))


def _leave(opened: list[Snapshot]) -> None:
    for snapshot in opened:
        snapshot.__exit__(None, None, None)
