"""One Ollama server, as a pool of connections that knows nothing of models."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from bot.backends import lines
from bot.backends.endpoint import Body, Endpoint, Reply, Timeouts
from bot.backends.ollama.dialect import OLLAMA

T = TypeVar("T", bound=Reply)


class OllamaHost:
    """Speaks JSON with one Ollama server.

    Reads nothing from the environment: neither proxies nor `OLLAMA_HOST` nor
    `OLLAMA_API_KEY`, which the `ollama` package sends to any host. Redirects are
    not followed. Raises `ConfigError` for an address or a CA file it cannot use.
    Models served from a cloud are refused unless `allow_cloud` is true.
    """

    def __init__(
        self,
        url: str,
        /,
        *,
        bearer: str | None = None,
        ca_file: Path | None = None,
        allow_cloud: bool = False,
        timeouts: Timeouts | None = None,
    ) -> None:
        self._endpoint = Endpoint(
            url, dialect=OLLAMA, bearer=bearer, ca_file=ca_file, timeouts=timeouts
        )
        self.url = self._endpoint.url
        self.timeouts = self._endpoint.timeouts
        self.allow_cloud = allow_cloud

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._endpoint.aclose()

    async def get(self, path: str, reply: type[T], /) -> T:
        """Ask for something that the host knows at once."""
        return await self._endpoint.get(path, reply)

    async def post(
        self, path: str, body: Body, reply: type[T], /, *, limit: float | None
    ) -> T:
        """Send a request and read the whole answer; no limit waits for ever."""
        return await self._endpoint.post(path, body, reply, limit=limit)

    async def stream(
        self, path: str, body: Body, reply: type[T], /
    ) -> AsyncGenerator[T, None]:
        """Send a request and yield the answer line by line, as it comes.

        Has no time limit of its own. Closing it closes the connection, which
        makes the host stop.
        """
        async with (
            self._endpoint.answer(path, body) as chunks,
            aclosing(lines.cut(chunks)) as found,
        ):
            async for line in found:
                yield reply.model_validate_json(line)
