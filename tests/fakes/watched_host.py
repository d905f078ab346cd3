"""A model host in front of a real one, that says when what was embedded.

It can hold requests to embed until a test lets them go.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from tests.fakes.scripted_http import Reply, Request, ScriptedHTTP, serving

PASSED_ON = ("/api/version", "/api/tags", "/api/show", "/api/ps", "/api/status")


@dataclass(slots=True, kw_only=True)
class Embedding:
    """One request to embed; `ended` is infinite while it is under way."""

    texts: list[str]
    begun: float
    ended: float = float("inf")

    def has(self, text: str) -> bool:
        """Say whether a text has this in it."""
        return any(text in each for each in self.texts)

    def meets(self, other: "Embedding") -> bool:
        """Say whether both were under way at some moment."""
        return self.begun < other.ended and other.begun < self.ended


class WatchedHost:
    """Requests to embed, in the order in which they came."""

    def __init__(self, scripted: ScriptedHTTP, upstream: httpx.AsyncClient) -> None:
        self.url = scripted.url
        self.embeddings: list[Embedding] = []
        self._upstream = upstream
        self._came = asyncio.Condition()
        self._held: dict[str, asyncio.Event] = {}
        for path in PASSED_ON:
            scripted.on(path, self._passed_on)
        scripted.on("/api/embed", self._embedded)

    def hold(self, text: str, /) -> None:
        """Hold requests to embed a text with this in it."""
        self._held[text] = asyncio.Event()

    def release(self, text: str, /) -> None:
        """Let go what is held because of this, and hold no more."""
        self._held.pop(text).set()

    async def next(self, text: str, /, *, after: int = 0) -> Embedding:
        """Return the next embedding of a text with this in it, once it has come."""
        async with self._came:
            while True:
                for embedding in self.embeddings[after:]:
                    if embedding.has(text):
                        return embedding
                await self._came.wait()

    async def _embedded(self, request: Request) -> Reply:
        texts = request.json["input"]
        embedding = Embedding(
            texts=[texts] if isinstance(texts, str) else texts,
            begun=time.perf_counter(),
        )
        async with self._came:
            self.embeddings.append(embedding)
            self._came.notify_all()
        for text, released in list(self._held.items()):
            if embedding.has(text):
                await released.wait()
        try:
            return await self._passed_on(request)
        finally:
            embedding.ended = time.perf_counter()

    async def _passed_on(self, request: Request) -> Reply:
        answer = await self._upstream.request(
            request.method, request.path, content=request.body
        )
        return Reply(
            status=answer.status_code,
            headers={"Content-Type": answer.headers["Content-Type"]},
            steps=[answer.content],
        )


@asynccontextmanager
async def watching(url: str, /) -> AsyncIterator[WatchedHost]:
    """Stand in front of the server at an address until the block is left."""
    async with (
        serving() as scripted,
        httpx.AsyncClient(base_url=url, timeout=120, trust_env=False) as upstream,
    ):
        yield WatchedHost(scripted, upstream)
