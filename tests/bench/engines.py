"""The engines that the benchmarks compare, each with its vendor's client beside it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import lancedb
import weaviate
from lancedb.table import AsyncTable
from weaviate.classes.query import BM25Operator, MetadataQuery

from bot.answering.concurrently import together
from bot.backends.lance import open_index as open_lance
from bot.backends.lance import rows as lance_rows
from bot.backends.memory import MemoryIndex
from bot.backends.weaviate import open_index as open_weaviate
from bot.backends.weaviate import rows as weaviate_rows
from bot.backends.weaviate.index import Room
from bot.backends.weaviate.schema import VECTOR, Layout
from bot.core.access import Principal
from bot.core.model import Generation, Vector
from bot.evaluation.trial import Index
from tests.fakes import weaviate_server
from tests.fakes.weaviate_server import Node

LIMIT = 100

Ask = Callable[[Sequence[str], Vector], Awaitable[object]]


class Engine(Protocol):
    """A way to open indexes, and the same data through the vendor's client."""

    name: str

    async def index(self, name: str, /) -> Index:
        """Open the index of that name; what it held is still there."""

    async def raw_legs(
        self, name: str, generation: Generation, principals: AbstractSet[Principal], /
    ) -> Ask:
        """Return both searches, side by side, as the vendor's client gives them."""


@dataclass(slots=True)
class Memory:
    """The index in memory, which nobody sells."""

    name: str = "memory"

    async def index(self, name: str, /) -> Index:
        """Make an empty index."""
        del name
        return MemoryIndex()

    async def raw_legs(
        self, name: str, generation: Generation, principals: AbstractSet[Principal], /
    ) -> Ask:
        """There are none."""
        raise NotImplementedError


@dataclass(slots=True)
class Lance:
    """LanceDB: a folder for each index."""

    folder: Path
    stack: AsyncExitStack
    name: str = "lance"

    async def index(self, name: str, /) -> Index:
        """Open the folder."""
        return await self.stack.enter_async_context(open_lance(self.folder / name))

    async def table(self, name: str, generation: Generation, /) -> AsyncTable:
        """Open the table of a generation with a connection of its own."""
        raw = await lancedb.connect_async(
            self.folder / name, read_consistency_interval=timedelta(0)
        )
        table: AsyncTable = await self.stack.enter_context(raw).open_table(
            generation.id
        )
        return table

    async def raw_legs(
        self, name: str, generation: Generation, principals: AbstractSet[Principal], /
    ) -> Ask:
        """Both searches with what the port asks for too."""
        table = await self.table(name, generation)
        permitted = lance_rows.readable_by(principals)
        columns = list(lance_rows.CHUNK_COLUMNS)

        async def ask(tokens: Sequence[str], vector: Vector) -> object:
            text = table.query().nearest_to_text(" ".join(tokens), columns="tokens")
            text = text.where(permitted).select([*columns, "_score"]).limit(LIMIT)
            near = table.query().nearest_to(lance_rows.vector_row(vector))
            near = near.column("vector").distance_type("cosine").ef(500)
            near = near.refine_factor(1).where(permitted)
            near = near.select([*columns, "_distance"]).limit(LIMIT)
            return await together(text.to_list(), near.to_list())

        return ask


@dataclass(slots=True)
class Weaviate:
    """A Weaviate server: a prefix of collections for each index."""

    node: Node
    stack: AsyncExitStack
    name: str = "weaviate"
    _client: weaviate.WeaviateAsyncClient | None = field(default=None)

    async def index(self, name: str, /) -> Index:
        """Give an index whose collections have a prefix of their own."""
        return await self.stack.enter_async_context(
            open_weaviate(self.node.url, grpc=self.node.grpc, prefix=_prefix(name))
        )

    async def client(self) -> weaviate.WeaviateAsyncClient:
        """Connect as a tutorial of the vendor does."""
        if self._client is None:
            host, _, port = self.node.grpc.partition(":")
            client = weaviate.use_async_with_custom(
                http_host=host,
                http_port=self.node.ports.rest,
                http_secure=False,
                grpc_host=host,
                grpc_port=int(port),
                grpc_secure=False,
                skip_init_checks=True,
            )
            self._client = await self.stack.enter_async_context(client)
        return self._client

    async def room(self, name: str, generation: Generation, /) -> Room:
        """Return the collection of a generation through the vendor's client."""
        collection = Layout(prefix=_prefix(name)).name(generation.id)
        return (await self.client()).collections.use(collection)

    async def raw_legs(
        self, name: str, generation: Generation, principals: AbstractSet[Principal], /
    ) -> Ask:
        """Both searches with what the port asks for too."""
        room = await self.room(name, generation)
        permitted = weaviate_rows.readable_by(principals)
        columns = weaviate_rows.CHUNK_COLUMNS

        async def ask(tokens: Sequence[str], vector: Vector) -> object:
            text = room.query.bm25(
                " ".join(tokens),
                query_properties=["tokens"],
                operator=BM25Operator.or_(minimum_match=1),
                filters=permitted,
                limit=LIMIT,
                return_properties=columns,
                return_metadata=MetadataQuery(score=True),
            )
            near = room.query.near_vector(
                vector.tolist(),
                target_vector=VECTOR,
                filters=permitted,
                limit=LIMIT,
                return_properties=columns,
                return_metadata=MetadataQuery(distance=True),
            )
            return await together(text, near)

        return ask


def _prefix(name: str) -> str:
    return f"B{name}"


def _server(folder: Path) -> AbstractContextManager[Node]:
    binary = weaviate_server.find_binary()
    if binary is None:
        raise SystemExit("this needs Weaviate: run .ci/servers")
    return weaviate_server.running(binary, folder)


ENGINES = ("memory", "lance", "weaviate")


@asynccontextmanager
async def opened(name: str, folder: Path) -> AsyncIterator[Engine]:
    """Open an engine whose data lie in `folder`; `SystemExit` where it is missing."""
    async with AsyncExitStack() as stack:
        match name:
            case "memory":
                yield Memory()
            case "lance":
                yield Lance(folder / "lance", stack)
            case "weaviate":
                node = await asyncio.to_thread(
                    stack.enter_context, _server(folder / "weaviate")
                )
                yield Weaviate(node, stack)
            case _:
                raise SystemExit(f"no engine {name!r}: {', '.join(ENGINES)}")
