"""How chunks get into Weaviate collections, and out of them: in batches, repeated."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TypeVar

from weaviate import WeaviateAsyncClient
from weaviate.classes.config import ConsistencyLevel
from weaviate.exceptions import (
    UnexpectedStatusCodeError,
    WeaviateInsertManyAllFailedError,
)

from bot.backends.weaviate import rows, schema
from bot.backends.weaviate.faults import RefusedError
from bot.backends.weaviate.schema import Layout
from bot.backends.weaviate.server import Server
from bot.core.access import Access
from bot.core.errors import PartialWrite, ReadOnly, Unavailable
from bot.core.model import DocumentId, GenerationSpec, Revision

T = TypeVar("T")

BATCH = 200
"""Chunks a write sends, and documents or revisions a condition names."""


async def create(
    server: Server, name: str, spec: GenerationSpec, layout: Layout, /
) -> None:
    """Make a collection; one that is there already is left as it is."""

    async def make(client: WeaviateAsyncClient, _: ConsistencyLevel) -> None:
        try:
            await schema.create(client.collections, name, spec, layout)
        except UnexpectedStatusCodeError as error:
            # Somebody was faster, perhaps we ourselves before an answer was lost.
            if "already exists" not in error.message:
                raise

    await server.persisting(f"creating {name}", make)


async def drop(server: Server, name: str, /) -> None:
    """Delete a collection, if it is there."""

    async def delete(client: WeaviateAsyncClient, _: ConsistencyLevel) -> None:
        await client.collections.delete(name)

    await server.persisting(f"deleting {name}", delete)


async def store(server: Server, name: str, objects: Iterable[rows.Row], /) -> None:
    """Add or replace objects; `PartialWrite` names those that are not stored."""
    waiting = {str(one.uuid): one for one in objects}
    total = len(waiting)
    while waiting:
        insert = partial(_insert, name, waiting, list(islice(waiting, BATCH)))
        try:
            await server.persisting(f"writing {name}", insert)
        except ReadOnly:
            raise
        except Unavailable as error:
            if len(waiting) == total:
                raise
            raise PartialWrite(str(error), ids=waiting) from error


async def _insert(
    name: str,
    waiting: dict[str, rows.Row],
    batch: Sequence[str],
    client: WeaviateAsyncClient,
    level: ConsistencyLevel,
) -> None:
    """Send what still waits of a batch; what was stored waits no more."""
    objects = [waiting[identity] for identity in batch if identity in waiting]
    data = client.collections.use(name).with_consistency_level(level).data
    try:
        result = await data.insert_many(objects)
    except WeaviateInsertManyAllFailedError as error:
        raise RefusedError(error.message) from error
    for place in result.uuids:
        del waiting[str(objects[place].uuid)]
    if result.errors:
        reason = next(iter(result.errors.values())).message
        raise RefusedError(reason)


async def rewrite(
    server: Server, name: str, documents: Sequence[DocumentId], access: Access, /
) -> int:
    """Write the chunks of documents again under another access; returns how many.

    Nothing can be changed in many objects at once, but whole objects can be
    replaced: two calls for 200 chunks where changing each takes 200.
    """
    done: set[str] = set()
    condition = rows.with_other_access(documents, access)
    while True:
        async with server.calling(f"reading {name}") as client:
            room = client.collections.use(name)
            found = await room.query.fetch_objects(
                filters=condition, limit=BATCH, include_vector=True
            )
        fresh = [one for one in found.objects if str(one.uuid) not in done]
        if found.objects and not fresh:
            raise Unavailable(
                f"{name} in Weaviate at {server.place.url} does not show yet what was "
                "written; its nodes are catching up, run the sync again"
            )
        if not fresh:
            return len(done)
        await store(server, name, [rows.with_access(one, access) for one in fresh])
        done.update(str(one.uuid) for one in fresh)


async def delete(
    server: Server, name: str, doomed: Iterable[Revision], /
) -> tuple[int, bool]:
    """Delete chunks of revisions, at most 10,000; say how many and if more are left."""

    async def call(
        client: WeaviateAsyncClient, level: ConsistencyLevel
    ) -> tuple[int, bool]:
        room = client.collections.use(name).with_consistency_level(level)
        result = await room.data.delete_many(where=rows.of_revisions(doomed))
        if result.failed:
            # How many failed is told, but not why.
            states = {shard.status for shard in await room.config.get_shards()}
            reason = "read-only" if "READONLY" in states else "no reason given"
            raise RefusedError(reason)
        return result.successful, result.matches > result.successful

    return await server.persisting(f"deleting from {name}", call)


async def count(client: WeaviateAsyncClient, name: str, /) -> int | None:
    """Return how many chunks a collection holds."""
    room = client.collections.use(name)
    return (await room.aggregate.over_all(total_count=True)).total_count


def batches(values: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    """Cut values into lists of at most that many."""
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch
