"""Runs a connector off the loop, one call at a time, on a thread of its own."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import ParamSpec, TypeVar

import structlog

from bot.telemetry import CONNECTOR_BROKE
from connectors.api import Connector, Document, Entry, Failed, Snapshot
from connectors.errors import SourceError, SourceUnavailable

log = structlog.get_logger()

SLICE = 200
"""Entries listed between two looks at the loop."""

P = ParamSpec("P")
T = TypeVar("T")


class Broken(SourceUnavailable):
    """A connector raised what no connector may raise."""


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
        """Fetch one entry; one that breaks the connector is one that failed."""
        try:
            return await self._call(self.snapshot.fetch, entry)
        except Broken as error:
            return Failed(
                what=entry.title, reason="broken", detail=str(error), id=entry.id
            )

    async def checkpoint(self) -> str | None:
        """Return what the source wants to be given next time."""
        return await self._call(self.snapshot.checkpoint)

    async def _call(
        self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        loop = asyncio.get_running_loop()

        def call() -> T:
            with _keeping_rules():
                return function(*args, **kwargs)

        return await loop.run_in_executor(self._threads, call)


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
        with _keeping_rules():
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


@contextmanager
def _keeping_rules() -> Iterator[None]:
    """Have whatever a connector raises end no more than its own source."""
    try:
        yield
    except SourceError:
        raise
    except OSError as error:
        raise Broken(f"it cannot be read now: {error}") from error
    except Exception as error:
        log.warning(CONNECTOR_BROKE, exc_info=True)
        raise Broken(
            f"the connector broke over it ({type(error).__name__}: {error}); "
            "report what `shirube sync --verbose` says"
        ) from error


def _take(iterator: Iterator[Entry | Failed]) -> list[Entry | Failed]:
    return list(islice(iterator, SLICE))


def _leave(opened: list[Snapshot]) -> None:
    for snapshot in opened:
        snapshot.__exit__(None, None, None)
