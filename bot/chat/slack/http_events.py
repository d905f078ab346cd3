"""The other way from Slack: signed HTTP requests, for sites that want no sockets.

What cannot be from Slack is turned away before anything looks into it.
"""

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.core.errors import ConfigError

PATH: Final = "/slack/events"

LARGEST: Final = 1024 * 1024
"""Bytes of a request; Slack's are far smaller."""

_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")
_SIGNATURE: Final = re.compile(r"v0=[0-9a-f]{64}")


@asynccontextmanager
async def hearing(app: AsyncApp, host: str, port: int, /) -> AsyncIterator[int]:
    """Listen for Slack while the block runs; gives the port."""
    server = web.Application(client_max_size=LARGEST)
    server.router.add_post(PATH, _Door(app).enter)
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=3.0)
    await runner.setup()
    try:
        await _started(web.TCPSite(runner, host, port), f"{host}:{port}")
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


async def _started(site: web.TCPSite, address: str) -> None:
    try:
        await site.start()
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise ConfigError(
            f"Slack cannot be listened for on {address} ({reason}); "
            "set slack.host and slack.port to what is free here"
        ) from error


class _Door:
    """Lets in what has the shape of a signed request; Bolt looks at the signature."""

    def __init__(self, app: AsyncApp, /) -> None:
        self._app = app

    async def enter(self, request: web.Request) -> web.Response:
        stamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        # The SDK fails on headers that are no number or not ASCII.
        if not _TIMESTAMP.fullmatch(stamp) or not _SIGNATURE.fullmatch(signature):
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        try:
            body = (await request.read()).decode()
        except (web.RequestPayloadError, UnicodeDecodeError):
            return web.Response(status=HTTPStatus.BAD_REQUEST)
        answer = await self._app.async_dispatch(
            AsyncBoltRequest(
                body=body,
                query=request.query_string,
                headers=dict(request.headers),
            )
        )
        return await to_aiohttp_response(answer)
