"""The way to Slack that needs none back: Socket Mode, over two connections.

Each is replaced by itself and before it ends, so that one is always there.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, TypeAlias

import aiohttp
import structlog
from aiohttp import ClientSession, ClientWebSocketResponse, ClientWSTimeout, WSMsgType
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.slack.refusals import FAILURES, meaning_of
from bot.core.errors import Unavailable
from bot.telemetry import SLACK_AWAY, SLACK_CONNECTED

log = structlog.get_logger()

Dispatch: TypeAlias = Callable[[SocketModeRequest], Awaitable[BoltResponse]]
Pause: TypeAlias = Callable[[float], Awaitable[None]]

CONNECTIONS: Final = 2
PING: Final = 10.0
"""Seconds between two pings; after four without a pong a connection is dead."""

SILENT: Final = 60.0
"""Seconds without a pong that people should not have to wait through."""

AT_ONCE: Final = 200
"""Deliveries that are worked on at once; what is beyond waits in the sockets."""

_CONNECT: Final = 10.0
_LINGER: Final = 10.0
"""Seconds a connection is listened to after Slack said that it ends."""

_FIRST: Final = 1.0
_LONGEST: Final = 30.0
_BROKEN: Final = (aiohttp.ClientError, ConnectionError, TimeoutError)


@dataclass(slots=True, eq=False, kw_only=True)
class _Connection:
    socket: ClientWebSocketResponse
    begun: float
    seen: float
    leaving: asyncio.Event = field(default_factory=asyncio.Event)


class Sockets:
    """Hears what Slack delivers; acknowledges what was taken, and nothing else."""

    def __init__(
        self,
        client: AsyncWebClient,
        app_token: str,
        dispatch: Dispatch,
        /,
        *,
        ping: float = PING,
        clock: Callable[[], float] = time.monotonic,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._client = client
        self._app_token = app_token
        self._dispatch = dispatch
        self._ping = ping
        self._clock = clock
        self._pause = pause
        self._open: list[_Connection] = []
        self._room = asyncio.Semaphore(AT_ONCE)
        self._busy = 0
        self._idle = asyncio.Event()
        self._closing = False
        self._problem = "it has not been connected yet"

    async def run(self) -> None:
        """Keep the connections until `close`, or until cancelled."""
        async with ClientSession() as session, asyncio.TaskGroup() as group:
            for _ in range(CONNECTIONS):
                group.create_task(self._keep(session, group))

    async def close(self) -> None:
        """Take nothing new, acknowledge what was taken, and hang up."""
        self._closing = True
        while self._busy:
            self._idle.clear()
            await self._idle.wait()
        for connection in list(self._open):
            connection.leaving.set()
            await _closed(connection)

    def trouble(self) -> str | None:
        """Say why nothing can be heard, if nothing can."""
        if not self._open:
            return f"no connection: {self._problem}"
        age = self._clock() - max(connection.seen for connection in self._open)
        return f"silent for {age:.0f} s" if age > SILENT else None

    # --- connections ---------------------------------------------------------------

    async def _keep(self, session: ClientSession, group: asyncio.TaskGroup) -> None:
        """Have one connection; another one is there before it ends, where possible."""
        wait = _FIRST
        while not self._closing:
            try:
                connection = await self._connected(session)
            except Unavailable as error:
                self._problem = str(error)
                log.warning(SLACK_AWAY, error=str(error), again_in=wait)
                await self._pause(max(wait, error.retry_after or 0.0))
                wait = min(2 * wait, _LONGEST)
                continue
            group.create_task(self._serve(connection, group))
            await connection.leaving.wait()
            if self._clock() - connection.begun < _LONGEST:
                await self._pause(wait)
                wait = min(2 * wait, _LONGEST)
            else:
                wait = _FIRST

    async def _connected(self, session: ClientSession) -> _Connection:
        """Connect once; an address is good for one attempt only."""
        url = await self._address()
        try:
            async with asyncio.timeout(_CONNECT):
                socket = await session.ws_connect(
                    url,
                    autoping=False,
                    proxy=self._client.proxy,
                    ssl=self._client.ssl or True,
                    timeout=ClientWSTimeout(ws_close=2.0),
                )
        except _BROKEN as error:
            raise Unavailable(str(meaning_of(error))) from error
        now = self._clock()
        connection = _Connection(socket=socket, begun=now, seen=now)
        self._open.append(connection)
        log.info(SLACK_CONNECTED, connections=len(self._open))
        return connection

    async def _address(self) -> str:
        try:
            answer = await self._client.apps_connections_open(app_token=self._app_token)
        except FAILURES as error:
            meant = meaning_of(error)
            if isinstance(meant, Unavailable):
                raise meant from error
            raise Unavailable(f"Slack gives no connection: {meant.code}") from error
        return str(answer["url"])

    async def _serve(self, connection: _Connection, group: asyncio.TaskGroup) -> None:
        """Listen until the connection ends, by whomever."""
        ending = group.create_task(self._end(connection))
        pinging = group.create_task(self._check(connection))
        try:
            with contextlib.suppress(*_BROKEN):
                await self._listen(connection, group)
        finally:
            ending.cancel()
            pinging.cancel()
            self._open.remove(connection)
            connection.leaving.set()
            await _closed(connection)

    async def _end(self, connection: _Connection) -> None:
        await connection.leaving.wait()
        await self._pause(_LINGER)
        await _closed(connection)

    async def _check(self, connection: _Connection) -> None:
        """Ping, and leave a connection from which no pong comes any more."""
        with contextlib.suppress(*_BROKEN):
            while self._clock() - connection.seen < 4 * self._ping:
                await connection.socket.ping(b"shirube")
                await self._pause(self._ping)
        self._problem = "the connection went dead"
        connection.leaving.set()
        await _closed(connection)

    # --- frames ----------------------------------------------------------------------

    async def _listen(self, connection: _Connection, group: asyncio.TaskGroup) -> None:
        async for message in connection.socket:
            match message.type:
                case WSMsgType.TEXT:
                    await self._frame(connection, message.data, group)
                case WSMsgType.PING:
                    await connection.socket.pong(message.data)
                case WSMsgType.PONG:
                    connection.seen = self._clock()
                case _:
                    return

    async def _frame(
        self, connection: _Connection, text: str, group: asyncio.TaskGroup
    ) -> None:
        frame = _read(text)
        if frame.get("type") == "disconnect":
            self._problem = f"Slack ended it: {frame.get('reason')}"
            connection.leaving.set()
        request = SocketModeRequest.from_dict(frame)
        if request is None or self._closing:
            return
        await self._room.acquire()
        self._busy += 1
        group.create_task(self._hear(connection, request))

    async def _hear(self, connection: _Connection, request: SocketModeRequest) -> None:
        try:
            response = await self._dispatch(request)
            if response.status == HTTPStatus.OK:
                await self._acknowledge(connection, _acknowledged(request, response))
        finally:
            self._busy -= 1
            self._room.release()
            self._idle.set()

    async def _acknowledge(self, connection: _Connection, frame: str) -> None:
        """Send it where the delivery came from, or over what has replaced that."""
        for way in (connection, *self._open):
            if not way.socket.closed:
                with contextlib.suppress(*_BROKEN):
                    await way.socket.send_str(frame)
                    return


def _read(text: str) -> dict[str, Any]:
    try:
        frame = json.loads(text)
    except ValueError:
        return {}
    return frame if isinstance(frame, dict) else {}


def _acknowledged(request: SocketModeRequest, response: BoltResponse) -> str:
    """Return the frame of an ack, with what is to be shown by it."""
    frame: dict[str, Any] = {"envelope_id": request.envelope_id}
    if response.body:
        shown = _read(response.body)
        frame["payload"] = shown or {"text": response.body}
    return json.dumps(frame)


async def _closed(connection: _Connection) -> None:
    with contextlib.suppress(*_BROKEN):
        await connection.socket.close()
