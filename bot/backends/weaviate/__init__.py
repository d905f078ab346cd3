"""The index in Weaviate: a server or a cluster, one collection a generation."""

import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.core.errors import ConfigError

if TYPE_CHECKING:
    from bot.backends.weaviate.index import WeaviateIndex


@asynccontextmanager
async def open_index(
    url: str,
    /,
    *,
    grpc: str | None = None,
    api_key: str | None = None,
    prefix: str = "Kb",
    replication: int = 1,
    shards: int = 1,
    patience: float = 10.0,
) -> AsyncIterator["WeaviateIndex"]:
    """Open the index on the server at `url`, and close it again.

    Nothing is called here: the server is reached at the first use, so that what
    needs it starts before it does. `grpc` is `host:port`, by default port 50051 of
    the same host. `prefix` begins the names of the collections. `replication`
    (copies) and `shards` count for generations that are made from now on; more
    than one shard ranks a little differently. `patience` is how many seconds one
    call may take.

    The client takes a second to import and is an extra: it is imported here and
    not before. Raises `ConfigError` without it, and for addresses that are none.
    """
    try:
        # A library of the client announces that it will want another one.
        with warnings.catch_warnings(record=True):
            from bot.backends.weaviate.index import connect
        from bot.backends.weaviate.schema import Layout
        from bot.backends.weaviate.server import endpoint
    except ImportError as error:
        raise ConfigError(
            "the Weaviate index needs its client: install shirube[weaviate], "
            f"or set another index backend ({error})"
        ) from error
    place = endpoint(url, grpc=grpc, api_key=api_key)
    layout = Layout(prefix=prefix, replication=replication, shards=shards)
    async with connect(place, layout, patience=patience) as index:
        yield index
