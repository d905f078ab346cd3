"""Answers probes and shows metrics, on loopback unless set otherwise."""

import errno
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol

from aiohttp import web

from bot.core.errors import ConfigError

_METRICS = "text/plain; version=0.0.4; charset=utf-8"


class Status(Protocol):
    """What is asked of the process; every method returns at once."""

    def readiness(self) -> tuple[bool, Mapping[str, object]]:
        """Say whether people who ask are answered, and all there is to say of it."""

    def metrics(self) -> bytes:
        """Return the metrics in the text format of Prometheus."""


@asynccontextmanager
async def listening(host: str, port: int, status: Status, /) -> AsyncIterator[int]:
    """Answer on an address; yields the port, which for 0 is any that is free.

    Raises `ConfigError` for an address that cannot be had.
    """
    runner = web.AppRunner(_application(status), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise ConfigError(_unusable(host, port, error)) from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _unusable(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} of {host} is in use, perhaps by another `shirube serve`; "
            "set serve.port to a free one, or to 0 for any"
        )
    if error.errno == errno.EACCES:
        return f"port {port} of {host} is reserved; set serve.port above 1023"
    return f"{host}, set as serve.host, is no address of this machine"


def _application(status: Status) -> web.Application:
    application = web.Application(client_max_size=1024)
    for path, answer in (
        ("/healthz", _healthz),
        ("/readyz", _readyz(status)),
        ("/metrics", _metrics(status)),
    ):
        application.router.add_get(path, answer)
    return application


_Handler = Callable[[web.Request], Awaitable[web.Response]]


async def _healthz(_: web.Request) -> web.Response:
    # It looks at nothing: that it runs is what is asked. A loop that is blocked
    # answers nobody, and what we depend on does not get better by our restart.
    return _json({"alive": True})


def _readyz(status: Status) -> _Handler:
    async def readyz(_: web.Request) -> web.Response:
        ready, said = status.readiness()
        return _json(said, status=200 if ready else 503)

    return readyz


def _metrics(status: Status) -> _Handler:
    async def metrics(_: web.Request) -> web.Response:
        return web.Response(
            body=status.metrics(),
            headers={"Content-Type": _METRICS, "Cache-Control": "no-store"},
        )

    return metrics


def _json(said: Mapping[str, Any], *, status: int = 200) -> web.Response:
    return web.json_response(said, status=status, headers={"Cache-Control": "no-store"})
