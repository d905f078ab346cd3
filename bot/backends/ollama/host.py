"""One Ollama server, as a pool of connections that knows nothing of models."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import httpx
from pydantic import ValidationError

from bot.backends import lines
from bot.backends.ollama.errors import Refusal, error_of, refusal_text
from bot.backends.ollama.wire import Reply
from bot.core.errors import ConfigError, Unavailable

Body = Mapping[str, object]
T = TypeVar("T", bound=Reply)

_PORT = 11434
_LARGEST_REFUSAL = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long a host may take, in seconds.

    `first_token` holds for a model that is loaded, `loading` for one that is not:
    a host whose caller hangs up gives up loading, and would never become warm.
    """

    connect: float = 3.0
    write: float = 10.0
    ask: float = 5.0
    first_token: float = 30.0
    loading: float = 300.0
    between_tokens: float = 20.0
    answer: float = 180.0
    embed: float = 60.0


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
        self.url = _address(url)
        self.allow_cloud = allow_cloud
        self.timeouts = timeouts or Timeouts()
        self._client = httpx.AsyncClient(
            base_url=self.url,
            headers={"Authorization": f"Bearer {bearer}"} if bearer else None,
            verify=_trust(self.url, ca_file),
            timeout=httpx.Timeout(
                None, connect=self.timeouts.connect, write=self.timeouts.write
            ),
            follow_redirects=False,
            trust_env=False,
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
        await self._client.aclose()

    async def get(self, path: str, reply: type[T], /) -> T:
        """Ask for something that the host knows at once."""
        return await self._ask("GET", path, None, reply, limit=self.timeouts.ask)

    async def post(
        self, path: str, body: Body, reply: type[T], /, *, limit: float | None
    ) -> T:
        """Send a request and read the whole answer; no limit waits for ever."""
        return await self._ask("POST", path, body, reply, limit=limit)

    async def stream(
        self, path: str, body: Body, reply: type[T], /
    ) -> AsyncGenerator[T, None]:
        """Send a request and yield the answer line by line, as it comes.

        Has no time limit of its own. Closing it closes the connection, which
        makes the host stop.
        """
        async with (
            self._response("POST", path, body) as response,
            aclosing(lines.cut(response.aiter_bytes())) as found,
        ):
            async for line in found:
                yield reply.model_validate_json(line)

    async def _ask(
        self,
        method: str,
        path: str,
        body: Body | None,
        reply: type[T],
        *,
        limit: float | None,
    ) -> T:
        try:
            async with asyncio.timeout(limit):
                async with self._response(method, path, body) as response:
                    return reply.model_validate_json(await response.aread())
        except TimeoutError as error:
            raise Unavailable(
                f"Ollama at {self.url} did not answer {path} within {limit} s"
            ) from error

    @asynccontextmanager
    async def _response(
        self, method: str, path: str, body: Body | None
    ) -> AsyncIterator[httpx.Response]:
        with self._mapped(path):
            async with self._client.stream(method, path, json=body) as response:
                if response.status_code != httpx.codes.OK:
                    raise error_of(await self._refusal(response, body))
                yield response

    async def _refusal(self, response: httpx.Response, body: Body | None) -> Refusal:
        received = b""
        async for chunk in response.aiter_bytes():
            received += chunk
            if len(received) > _LARGEST_REFUSAL:
                break
        model = None if body is None else body.get("model")
        return Refusal(
            url=self.url,
            status=response.status_code,
            text=refusal_text(received.decode(errors="replace")),
            model=model if isinstance(model, str) else None,
            retry_after=_seconds(response.headers.get("Retry-After")),
        )

    @contextmanager
    def _mapped(self, path: str) -> Iterator[None]:
        try:
            yield
        except httpx.ConnectError as error:
            raise self._unreachable(error) from error
        except httpx.TimeoutException as error:
            raise Unavailable(f"Ollama at {self.url} does not answer") from error
        except httpx.HTTPError as error:
            raise Unavailable(
                f"Ollama at {self.url} broke off while answering {path}: {error}"
            ) from error
        except (ValidationError, ValueError) as error:
            raise Unavailable(
                f"what answers at {self.url}{path} does not speak as Ollama does; "
                "check the address and any proxy in between"
            ) from error

    def _unreachable(self, error: httpx.ConnectError) -> ConfigError | Unavailable:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return ConfigError(
                f"the certificate of {self.url} is not trusted ({error}); "
                "configure the CA file that signed it"
            )
        return Unavailable(f"no Ollama answers at {self.url} ({error}); is it running?")


def _address(url: str) -> str:
    text = url.strip()
    bare = "://" not in text
    try:
        address = httpx.URL(f"http://{text}" if bare else text)
    except httpx.InvalidURL as error:
        raise ConfigError(f"{url!r} is not the address of a server: {error}") from error
    if address.scheme not in {"http", "https"} or not address.host:
        raise ConfigError(
            f"{url!r} is not the address of a server; "
            f"write it like http://gpu.example:{_PORT}"
        )
    if address.userinfo:
        raise ConfigError("an Ollama address carries no password; use the bearer token")
    if bare and address.port is None:
        address = address.copy_with(port=_PORT)
    return str(address).rstrip("/")


def _trust(url: str, ca_file: Path | None) -> ssl.SSLContext | bool:
    if not url.startswith("https:"):
        return False
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # a file that is no certificate raises SSLError, one too
        raise ConfigError(f"cannot read the CA file {ca_file}: {error}") from error


def _seconds(header: str | None) -> float | None:
    return float(header) if header and header.isdigit() else None
