"""One address of a model host, as a pool of connections that knows no models."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.backends.refusals import Dialect, Refusal, error_of, refusal_text
from bot.core.errors import ConfigError, Unavailable

Body = Mapping[str, object]

_LARGEST_REFUSAL = 64 * 1024

_SPARE = httpx.Limits(keepalive_expiry=1.0)
"""Servers close idle connections without a word, some after five seconds."""


class Reply(BaseModel):
    """Text from outside; whatever we do not read is left out."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())


T = TypeVar("T", bound=Reply)


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


class Endpoint:
    """Speaks JSON with one server, and its refusals are errors of the house.

    Reads nothing from the environment, neither proxies nor keys. Redirects are
    not followed. Raises `ConfigError` for an address, a
    bearer token or a CA file it cannot use.
    """

    def __init__(
        self,
        url: str,
        /,
        *,
        dialect: Dialect,
        bearer: str | None = None,
        ca_file: Path | None = None,
        timeouts: Timeouts | None = None,
    ) -> None:
        self.url = _address(url, dialect)
        self.timeouts = timeouts or Timeouts()
        self.dialect = dialect
        self._client = httpx.AsyncClient(
            base_url=self.url,
            headers=_authorization(self.url, bearer),
            verify=_trust(self.url, ca_file),
            timeout=httpx.Timeout(
                None, connect=self.timeouts.connect, write=self.timeouts.write
            ),
            limits=_SPARE,
            follow_redirects=False,
            trust_env=False,
        )

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

    @asynccontextmanager
    async def answer(
        self, path: str, body: Body, /
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Send a request and yield the answer in chunks, as they come.

        Has no time limit of its own. Leaving closes the connection, which makes
        the host stop; `ValueError` means that the host speaks another language.
        """
        async with self._response("POST", path, body) as response:
            yield response.aiter_bytes()

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
                f"{self.dialect.name} at {self.url} did not answer {path} "
                f"within {limit} s; look at its log, and at how busy that host is"
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
            dialect=self.dialect,
            url=self.url,
            status=response.status_code,
            text=refusal_text(received.decode(errors="replace")),
            model=model if isinstance(model, str) else None,
            retry_after=_seconds(response.headers.get("Retry-After")),
        )

    @contextmanager
    def _mapped(self, path: str) -> Iterator[None]:
        name = self.dialect.name
        try:
            yield
        except httpx.ConnectError as error:
            raise self._unreachable(error) from error
        except httpx.TimeoutException as error:
            raise Unavailable(
                f"{name} at {self.url} does not answer; look at its log"
            ) from error
        except httpx.HTTPError as error:
            raise Unavailable(
                f"{name} at {self.url} broke off while answering {path} ({error}); "
                "look at its log"
            ) from error
        except (ValidationError, ValueError) as error:
            raise Unavailable(
                f"what answers at {self.url}{path} does not speak as "
                f"{self.dialect.speech} does; "
                "check the address and any proxy in between"
            ) from error

    def _unreachable(self, error: httpx.ConnectError) -> ConfigError | Unavailable:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return ConfigError(
                f"the certificate of {self.url} is not trusted ({error}); "
                "configure the CA file that signed it"
            )
        return Unavailable(
            f"no {self.dialect.name} answers at {self.url} ({error}); start it, or "
            "correct its address"
        )


def _authorization(url: str, bearer: str | None) -> Mapping[str, str] | None:
    if bearer is None:
        return None
    if not (bearer.isascii() and bearer.isprintable()):
        raise ConfigError(
            f"the bearer token for {url} has characters that no token has, such as "
            "a line end or a full-width letter; copy it anew"
        )
    return {"Authorization": f"Bearer {bearer}"}


def _address(url: str, dialect: Dialect) -> str:
    text = url.strip()
    bare = "://" not in text
    try:
        address = httpx.URL(f"http://{text}" if bare else text)
    except httpx.InvalidURL as error:  # whose text may hold a piece of a password
        raise _no_address(url, dialect) from error
    if address.scheme not in {"http", "https"} or not address.host:
        raise _no_address(url, dialect)
    if address.userinfo:
        raise ConfigError(
            f"the address of {address.host} carries no password; use the bearer token"
        )
    if bare and address.port is None:
        address = address.copy_with(port=dialect.port)
    return str(address).rstrip("/")


def _no_address(url: str, dialect: Dialect) -> ConfigError:
    shown = re.sub(r".*@", "…@", url)
    return ConfigError(
        f"{shown!r} is not the address of a server; "
        f"write it like http://gpu.example:{dialect.port}"
    )


def _trust(url: str, ca_file: Path | None) -> ssl.SSLContext | bool:
    if not url.startswith("https:"):
        return False
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # a file that is no certificate raises SSLError, one too
        raise ConfigError(f"cannot read the CA file {ca_file}: {error}") from error


def _seconds(header: str | None) -> float | None:
    return float(header) if header and header.isdigit() else None
