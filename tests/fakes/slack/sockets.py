"""Socket Mode: tickets, connections, frames, and how Slack ends connections."""

import json
from dataclasses import dataclass, field
from uuid import uuid4

from aiohttp import WSMessage, WSMsgType, web

from tests.fakes.slack.delivery import Attempt, Delivery
from tests.fakes.slack.limits import Refusal
from tests.fakes.slack.model import Json
from tests.fakes.slack.platform import Platform

CONNECTIONS = 10
WARNING_SECONDS = 10.0


@dataclass(slots=True, eq=False)
class Connection:
    """One open socket with everything that went over it."""

    number: int
    socket: web.WebSocketResponse
    request: web.Request
    sent: list[Json] = field(default_factory=list)
    received: list[Json] = field(default_factory=list)
    pings: int = 0
    pongs: int = 0

    async def send(self, frame: Json) -> None:
        """Send a frame; a socket that broke meanwhile loses it, as in life."""
        self.sent.append(frame)
        try:
            await self.socket.send_str(json.dumps(frame, ensure_ascii=False))
        except ConnectionError:
            self.sent.pop()

    def abort(self) -> None:
        """Break the connection without a word."""
        if self.request.transport is not None:
            self.request.transport.abort()


class Sockets:
    """The app's open sockets; each payload goes to one of them at random.

    `deaf` sockets read nothing and answer no ping, as behind a dead link; `refused`
    counts connections with an address that was used or has expired.
    """

    timeout_reason = "timeout"
    calm_seconds = 0.2  # an app that does not want a payload says nothing

    def __init__(self, platform: Platform) -> None:
        self.open: list[Connection] = []
        self.ever: list[Connection] = []
        self.deaf = False
        self.refused = 0
        self._platform = platform
        self._tickets: set[str] = set()

    def ticket_url(self, base: str) -> str:
        """Return an address that is good for one connection."""
        if not self._platform.app.socket_mode:
            raise Refusal("forbidden_team")
        ticket = str(uuid4())
        self._tickets.add(ticket)
        scheme, _, rest = base.partition("://")
        secure = "wss" if scheme == "https" else "ws"
        query = f"ticket={ticket}&app_id={self._platform.app.id}"
        return f"{secure}://{rest}/link/?{query}"

    def expire_tickets(self) -> None:
        """Forget the addresses that were given out and not used."""
        self._tickets.clear()

    async def carry(self, delivery: Delivery, attempt: Attempt, /) -> None:
        """Send an attempt over one open socket; without any it is lost."""
        if not self.open:
            return
        connection = self._platform.random.choice(self.open)
        attempt.connection = connection.number
        frame: Json = {
            "envelope_id": attempt.envelope_id,
            "type": delivery.kind,
            "payload": delivery.payload,
            "accepts_response_payload": delivery.kind != "events_api",
        }
        if delivery.kind == "events_api":
            frame |= {"retry_attempt": attempt.number, "retry_reason": attempt.reason}
        await connection.send(frame)

    async def disconnect(self, reason: str, *connections: Connection) -> None:
        """Announce an end: `warning`, `refresh_requested` or `link_disabled`.

        Slack closes ten seconds after a warning, and at once for the others.
        """
        ending = connections or tuple(self.open)
        if reason == "link_disabled":
            self._platform.app.socket_mode = False
        for connection in ending:
            await connection.send(_goodbye(reason))
        if reason == "warning":
            self._platform.clock.after(WARNING_SECONDS, lambda: self._close(*ending))
        else:
            await self._close(*ending)

    async def ping(self) -> None:
        """Ping the app over every socket; `pongs` counts what comes back."""
        for connection in self.open:
            await connection.socket.ping(b"slack-ping")

    def drop(self) -> None:
        """Break every connection without a word."""
        for connection in list(self.open):
            connection.abort()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket for as long as it lives."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            self.refused += 1
            self._platform.notify()
            return web.Response(status=403, text="invalid ticket")
        self._tickets.remove(ticket)
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        connection = Connection(len(self.ever) + 1, socket, request)
        self.ever.append(connection)
        if len(self.open) >= CONNECTIONS:
            await connection.send(_goodbye("too_many_websockets"))
            await socket.close()
            return socket
        self.open.append(connection)
        await connection.send(self._hello())
        self._platform.notify()
        try:
            await self._listen(connection)
        finally:
            self.open.remove(connection)
            self._platform.notify()
        return socket

    async def _listen(self, connection: Connection) -> None:
        async for message in connection.socket:
            if not self.deaf:
                await self._hear(connection, message)

    async def _hear(self, connection: Connection, message: WSMessage) -> None:
        if message.type is WSMsgType.PING:
            connection.pings += 1
            await connection.socket.pong(message.data)
        elif message.type is WSMsgType.PONG:
            connection.pongs += 1
            self._platform.notify()
        elif message.type is WSMsgType.TEXT:
            frame = json.loads(message.data)
            connection.received.append(frame)
            answer = frame.get("payload") or {}
            self._platform.courier.acknowledge(frame["envelope_id"], answer)

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.open),
            "connection_info": {"app_id": self._platform.app.id},
            "debug_info": {
                "host": "applink-fake",
                "build_number": 1,
                "approximate_connection_time": 18060,
            },
        }

    async def _close(self, *connections: Connection) -> None:
        for connection in connections:
            await connection.socket.close()


def _goodbye(reason: str) -> Json:
    return {
        "type": "disconnect",
        "reason": reason,
        "debug_info": {"host": "applink-fake"},
    }
