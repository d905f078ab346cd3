"""The collection of a generation: its name, its columns, and whether it is ours."""

import json
import re
from dataclasses import asdict, dataclass

from weaviate.classes.config import (
    Configure,
    DataType,
    Property,
    ReplicationDeletionStrategy,
    StopwordsPreset,
    Tokenization,
    VectorDistances,
)
from weaviate.collections.classes.config import (
    CollectionConfig,
    CollectionConfigSimple,
    PropertyConfig,
)
from weaviate.collections.collections.async_ import _CollectionsAsync as Collections

from bot.backends.records import spec_in
from bot.core.access import INDEXED_LAYERS
from bot.core.errors import ConfigError
from bot.core.model import GenerationId, GenerationSpec

K1 = 1.2
B = 0.75
VECTOR = "default"
ACCESS_COLUMNS = tuple(f"acl{layer}" for layer in range(INDEXED_LAYERS))

RESCORED = 200
"""Candidates whose 8-bit distance is corrected with the true vector, at least."""

CATCH_UP = 2_000
"""Milliseconds between two looks of a node at what it missed while it was away.

By default it gives wrong answers for a minute after it came back.
"""

_MARK = "Shirube: "
_PREFIX = re.compile("[A-Z][A-Za-z0-9]*")
_SPELLED = re.compile("_([0-9a-f]{1,5})_")
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How collections are named and spread over the nodes of a cluster."""

    prefix: str = "Kb"
    replication: int = 1
    shards: int = 1

    def __post_init__(self) -> None:
        if not _PREFIX.fullmatch(self.prefix):
            raise ConfigError(
                f"Weaviate has no collections with names like {self.prefix}_1; set a "
                "prefix of letters and digits that begins with a capital letter"
            )
        if self.replication < 1 or self.shards < 1:
            raise ConfigError("an index in Weaviate needs one copy and one shard")

    @property
    def pattern(self) -> str:
        """What the permissions of an API key must cover."""
        return f"{self.prefix}_*"

    def name(self, generation: GenerationId, /) -> str:
        """Return the collection of a generation; another one has another name.

        Weaviate takes letters, digits and underscores, and names that differ in
        case only for the same: everything but a-z and 0-9 is spelled out.
        """
        spelled = (
            letter if letter in _PLAIN else f"_{ord(letter):x}_"
            for letter in generation
        )
        return f"{self.prefix}_{''.join(spelled)}"

    def generation(self, name: str, /) -> GenerationId | None:
        """Return the generation whose collection has this name, if it is one."""
        spelled = name.removeprefix(f"{self.prefix}_")
        if spelled == name:
            return None
        read = _SPELLED.sub(lambda found: chr(int(found[1], 16)), spelled)
        generation = GenerationId(read)
        return generation if self.name(generation) == name else None


@dataclass(frozen=True, slots=True)
class _Column:
    """A column; `cut` says how the text in its index is cut, None is no index."""

    name: str
    kind: DataType = DataType.TEXT
    cut: Tokenization | None = None
    filtered: bool = False
    searched: bool = False

    def property(self) -> Property:
        return Property(
            name=self.name,
            data_type=self.kind,
            tokenization=self.cut,
            index_filterable=self.filtered,
            index_searchable=self.searched,
        )

    def is_like(self, stored: PropertyConfig) -> bool:
        cut = self.cut is None or stored.tokenization == self.cut
        kind = stored.data_type == self.kind
        indexes = (stored.index_filterable, stored.index_searchable)
        return cut and kind and indexes == (self.filtered, self.searched)


def _whole(name: str, kind: DataType = DataType.TEXT) -> _Column:
    """Make a column whose values are compared as they are.

    Any other tokenization would cut `grp:eng-ops` into words, one of which is
    everybody's in `grp:eng`.
    """
    return _Column(name, kind, Tokenization.FIELD, filtered=True)


# The keys are digests: a value that is compared as a whole still loses the white
# space at its ends, which would make one document of two.
_COLUMNS = (
    _whole("document_key"),
    _whole("revision_key"),
    _whole("access_key"),
    *(_whole(name, DataType.TEXT_ARRAY) for name in ACCESS_COLUMNS),
    _Column("tokens", cut=Tokenization.WHITESPACE, searched=True),
    _Column("ordinal", DataType.INT, filtered=True),
    _Column("document"),
    _Column("revision", DataType.INT),
    _Column("section", DataType.INT),
    _Column("title"),
    _Column("heading_path", DataType.TEXT_ARRAY),
    _Column("text"),
    _Column("language"),
    _Column("first_line", DataType.INT),
    _Column("last_line", DataType.INT),
)


async def create(
    collections: Collections, name: str, spec: GenerationSpec, layout: Layout, /
) -> None:
    """Create the collection of a generation; the spec itself is its description."""
    quantizer = Configure.VectorIndex.Quantizer.rq(bits=8, rescore_limit=RESCORED)
    vectors = Configure.Vectors.self_provided(
        name=VECTOR,
        vector_index_config=Configure.VectorIndex.hnsw(
            distance_metric=VectorDistances.COSINE, quantizer=quantizer
        ),
    )
    await collections.create(
        name,
        description=described(spec),
        properties=[column.property() for column in _COLUMNS],
        vector_config=vectors,
        inverted_index_config=Configure.inverted_index(
            bm25_k1=K1, bm25_b=B, stopwords_preset=StopwordsPreset.NONE
        ),
        replication_config=Configure.replication(
            factor=layout.replication,
            deletion_strategy=ReplicationDeletionStrategy.TIME_BASED_RESOLUTION,
            async_config=Configure.Replication.async_config(
                frequency=CATCH_UP, propagation_delay=CATCH_UP
            ),
        ),
        # Without a number there would be a shard a node, and each ranks by its own
        # word counts.
        sharding_config=Configure.sharding(desired_count=layout.shards),
    )


def described(spec: GenerationSpec, /) -> str:
    """Return a text that is equal exactly for equal specs."""
    return _MARK + json.dumps(asdict(spec), ensure_ascii=False, sort_keys=True)


def built_as(description: str, /) -> GenerationSpec:
    """Return the spec that a collection of ours describes."""
    return spec_in(description.removeprefix(_MARK))


def is_ours(collection: CollectionConfig | CollectionConfigSimple, /) -> bool:
    """Whether a collection holds a generation; no other one may be touched."""
    return (collection.description or "").startswith(_MARK)


def difference(collection: CollectionConfig, spec: GenerationSpec, /) -> str | None:
    """Say why a collection cannot be used for a generation, or return None."""
    if not is_ours(collection):
        return "was not made by Shirube"
    if collection.description != described(spec):
        built = (collection.description or "").removeprefix(_MARK)
        return f"was built as {built}, not as {described(spec).removeprefix(_MARK)}"
    stored = {column.name: column for column in collection.properties}
    changed = [
        column.name
        for column in _COLUMNS
        if column.name not in stored or not column.is_like(stored[column.name])
    ]
    words = collection.inverted_index_config
    ranking = (words.bm25.k1, words.bm25.b, words.stopwords.preset)
    if ranking != (K1, B, StopwordsPreset.NONE):
        changed.append("ranking")
    return f"was changed by somebody else ({', '.join(changed)})" if changed else None
