"""Connects a real Bolt app to the fake, and takes it apart without a trace."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from aiohttp import web
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient

from tests.fakes.slack.server import Slack


@asynccontextmanager
async def listening(
    slack: Slack,
    app: AsyncApp,
    *,
    connections: int = 1,
    ping_interval: float = 2,
    proxy: str | None = None,
) -> AsyncIterator[list[SocketModeClient]]:
    """Keep an app connected by sockets until the block is left."""
    async with AsyncExitStack() as stack:
        clients = []
        for _ in range(connections):
            handler: Any = AsyncSocketModeHandler(
                app, slack.app_token, ping_interval=ping_interval, proxy=proxy
            )
            stack.push_async_callback(_close, handler)
            await handler.connect_async()
            clients.append(handler.client)
        open_now = slack.sockets.open
        await slack.until(lambda: len(open_now) >= connections)
        yield clients


@asynccontextmanager
async def answering_http(app: AsyncApp) -> AsyncIterator[str]:
    """Serve an app's Request URL until the block is left; gives the URL."""
    runner = web.AppRunner(app.web_app("/slack/events"), shutdown_timeout=0.05)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        yield f"http://127.0.0.1:{port}/slack/events"
    finally:
        await runner.cleanup()


async def _close(handler: Any) -> None:
    """Close a handler; its tasks are cancelled by the SDK, but never awaited.

    The SDK leaves its methods untyped, hence the `Any`.
    """
    client = handler.client
    await handler.close_async()
    tasks = (
        client.message_processor,
        client.current_session_monitor,
        client.message_receiver,
    )
    await asyncio.wait([task for task in tasks if task is not None])
