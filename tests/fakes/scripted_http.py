"""An HTTP server that does exactly what a test tells it, faults above all."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Hang:
    """Say nothing more until the client gives up."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Break the connection."""


@dataclass(frozen=True, slots=True)
class Take:
    """Take that many seconds."""

    seconds: float


Step: TypeAlias = bytes | Hang | Cut | Take


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a client sent."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the server does: every `bytes` is one chunk on the wire."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    steps: Sequence[Step] = ()


Answering: TypeAlias = Reply | Callable[[Request], Reply | Awaitable[Reply]]


def json_reply(content: object, /, *, status: int = 200) -> Reply:
    """Answer with JSON."""
    return Reply(
        status=status,
        headers={"Content-Type": "application/json"},
        steps=[json.dumps(content).encode()],
    )


def ndjson_reply(*parts: object) -> Reply:
    """Stream objects as lines; steps between them are done in their place."""
    steps: list[Step] = [
        part
        if isinstance(part, bytes | Hang | Cut | Take)
        else json.dumps(part, ensure_ascii=False).encode() + b"\n"
        for part in parts
    ]
    return Reply(headers={"Content-Type": "application/x-ndjson"}, steps=steps)


class ScriptedHTTP:
    """Answers each path by its script, the last reply of one again and again.

    `requests` holds everything that came; `given_up` is set when a client leaves
    while the server hangs.
    """

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[Request] = []
        self.given_up = asyncio.Event()
        self._scripts: dict[str, list[Answering]] = {}

    def on(self, path: str, *replies: Answering) -> None:
        """Set what is answered on a path."""
        self._scripts[path] = list(replies)

    def sent_to(self, path: str) -> list[Request]:
        """Return the requests that came to a path."""
        return [request for request in self.requests if request.path == path]

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer one request, then close the connection."""
        try:
            request = await _read(reader)
            self.requests.append(request)
            await self._play(await self._reply(request), reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _reply(self, request: Request) -> Reply:
        script = self._scripts.get(request.path)
        if script is None:
            return Reply(status=404, steps=[b"404 page not found"])
        answering = script.pop(0) if len(script) > 1 else script[0]
        if isinstance(answering, Reply):
            return answering
        reply = answering(request)
        return reply if isinstance(reply, Reply) else await reply

    async def _play(
        self, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = [f"HTTP/1.1 {reply.status} Scripted", "Connection: close"]
        head += [f"{name}: {value}" for name, value in reply.headers.items()]
        head += ["Transfer-Encoding: chunked", "", ""]
        header = "\r\n".join(head).encode()
        for step in reply.steps:
            match step:
                case Hang():
                    await reader.read()
                    self.given_up.set()
                    return
                case Cut():
                    await writer.drain()
                    writer.transport.abort()
                    return
                case Take(seconds):
                    await asyncio.sleep(seconds)
                case bytes():
                    writer.write(b"%b%x\r\n%b\r\n" % (header, len(step), step))
                    header = b""
                    await writer.drain()
        writer.write(header + b"0\r\n\r\n")
        await writer.drain()


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ", 2)
    pairs = (line.partition(":") for line in head[1:] if line)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method=method, path=path, headers=headers, body=body)


@asynccontextmanager
async def serving() -> AsyncIterator[ScriptedHTTP]:
    """Run a server on a free port until the block is left."""
    scripted = ScriptedHTTP()
    conversations: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            conversations[task] = writer
        await scripted.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    scripted.url = f"http://{host}:{port}"
    try:
        yield scripted
    finally:
        server.close()
        for task, writer in conversations.items():
            task.cancel()
            writer.transport.abort()
        if conversations:
            await asyncio.wait(conversations)
        await asyncio.sleep(0)  # lets the transports close their sockets
