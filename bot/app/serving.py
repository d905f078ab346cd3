"""`shirube serve`: one process, one loop, and platforms while it has the lease."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Final, TypeAlias

import structlog

from bot.app.libraries import loaded
from bot.app.looks import count, looks
from bot.app.opening import opened
from bot.app.running import App
from bot.core.errors import Unavailable
from bot.core.ports import Platform, Tenure
from bot.jobs import lag
from bot.jobs.leading import Leadership, Role
from bot.jobs.platforms import Platforms
from bot.jobs.upkeep import Upkeep
from bot.ops.check import Finding, Level
from bot.ops.http import listening
from bot.ops.readiness import Readiness, summary, works
from bot.settings import Settings
from bot.state.store import LEASE_SECONDS
from bot.telemetry import DRAINED, LISTENING, STOPPED, STOPPING, WAITING
from bot.telemetry.metrics import Metrics

log = structlog.get_logger()

Plug: TypeAlias = Callable[[App, Metrics], Platform]
"""Makes a platform; it is run by whichever process has the lease."""

DRAIN_SECONDS: Final = 20.0
"""How long questions that were taken may still take; what follows is quick."""

LONGEST_WAIT: Final = 4.0
"""Seconds at most between two attempts to open what is away at the start."""

_NOBODY_ASKS = (
    "no chat platform is set up: nobody can ask here; `shirube ask` and `shirube chat` "
    "answer in a terminal"
)
_STANDBY = "standby: another process answers, and this one takes over when that ends"


async def serve(
    settings: Settings,
    stop: asyncio.Event,
    /,
    *,
    plugs: Sequence[Plug] = (),
    lease_seconds: float = LEASE_SECONDS,
) -> None:
    """Serve until `stop`, then let what was taken be finished.

    What is away at the start is waited for. Raises `ConfigError` where somebody has
    to change a setting, also later, and whatever else went wrong beyond repair.
    """
    serving = Serving(settings, plugs=plugs, lease_seconds=lease_seconds)
    await serving.run(stop)


class Serving:
    """The process, as it is asked how it does."""

    def __init__(
        self, settings: Settings, /, *, plugs: Sequence[Plug], lease_seconds: float
    ) -> None:
        self._settings = settings
        self._plugs = plugs
        self._lease_seconds = lease_seconds
        self._metrics = Metrics()
        self._readiness = Readiness()
        self._leadership: Leadership | None = None
        self._platforms = Platforms(())
        self._stopping = False
        self._opening = "everything is being opened"

    async def run(self, stop: asyncio.Event) -> None:
        """Answer probes from the first moment to the last, and serve in between."""
        place = self._settings.serve
        async with listening(place.host, place.port, self) as port:
            log.info(LISTENING, host=place.host, port=port)
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._work()),
                    group.create_task(lag.measure(self._metrics.loop_lag)),
                ]
                await stop.wait()
                await self._drain()
                for task in tasks:
                    task.cancel()
        log.info(STOPPED)

    def readiness(self) -> tuple[bool, Mapping[str, object]]:
        """Say whether people who ask are answered by this process, and why not."""
        return summary(dict(self._parts()), role=self._role())

    def metrics(self) -> bytes:
        """Return the metrics as they are now."""
        parts = dict(self._parts())
        self._metrics.standing(
            leading=self._leading(),
            parts={name: works(finding) for name, finding in parts.items()},
        )
        return self._metrics.exposition()

    async def _work(self) -> None:
        async with AsyncExitStack() as stack:
            await loaded(self._settings.index.backend)
            app = await self._opened(stack)
            self._platforms = Platforms([p(app, self._metrics) for p in self._plugs])
            self._leadership = Leadership(app.state.lease, seconds=self._lease_seconds)
            if not self._platforms:
                self._readiness.tell("platform", _warning(_NOBODY_ASKS))
            async with asyncio.TaskGroup() as group:
                group.create_task(app.warm_up())
                group.create_task(app.watch())
                group.create_task(count(app, self._metrics))
                group.create_task(self._readiness.watch(looks(app, self._metrics)))
                await self._leadership.run(partial(self._lead, app))

    async def _lead(self, app: App, tenure: Tenure) -> None:
        """Do what one process does at a time: answer, and keep the inbox tidy."""
        upkeep = Upkeep(
            app.state.inbox_upkeep,
            keep=self._settings.retention.texts,
            clock=app.clock,
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(upkeep.run())
            await self._platforms.run(tenure)

    async def _opened(self, stack: AsyncExitStack) -> App:
        """Open everything, however long the state database is away."""
        wait = 1.0
        while True:
            try:
                return await stack.enter_async_context(
                    opened(
                        self._settings,
                        lease_seconds=self._lease_seconds,
                        orphans=self._metrics.orphans,
                    )
                )
            except Unavailable as error:
                self._opening = f"waits: {error}"
                log.warning(WAITING, error=str(error), again_in=wait)
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    async def _drain(self) -> None:
        log.info(STOPPING, role=self._role())
        self._stopping = True
        if self._leadership is None:
            return
        self._leadership.retire()
        if self._leading():
            finished = await self._platforms.drain(DRAIN_SECONDS)
            log.info(DRAINED, finished=finished)

    def _leading(self) -> bool:
        return self._leadership is not None and self._leadership.role is Role.LEADING

    def _role(self) -> str:
        if self._stopping:
            return "stopping"
        return self._leadership.role if self._leadership else "starting"

    def _parts(self) -> Iterator[tuple[str, Finding]]:
        yield from self._readiness.parts.items()
        if self._stopping:
            yield "process", _error("stops, and takes no more questions")
        if self._leadership is None:
            yield "process", _error(self._opening)
            return
        problem = self._leadership.problem
        if not self._leading():
            yield "lease", _error(problem or _STANDBY)
            return
        yield "lease", _warning(problem) if problem else _ok("this process answers")
        if self._platforms:
            troubles = "; ".join(self._platforms.troubles())
            yield "platform", _error(troubles) if troubles else _ok("all are connected")


def _ok(text: str) -> Finding:
    return Finding(level=Level.OK, text=text)


def _error(text: str) -> Finding:
    return Finding(level=Level.ERROR, text=text)


def _warning(text: str) -> Finding:
    return Finding(level=Level.WARNING, text=text)
