"""A forward proxy as offices have them: CONNECT for tunnels, and plain requests."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

PIECE = 65_536
NAMES = ".test"
"""Names that the proxy alone can look up: what goes around it reaches nothing."""

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class ConnectProxy:
    """Carries tunnels and requests, and keeps which addresses were asked for.

    `tunnels` are the targets of CONNECT, `requests` the URLs of plain requests. With
    a `password` everybody has to say who they are; `refused` counts who did not.
    """

    def __init__(self, user: str, password: str) -> None:
        self.port = 0
        self.tunnels: list[str] = []
        self.requests: list[str] = []
        self.refused = 0
        self.broken = False
        self._login = f"{user}:{password}" if password else ""
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """The proxy's address, with the login if it wants one."""
        login = f"{self._login}@" if self._login else ""
        return f"http://{login}127.0.0.1:{self.port}"

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Serve one client."""
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        self._writers.add(writer)
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ", 2)
        if self.broken:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
        elif not self._known(lines):
            self.refused += 1
            writer.write(
                b"HTTP/1.1 407 Proxy Authentication Required\r\n"
                b'Proxy-Authenticate: Basic realm="office"\r\n'
                b"Content-Length: 0\r\n\r\n"
            )
        elif method == "CONNECT":
            await self._tunnel(target, (reader, writer))
        else:
            await self._forward(target, lines, (reader, writer))
        await writer.drain()

    def _known(self, lines: list[str]) -> bool:
        if not self._login:
            return True
        wanted = base64.b64encode(self._login.encode()).decode()
        return any(
            line.lower().startswith("proxy-authorization:") and line.endswith(wanted)
            for line in lines
        )

    async def _tunnel(self, target: str, client: Ends) -> None:
        self.tunnels.append(target)
        host, _, port = target.rpartition(":")
        server = await self._connect(host, int(port))
        client[1].write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await _join(client, server)

    async def _forward(self, target: str, lines: list[str], client: Ends) -> None:
        self.requests.append(target)
        parts = urlsplit(target)
        server = await self._connect(parts.hostname or "", parts.port or 80)
        path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        first = lines[0].replace(target, path, 1)
        kept = [line for line in lines[1:] if not line.lower().startswith("proxy-auth")]
        server[1].write("\r\n".join([first, *kept]).encode("latin-1"))
        await _join(client, server)

    async def _connect(self, host: str, port: int) -> Ends:
        here = "127.0.0.1" if host.endswith(NAMES) else host
        server = await asyncio.open_connection(here, port)
        self._writers.add(server[1])
        return server

    async def close(self) -> None:
        """Break what is open and wait until it is gone."""
        for writer in self._writers:
            writer.transport.abort()
        if self._tasks:
            await asyncio.wait(self._tasks)


async def _join(one: Ends, other: Ends) -> None:
    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(_pump(one[0], other[1]))
            both.create_task(_pump(other[0], one[1]))
    finally:
        other[1].close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while piece := await source.read(PIECE):
            sink.write(piece)
            await sink.drain()
    except ConnectionError:
        pass
    sink.close()


@asynccontextmanager
async def connect_proxy(
    *, user: str = "", password: str = ""
) -> AsyncIterator[ConnectProxy]:
    """Run a proxy on a free port until the block is left."""
    proxy = ConnectProxy(user, password)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
        await asyncio.sleep(0)  # lets the transports close their sockets
