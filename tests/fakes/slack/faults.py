"""What goes wrong when a test says so: refusals, 5xx, cuts, waits."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from aiohttp import web


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail:
    """Answer with an HTTP status and do nothing."""

    status: int
    retry_after: int | None = None
    body: str = "<html>upstream connect error</html>"


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer `ok: false` with this error and do nothing."""

    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Break the connection, before or after doing what was asked."""

    after_processing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Wait for the test; `held` is set once a call waits, `release` lets it go on."""

    after_processing: bool
    held: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def release(self) -> None:
        """Let the call go on."""
        self.released.set()

    async def wait(self) -> None:
        """Tell that a call waits here, and wait."""
        self.held.set()
        await self.released.wait()


Fault: TypeAlias = Fail | Refuse | Cut | Hold

CUT_BEFORE = Cut(after_processing=False)
CUT_AFTER = Cut(after_processing=True)


class Faults:
    """Which call goes wrong how: `next` for the next calls, `always` until cleared.

    The method `*` stands for every method; `response_url` and `files` are the two
    addresses beside the Web API.
    """

    def __init__(self) -> None:
        self._next: dict[str, list[Fault]] = defaultdict(list)
        self._always: dict[str, Fault] = {}

    def next(self, method: str, *faults: Fault) -> None:
        """Let the next calls of a method go wrong, one fault a call."""
        self._next[method] += faults

    def always(self, method: str, fault: Fault) -> None:
        """Let every call of a method go wrong until `clear`."""
        self._always[method] = fault

    def hold(self, method: str, *, after_processing: bool = False) -> Hold:
        """Let the next call of a method wait until the test releases it."""
        hold = Hold(after_processing=after_processing)
        self.next(method, hold)
        return hold

    def clear(self) -> None:
        """Let everything go well again."""
        self._next.clear()
        self._always.clear()

    def take(self, method: str) -> Fault | None:
        """Return what goes wrong with this call."""
        for name in (method, "*"):
            if self._next[name]:
                return self._next[name].pop(0)
            if name in self._always:
                return self._always[name]
        return None


async def suffer(
    fault: Fault | None,
    request: web.Request,
    work: Callable[[], Awaitable[web.StreamResponse]],
) -> web.StreamResponse:
    """Do what was asked for, as far as the fault lets it come through."""
    match fault:
        case Fail():
            return _failed(fault)
        case Cut(after_processing=False):
            return _cut(request)
        case Hold(after_processing=False):
            await fault.wait()
    answer = await work()
    match fault:
        case Cut():
            return _cut(request)
        case Hold(after_processing=True):
            await fault.wait()
    return answer


def _failed(fault: Fail) -> web.Response:
    if fault.status == 429:
        return web.json_response(
            {"ok": False, "error": "ratelimited"},
            status=429,
            headers={"Retry-After": str(fault.retry_after or 1)},
        )
    return web.Response(status=fault.status, text=fault.body, content_type="text/html")


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def fail(status: int, /) -> Fail:
    """A server error in HTML, as proxies and overloaded servers write it."""
    return Fail(status=status)


def ratelimited(retry_after: int = 1, /) -> Fail:
    """The 429 of a tier that is used up."""
    return Fail(status=429, retry_after=retry_after)
