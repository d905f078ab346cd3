"""The index ports on Weaviate collections."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, TypeAlias

from weaviate.classes.query import BM25Operator, MetadataQuery
from weaviate.collections import CollectionAsync
from weaviate.collections.classes.config import CollectionConfig
from weaviate.exceptions import UnexpectedStatusCodeError

from bot.backends.records import check_records, check_vector, nobody
from bot.backends.weaviate import rows, schema, writing
from bot.backends.weaviate.inspecting import inspected
from bot.backends.weaviate.permissions import rights
from bot.backends.weaviate.schema import Layout
from bot.backends.weaviate.server import Endpoint, Server
from bot.core.access import Access, Principal
from bot.core.errors import ConfigError, Gone
from bot.core.model import (
    Chunk,
    ChunkId,
    ChunkRecord,
    DocumentId,
    Generation,
    GenerationId,
    GenerationSpec,
    Hit,
    Revision,
    Vector,
)
from bot.core.ports import Kept, Stored
from bot.core.reports import IndexReport, Rights

Room: TypeAlias = CollectionAsync[dict[str, Any], None]

PAGE = 1_000
"""Chunks a walk reads at once, and ids a condition names."""

MOST = 10_000
"""So many objects a query returns at most."""


@asynccontextmanager
async def connect(
    place: Endpoint, layout: Layout, /, *, patience: float
) -> AsyncIterator["WeaviateIndex"]:
    """Give the index on a server, and close the connection at the end."""
    server = Server(place, patience=patience)
    try:
        yield WeaviateIndex(server, layout)
    finally:
        await server.close()


class WeaviateIndex:
    """`PassageIndex`, `ChunkStore`, `IndexGenerations`, `IndexInspection` on a server.

    Any number of processes may read; one should write. A write that was not
    confirmed is repeated: the id of a chunk makes that safe. It is not all or
    nothing: `PartialWrite` says what is not stored.
    """

    def __init__(self, server: Server, layout: Layout) -> None:
        self._server = server
        self._layout = layout
        self._checked: dict[GenerationId, GenerationSpec] = {}

    # --- PassageIndex --------------------------------------------------------

    async def search_lexical(
        self,
        generation: Generation,
        tokens: Sequence[str],
        /,
        *,
        principals: AbstractSet[Principal],
        limit: int,
    ) -> list[Hit]:
        """Find chunks by BM25; a token that is given twice counts once."""
        text = " ".join(dict.fromkeys(tokens))
        if not text or nobody(principals):
            return []
        async with self._reading(generation) as room:
            found = await room.query.bm25(
                text,
                query_properties=["tokens"],
                operator=BM25Operator.or_(minimum_match=1),
                filters=rows.readable_by(principals),
                limit=limit,
                return_properties=rows.CHUNK_COLUMNS,
                return_metadata=MetadataQuery(score=True),
            )
        # The engine leaves out the constant factor of the formula.
        scores = ((one.metadata.score or 0) * (schema.K1 + 1) for one in found.objects)
        return rows.hits(found.objects, scores)

    async def search_vector(
        self,
        generation: Generation,
        vector: Vector,
        /,
        *,
        principals: AbstractSet[Principal],
        limit: int,
    ) -> list[Hit]:
        """Find chunks by cosine similarity."""
        embedding = generation.spec.embedding
        if embedding is None or nobody(principals):
            return []
        check_vector(vector, embedding.dimensions)
        async with self._reading(generation) as room:
            found = await room.query.near_vector(
                vector.tolist(),
                target_vector=schema.VECTOR,
                filters=rows.readable_by(principals),
                limit=limit,
                return_properties=rows.CHUNK_COLUMNS,
                return_metadata=MetadataQuery(distance=True),
            )
        scores = (1 - (one.metadata.distance or 0) for one in found.objects)
        return rows.hits(found.objects, scores)

    async def neighbours(
        self,
        generation: Generation,
        revision: Revision,
        ordinals: range,
        /,
        *,
        principals: AbstractSet[Principal],
    ) -> list[Chunk]:
        """Return the permitted chunks of one revision with these ordinals."""
        if not ordinals or nobody(principals):
            return []
        condition = (
            rows.of_revisions([revision])
            & rows.with_ordinals(ordinals)
            & rows.readable_by(principals)
        )
        async with self._reading(generation) as room:
            found = await room.query.fetch_objects(
                filters=condition, limit=MOST, return_properties=rows.CHUNK_COLUMNS
            )
        chunks = map(rows.chunk, found.objects)
        return sorted(
            (chunk for chunk in chunks if chunk.ordinal in ordinals),
            key=lambda chunk: chunk.ordinal,
        )

    # --- ChunkStore ----------------------------------------------------------

    async def put(
        self, generation: Generation, records: Sequence[ChunkRecord], /
    ) -> None:
        """Add or replace chunks."""
        check_records(generation, records)
        if records:
            name = await self._room(generation)
            await writing.store(self._server, name, rows.rows(records))

    async def missing(
        self, generation: Generation, ids: Collection[ChunkId], /
    ) -> frozenset[ChunkId]:
        """Say which of these chunks are not stored."""
        stored: set[str] = set()
        for batch in writing.batches(ids, PAGE):
            async with self._reading(generation) as room:
                found = await room.query.fetch_objects(
                    filters=rows.with_ids(batch), limit=PAGE, return_properties=[]
                )
            stored.update(str(one.uuid) for one in found.objects)
        return frozenset(ids) - stored

    async def set_access(
        self, generation: Generation, access: Mapping[DocumentId, Access], /
    ) -> int:
        """Change who finds the chunks of these documents."""
        alike: defaultdict[Access, list[DocumentId]] = defaultdict(list)
        for document, value in access.items():
            alike[value].append(document)
        changed = 0
        name = await self._room(generation)
        for value, documents in alike.items():
            for batch in writing.batches(documents):
                changed += await writing.rewrite(self._server, name, batch, value)
        return changed

    async def collect(
        self, generation: Generation, revisions: Collection[Revision], /, *, kept: Kept
    ) -> int:
        """Delete the chunks of the revisions that `kept` does not name."""
        deleted = 0
        name = await self._room(generation)
        for batch in writing.batches(set(revisions)):
            more = True
            while more and (doomed := set(batch) - await kept(batch)):
                gone, more = await writing.delete(self._server, name, doomed)
                deleted += gone
        return deleted

    # --- IndexGenerations ----------------------------------------------------

    async def create(self, generation: Generation, /) -> None:
        """Make the collection of a generation."""
        name = self._layout.name(generation.id)
        if await self._found(name) is None:
            await writing.create(self._server, name, generation.spec, self._layout)
        self._checked.pop(generation.id, None)
        await self._room(generation)

    async def drop(self, generation: Generation, /) -> None:
        """Delete the collection of a generation."""
        self._checked.pop(generation.id, None)
        name = self._layout.name(generation.id)
        found = await self._found(name)
        if found is None:
            return
        if not schema.is_ours(found):
            raise self._foreign(name, "was not made by Shirube")
        await writing.drop(self._server, name)

    async def stored(self) -> Sequence[Stored]:
        """Return every collection of ours under this prefix."""
        async with self._server.calling("listing the collections") as client:
            listed = await client.collections.list_all(simple=True)
            found = {
                generation: (name, config.description or "")
                for name, config in listed.items()
                if (generation := self._layout.generation(name)) is not None
                and schema.is_ours(config)
            }
            return [
                Stored(
                    generation=Generation(id=generation, spec=schema.built_as(text)),
                    chunks=await writing.count(client, name),
                )
                for generation, (name, text) in sorted(found.items())
            ]

    async def scan(
        self, generation: Generation, /
    ) -> AsyncIterator[tuple[ChunkId, Revision]]:
        """Walk every chunk in pages; what is written meanwhile may be met or not."""
        last = None
        while True:
            async with self._reading(generation) as room:
                page = await room.query.fetch_objects(
                    limit=PAGE, after=last, return_properties=rows.REVISION_COLUMNS
                )
            for one in page.objects:
                yield rows.revision(one)
                last = one.uuid
            if not page.objects:
                return

    async def maintain(self, generation: Generation, /) -> None:
        """Do nothing but look: the server keeps its indexes up by itself."""
        self._checked.pop(generation.id, None)
        await self._room(generation)

    # --- IndexInspection -----------------------------------------------------

    async def report(self, generation: Generation | None, /) -> IndexReport:
        """Say what the server and its cluster are, and how they keep a generation."""
        found = None
        if generation is not None:
            found = await self._found(self._layout.name(generation.id))
        async with self._server.calling("asking for its state") as client:
            return await inspected(client, self._server.place.url, found)

    async def rights(self) -> Rights:
        """Say what the API key may do with the collections of this bot."""
        anybody = self._server.place.api_key is None
        async with self._server.calling("asking for permissions") as client:
            return await rights(client, self._layout, anybody=anybody)

    # --- the room of a generation --------------------------------------------

    @asynccontextmanager
    async def _reading(self, generation: Generation) -> AsyncIterator[Room]:
        name = await self._room(generation)
        async with self._server.calling(f"reading {name}") as client:
            yield client.collections.use(name, skip_argument_validation=True)

    async def _room(self, generation: Generation) -> str:
        """Return the name of the collection; looks once whether it is the right one."""
        name = self._layout.name(generation.id)
        if self._checked.get(generation.id) == generation.spec:
            return name
        found = await self._found(name)
        if found is None:
            raise Gone(
                f"Weaviate at {self._server.place.url} has no collection {name}; "
                "run `shirube sync`"
            )
        if difference := schema.difference(found, generation.spec):
            raise self._foreign(name, difference)
        self._checked[generation.id] = generation.spec
        return name

    async def _found(self, name: str) -> CollectionConfig | None:
        async with self._server.calling(f"looking for {name}") as client:
            try:
                return await client.collections.use(name).config.get()
            except UnexpectedStatusCodeError as error:
                if error.status_code == HTTPStatus.NOT_FOUND:
                    return None
                raise

    def _foreign(self, name: str, difference: str) -> ConfigError:
        return ConfigError(
            f"the collection {name} in Weaviate at {self._server.place.url} "
            f"{difference}; delete it there and run `shirube sync` to build the index "
            "anew, or set another prefix for the collections of this bot"
        )
