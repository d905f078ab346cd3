"""What a Weaviate server tells of itself, of its cluster and of one collection."""

from collections.abc import Iterable

from weaviate import WeaviateAsyncClient
from weaviate.collections.classes.config import CollectionConfig
from weaviate.exceptions import InsufficientPermissionsError

from bot.core.reports import IndexReport, Node

# The other modules work inside the server or with hosts of one's own.
_OWN = (
    "backup-",
    "offload-",
    "usage-",
    "ref2vec-",
    "reranker-dummy",
    "generative-dummy",
)
_OWN_ENDS = (
    *("-transformers", "-ollama", "-contextionary", "-gpt4all", "-model2vec"),
    *("-bigram", "-clip", "-bind", "-neural", "-spellcheck"),
)


async def inspected(
    client: WeaviateAsyncClient, url: str, collection: CollectionConfig | None, /
) -> IndexReport:
    """Ask a server for everything that `check` shows of it."""
    meta = await client.get_meta()
    nodes = await _nodes(client)
    clouds = tuple(_clouds(meta.get("modules") or {}))
    engine = f"Weaviate {meta['version']}"
    if collection is None:
        return IndexReport(engine=engine, place=url, nodes=nodes, clouds=clouds)
    spread = collection.sharding_config
    return IndexReport(
        engine=engine,
        place=url,
        read_only=await _refuses_writes(client, collection.name),
        copies=collection.replication_config.factor,
        shards=spread.actual_count if spread else None,
        nodes=nodes,
        clouds=clouds,
    )


async def _refuses_writes(client: WeaviateAsyncClient, name: str) -> bool:
    """Whether a full disk made the server stop; a key that may not ask says no."""
    try:
        shards = await client.collections.use(name).config.get_shards()
    except InsufficientPermissionsError:  # it wants read_tenants
        return False
    return any(shard.status == "READONLY" for shard in shards)


async def _nodes(client: WeaviateAsyncClient) -> tuple[Node, ...]:
    try:
        # The short form wants a permission; the long one leaves out what it must.
        found = await client.cluster.nodes(output="verbose")
    except InsufficientPermissionsError:
        return ()
    return tuple(
        Node(name=one.name, healthy=one.status == "HEALTHY", version=one.version)
        for one in sorted(found, key=lambda one: one.name)
    )


def _clouds(modules: Iterable[str]) -> list[str]:
    return sorted(
        name
        for name in modules
        if not name.startswith(_OWN) and not name.endswith(_OWN_ENDS)
    )
