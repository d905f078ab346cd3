"""The page and what is behind it, on loopback only."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from aiohttp import web

from tests.fakes.slack import Slack
from tests.fakes.slack.limits import Refusal
from tests.fakes.slack.play.hands import act
from tests.fakes.slack.play.screen import screen, visible
from tests.fakes.slack.speaking import NotPossible

FILES: Final = Path(__file__).parent / "page"
HOST: Final = "127.0.0.1"

AT_LEAST_EVERY: Final = 5.0
"""Seconds after which the page looks again: a status line ends without a sign."""

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Page:
    """Serves the page, tells it of changes, and does what people do on it."""

    def __init__(self, slack: Slack, /) -> None:
        self._slack = slack

    def application(self) -> web.Application:
        """Return what answers to a browser."""
        application = web.Application(middlewares=[guarded])
        application.add_routes(
            [
                web.get("/", self._index),
                web.get("/screen", self._screen),
                web.get("/changes", self._changes),
                web.post("/act", self._act),
                web.static("/page", FILES),
            ]
        )
        return application

    async def _index(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(FILES / "index.html")

    async def _screen(self, request: web.Request) -> web.Response:
        """Say what somebody sees; who is not in a conversation sees none of it."""
        asked = request.query
        try:
            me = self._slack.workspace.user(asked.get("who", "tanaka"))
        except LookupError as error:
            return web.json_response({"error": str(error)}, status=404)
        inside = {channel.id: channel for channel in visible(self._slack, me)}
        where = inside.get(asked.get("where", ""))
        shown = screen(self._slack, me, where, asked.get("thread"))
        return web.json_response(shown)

    async def _act(self, request: web.Request) -> web.Response:
        wish = await request.json()
        try:
            await act(self._slack, wish)
        except (NotPossible, Refusal) as error:
            return web.json_response({"error": str(error)}, status=409)
        return web.json_response({})

    async def _changes(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        with (
            self._slack.platform.watching() as changed,
            suppress(ConnectionResetError),
        ):
            while True:
                changed.clear()
                await response.write(b"data: changed\n\n")
                with suppress(TimeoutError):
                    async with asyncio.timeout(AT_LEAST_EVERY):
                        await changed.wait()
        return response


@web.middleware
async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Serve only who asks for this machine by its name, and no other site's page."""
    name = request.host.rpartition(":")[0] or request.host
    if name not in {HOST, "localhost"}:
        raise web.HTTPForbidden(text="this page is for this machine only")
    if request.method == "POST" and request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="say it in JSON")
    return await handler(request)


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)


@asynccontextmanager
async def page(slack: Slack, /, *, port: int = 0) -> AsyncIterator[str]:
    """Serve the page while the block runs; gives its address."""
    application = Page(slack).application()
    application.on_response_prepare.append(_add_headers)
    runner = web.AppRunner(application, shutdown_timeout=0.05, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
        yield f"http://{HOST}:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()
