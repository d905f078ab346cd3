"""What every index engine does alike with vectors and access before it stores them."""

import json
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from math import hypot, isfinite

from bot.core.access import DENY, INDEXED_LAYERS, Access, Principal
from bot.core.errors import ConfigError
from bot.core.model import (
    ChunkRecord,
    EmbeddingSpec,
    Generation,
    GenerationSpec,
    Vector,
)

FILLER = "*"
"""Stands in the access layers that a document does not use.

Every reader is taken to hold it. It is no legal principal, so that no document
can ask for it and no group of a source can be named like it.
"""


UNREADABLE = GenerationSpec(analyzer="", chunker="", backend="")
"""Stands for what a room was built as where that cannot be read."""


def spec_in(text: str, /) -> GenerationSpec:
    """Read the spec that an engine keeps beside the chunks, written as JSON."""
    try:
        values = json.loads(text)
        embedding = values.pop("embedding")
        return GenerationSpec(
            **values, embedding=EmbeddingSpec(**embedding) if embedding else None
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return UNREADABLE


def access_columns(access: Access, /) -> tuple[frozenset[str], ...]:
    """Return what the four access columns of a document's chunks hold."""
    used = tuple(_legal(layer) for layer in access.indexed())
    unused = (frozenset({FILLER}),) * (INDEXED_LAYERS - len(used))
    return used + unused


def _legal(layer: frozenset[Principal]) -> frozenset[str]:
    return frozenset(layer - {FILLER}) or frozenset({DENY})


def nobody(principals: AbstractSet[Principal], /) -> bool:
    """Whether holders of these principals may read nothing at all."""
    return not principals or DENY in principals


def check_vector(vector: Vector, dimensions: int, /) -> None:
    """Raise `ConfigError` unless the vector fits and has a direction."""
    if len(vector) != dimensions:
        raise ConfigError(
            f"a vector has {len(vector)} dimensions where the index has {dimensions}; "
            "the embedding model changed: run `shirube sync` to build the index anew"
        )
    length = hypot(*vector)
    if not isfinite(length) or length == 0:
        raise ConfigError(
            "the embedding model gave a vector that is zero or not finite; "
            "use another model, or a newer version of the model host"
        )


def check_records(generation: Generation, records: Iterable[ChunkRecord], /) -> None:
    """Raise `ConfigError` if one of the vectors does not belong in the generation."""
    embedding = generation.spec.embedding
    dimensions = embedding.dimensions if embedding else 0
    for record in records:
        if record.vector is not None:
            check_vector(record.vector, dimensions)
