"""A TCP proxy that breaks connections the ways networks do."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

PIECE = 65_536


@dataclass(frozen=True, slots=True)
class Pass:
    """Let everything through."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Send RST as soon as somebody connects."""


@dataclass(frozen=True, slots=True)
class BlackHole:
    """Accept, read, and say nothing; what is under way stalls as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CutAfter:
    """Break with RST once that many bytes went through.

    Only what flows that way counts: `to_server` or back to the client.
    """

    size: int
    to_server: bool = False


@dataclass(frozen=True, slots=True)
class Delay:
    """Hold every piece back that many seconds, each way."""

    seconds: float


Fault: TypeAlias = Pass | Reset | BlackHole | CutAfter | Delay


@dataclass(slots=True, eq=False)
class Way:
    """One direction of a connection, and how many bytes went that way."""

    source: asyncio.StreamReader
    sink: asyncio.StreamWriter
    to_server: bool
    moved: int = 0


@dataclass(slots=True, eq=False)
class Link:
    """One connection through the proxy."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter | None = None

    def reset(self) -> None:
        """End both ends with RST."""
        for writer in (self.client, self.server):
            if writer is not None:
                _reset(writer)


class FaultyProxy:
    """Forwards to one address; `fault` is what it does now, `next` once.

    A fault applies to connections made after it was set, and `BlackHole` and
    `Delay` to those under way too.
    """

    def __init__(self, host: str, port: int) -> None:
        self.fault: Fault = Pass()
        self.host = "127.0.0.1"
        self.port = 0
        self.links: list[Link] = []
        self.connections = 0
        self._target = (host, port)
        self._next: list[Fault] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()

    @property
    def url(self) -> str:
        """The address to use instead of the server's."""
        return f"http://{self.host}:{self.port}"

    def next(self, *faults: Fault) -> None:
        """Let the next connections have these faults, one each."""
        self._next += faults

    def reset_all(self) -> None:
        """Break every connection with RST."""
        for link in list(self.links):
            link.reset()

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Carry one connection."""
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        self.connections += 1
        fault = self._next.pop(0) if self._next else None
        link = Link(writer)
        self.links.append(link)
        try:
            await self._carry(link, reader, fault)
        except OSError:
            link.reset()
        finally:
            self.links.remove(link)
            writer.close()
            if link.server is not None:
                link.server.close()

    async def _carry(
        self, link: Link, reader: asyncio.StreamReader, own: Fault | None
    ) -> None:
        if isinstance(own or self.fault, Reset):
            link.reset()
            return
        answers, link.server = await asyncio.open_connection(*self._target)
        there = Way(reader, link.server, to_server=True)
        back = Way(answers, link.client, to_server=False)
        async with asyncio.TaskGroup() as both:
            both.create_task(self._pump(link, there, own))
            both.create_task(self._pump(link, back, own))

    async def _pump(self, link: Link, way: Way, own: Fault | None) -> None:
        """Move bytes one way until either end is closed."""
        try:
            while piece := await way.source.read(PIECE):
                await self._move(way, piece, own or self.fault)
            if way.sink.can_write_eof():
                way.sink.write_eof()
        except (OSError, RuntimeError):
            link.reset()

    async def _move(self, way: Way, piece: bytes, fault: Fault) -> None:
        cut = False
        match fault:
            case BlackHole():
                return
            case Delay(seconds):
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._closing.wait(), seconds)
            case CutAfter(size=size, to_server=way.to_server):
                cut = way.moved + len(piece) > size
                piece = piece[: max(0, size - way.moved)] if cut else piece
        way.moved += len(piece)
        way.sink.write(piece)
        await way.sink.drain()
        if cut:
            raise ConnectionResetError

    async def close(self) -> None:
        """Break what is open and wait until it is gone."""
        self._closing.set()
        self.reset_all()
        if self._tasks:
            await asyncio.wait(self._tasks)


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST: linger for no time."""
    raw = writer.get_extra_info("socket")
    if raw is not None and not writer.transport.is_closing():
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def faulty_proxy(target: str, /) -> AsyncIterator[FaultyProxy]:
    """Run a proxy in front of `host:port` or the host of a URL."""
    parts = urlsplit(target if "//" in target else f"//{target}")
    proxy = FaultyProxy(parts.hostname or "127.0.0.1", parts.port or 80)
    server = await asyncio.start_server(proxy.serve, proxy.host, 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
        await asyncio.sleep(0)  # lets the transports close their sockets
