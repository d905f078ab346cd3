"""One OpenAI-compatible server, as a pool of connections that knows no models."""

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlsplit

from bot.backends.endpoint import Body, Endpoint, Reply, Timeouts
from bot.backends.openai import sse
from bot.backends.openai.dialect import OPENAI
from bot.core.errors import ConfigError

T = TypeVar("T", bound=Reply)

_CLOUDS = re.compile(
    r"(^|\.)(openai\.com|openai\.azure\.com|anthropic\.com|googleapis\.com|x\.ai|"
    r"mistral\.ai|groq\.com|together\.(xyz|ai)|fireworks\.ai|openrouter\.ai|"
    r"deepseek\.com|aliyuncs\.com|cohere\.(ai|com)|amazonaws\.com|ollama\.com|"
    r"api\.nvidia\.com|huggingface\.(co|cloud)|perplexity\.ai|cerebras\.ai)$"
)


class OpenAIHost:
    """Speaks JSON with one server that is compatible with OpenAI's.

    The address may end in `/v1` or not. Reads nothing from the environment, neither
    proxies nor `OPENAI_API_KEY`. Redirects are not followed. Raises `ConfigError`
    for an address or a CA file it cannot use, and for the best-known clouds unless
    `allow_cloud` is true.
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
            re.sub(r"/v1/?$", "", url.strip()),
            dialect=OPENAI,
            bearer=bearer,
            ca_file=ca_file,
            timeouts=timeouts,
        )
        self.url = self._endpoint.url
        self.timeouts = self._endpoint.timeouts
        self.allow_cloud = allow_cloud
        name = urlsplit(self.url).hostname or ""
        if _CLOUDS.search(name) and not allow_cloud:
            raise ConfigError(
                f"{name} is a cloud, and questions must not leave the team's network; "
                "configure a server of your own"
            )

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
        """Send a request and yield the answer event by event, as it comes.

        Has no time limit of its own. Closing it closes the connection, which
        makes the host stop.
        """
        async with (
            self._endpoint.answer(path, body) as chunks,
            aclosing(sse.payloads(chunks)) as found,
        ):
            async for payload in found:
                yield reply.model_validate_json(payload)
