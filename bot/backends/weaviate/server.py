"""The connection to a Weaviate server: opened at the first use, checked, bounded."""

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

import weaviate
from weaviate.classes.config import ConsistencyLevel
from weaviate.classes.init import AdditionalConfig, Auth, Timeout
from weaviate.config import GrpcConfig
from weaviate.exceptions import UnexpectedStatusCodeError

from bot.backends.weaviate.faults import faults, stranger
from bot.core.errors import ConfigError, Gone, ReadOnly, Unavailable

T = TypeVar("T")
Writing: TypeAlias = Callable[
    [weaviate.WeaviateAsyncClient, ConsistencyLevel], Awaitable[T]
]

OLDEST = (1, 36)
"""The first version whose shards leave read-only by themselves."""

GRPC_PORT = 50051

# The client puts host and port together as text, so IPv6 keeps its brackets.
_HOST = r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])"
_PORT = r":(?P<port>[1-9][0-9]{0,4})"
_REST = re.compile(f"(?P<scheme>https?)://{_HOST}(?:{_PORT})?/?")
_GRPC = re.compile(f"{_HOST}{_PORT}")

PAUSES = (3.0,)
"""Seconds before a failed write is tried again: a cluster needs a few of them to
find out that a node is dead, and the first write to it hangs until then."""

AWAY = 30.0
"""So many seconds after a node did not take a write, it is not waited for."""

_NOT_OURS = frozenset(range(300, 500)) - {401, 403, 408, 429}
"""Statuses with which no Weaviate answers when it is asked for its version."""

# The client logs objects that were not stored, with their texts and vectors.
logging.getLogger("weaviate-client").setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a server listens: REST and gRPC are both needed."""

    url: str
    host: str
    port: int
    secure: bool
    grpc_host: str
    grpc_port: int
    api_key: str | None = field(default=None, repr=False)


def endpoint(url: str, /, *, grpc: str | None, api_key: str | None) -> Endpoint:
    """Return the addresses of a server; raises `ConfigError` where they are none."""
    host, port, secure = _rest(url)
    grpc_host, grpc_port = (host, GRPC_PORT) if grpc is None else _host_and_port(grpc)
    if (host, port) == (grpc_host, grpc_port):
        raise ConfigError(
            f"Weaviate takes REST and gRPC on two ports, not both on {host}:{port}; "
            f"set its gRPC address, such as {host}:{GRPC_PORT}"
        )
    return Endpoint(
        url=f"{'https' if secure else 'http'}://{host}:{port}",
        host=host,
        port=port,
        secure=secure,
        grpc_host=grpc_host,
        grpc_port=grpc_port,
        api_key=api_key,
    )


def _rest(url: str) -> tuple[str, int, bool]:
    found = _REST.fullmatch(url.strip())
    if found is None:
        # The address is not shown: it may hold a password.
        raise ConfigError(
            "the address of Weaviate is not of the form http://weaviate:8080, "
            "without a user, a password or a path; correct it"
        )
    secure = found["scheme"] == "https"
    port = int(found["port"] or (443 if secure else 80))
    return found["host"], port, secure


def _host_and_port(address: str) -> tuple[str, int]:
    found = _GRPC.fullmatch(address.strip())
    if found is None:
        raise ConfigError(
            f"the gRPC address of Weaviate is not of the form weaviate:{GRPC_PORT}; "
            "correct it"
        )
    return found["host"], int(found["port"])


class Server:
    """One client, connected at the first use; a failed connect is tried again."""

    def __init__(self, place: Endpoint, /, *, patience: float) -> None:
        self.place = place
        self.patience = patience
        self.pauses: Sequence[float] = PAUSES
        self._client: weaviate.WeaviateAsyncClient | None = None
        self._connecting = asyncio.Lock()
        self._clock = time.monotonic
        self._whole_from = 0.0

    async def close(self) -> None:
        """Close the connection, if there is one."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    @asynccontextmanager
    async def calling(
        self, action: str, /
    ) -> AsyncIterator[weaviate.WeaviateAsyncClient]:
        """Give the client to one call, which ends in time or in `Unavailable`.

        The client itself would try to read again for a minute.
        """
        with faults(f"{action} in Weaviate at {self.place.url}"):
            client = self._client or await self._connected()
            async with asyncio.timeout(self.patience):
                yield client

    async def persisting(self, action: str, call: Writing[T], /) -> T:
        """Make a call that may be repeated, until it succeeds or patience ends.

        It waits for all copies, so that every node shows what was written; while
        a node is away, for most of them.
        """
        if self._clock() >= self._whole_from:
            try:
                return await self._once(action, call, ConsistencyLevel.ALL)
            except (ReadOnly, Gone):
                raise
            except Unavailable:
                self._whole_from = self._clock() + AWAY
        for pause in self.pauses:
            try:
                return await self._once(action, call, ConsistencyLevel.QUORUM)
            except (ReadOnly, Gone):
                raise
            except Unavailable:
                await asyncio.sleep(pause)
        return await self._once(action, call, ConsistencyLevel.QUORUM)

    async def _once(self, action: str, call: Writing[T], level: ConsistencyLevel) -> T:
        async with self.calling(action) as client:
            return await call(client, level)

    async def _connected(self) -> weaviate.WeaviateAsyncClient:
        async with self._connecting:
            if self._client is None:
                self._client = await self._opened()
        return self._client

    async def _opened(self) -> weaviate.WeaviateAsyncClient:
        client = _client(self.place, self.patience)
        try:
            async with asyncio.timeout(self.patience):
                await self._connect(client)
        except BaseException:
            await client.close()
            raise
        return client

    async def _connect(self, client: weaviate.WeaviateAsyncClient) -> None:
        try:
            await client.connect()
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            # It answers in JSON, but not with a version.
            raise stranger(f"connecting to Weaviate at {self.place.url}") from error
        except UnexpectedStatusCodeError as error:
            if error.status_code in _NOT_OURS:
                raise stranger(f"connecting to Weaviate at {self.place.url}") from error
            raise
        await self._check(client)

    async def _check(self, client: weaviate.WeaviateAsyncClient) -> None:
        meta = await client.get_meta()
        version = str(meta.get("version"))
        if _numbers(version) < OLDEST:
            wanted = ".".join(map(str, OLDEST))
            raise ConfigError(
                f"Weaviate at {self.place.url} is version {version}, and the index "
                f"needs {wanted} or newer; upgrade it, one minor version at a time"
            )
        if not await client.is_ready():
            raise Unavailable(
                f"Weaviate at {self.place.url} is starting, or waits for the other "
                "nodes of its cluster; try again in a while"
            )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


def _client(place: Endpoint, patience: float) -> weaviate.WeaviateAsyncClient:
    return weaviate.use_async_with_custom(
        http_host=place.host,
        http_port=place.port,
        http_secure=place.secure,
        grpc_host=place.grpc_host,
        grpc_port=place.grpc_port,
        grpc_secure=place.secure,
        auth_credentials=Auth.api_key(place.api_key) if place.api_key else None,
        additional_config=AdditionalConfig(
            timeout=Timeout(init=patience, query=patience, insert=patience),
            grpc_config=GrpcConfig(channel_options=_CHANNEL),
        ),
        # The checks would ask the package index on the internet for a newer client.
        skip_init_checks=True,
    )


# gRPC would take a proxy from the environment, and after an outage wait for up to two
# minutes before it looks for the server again.
_CHANNEL = (
    ("grpc.enable_http_proxy", 0),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2000),
)
