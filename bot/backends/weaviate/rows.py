"""Chunks as objects of a Weaviate collection, and the conditions that select them."""

import hashlib
from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any, TypeAlias

from weaviate.classes.data import DataObject
from weaviate.classes.query import Filter
from weaviate.collections.classes.filters import FilterReturn
from weaviate.collections.classes.internal import Object

from bot.backends.records import FILLER, access_columns
from bot.backends.weaviate.schema import ACCESS_COLUMNS, VECTOR
from bot.core.access import Access, Principal
from bot.core.model import (
    Chunk,
    ChunkId,
    ChunkRecord,
    DocumentId,
    Hit,
    Language,
    Lines,
    Revision,
)

Row: TypeAlias = DataObject[dict[str, Any], None]
Found: TypeAlias = Object[Any, Any]

# The client takes lists and nothing else.
CHUNK_COLUMNS = [
    "document",
    "revision",
    "ordinal",
    "section",
    "title",
    "heading_path",
    "text",
    "language",
    "first_line",
    "last_line",
]
REVISION_COLUMNS = ["document", "revision"]
_LANGUAGES = {language.value: language for language in Language}


def rows(records: Iterable[ChunkRecord], /) -> list[Row]:
    """Return records as objects; of records with one id the last one counts."""
    unique = {record.chunk.id: record for record in records}
    return [_row(record) for record in unique.values()]


def _row(record: ChunkRecord) -> Row:
    chunk = record.chunk
    properties = {
        "document_key": _key(chunk.document),
        "revision_key": _revision_key((chunk.document, chunk.revision)),
        "document": chunk.document,
        "revision": chunk.revision,
        "ordinal": chunk.ordinal,
        "section": chunk.section,
        "title": chunk.title,
        "heading_path": list(chunk.heading_path),
        "text": chunk.text,
        "language": chunk.language.value,
        "first_line": chunk.lines.first,
        "last_line": chunk.lines.last,
        "tokens": " ".join(record.tokens),
        **_access(record.access),
    }
    vector = None if record.vector is None else {VECTOR: record.vector.tolist()}
    return DataObject(uuid=chunk.id, properties=properties, vector=vector)


def _access(access: Access) -> dict[str, Any]:
    layers = map(sorted, access_columns(access))
    columns = dict(zip(ACCESS_COLUMNS, layers, strict=True))
    return {"access_key": access.digest(), **columns}


def with_access(found: Found, access: Access, /) -> Row:
    """Return a stored object, read with all columns and its vector, for others."""
    return DataObject(
        uuid=found.uuid,
        properties={**found.properties, **_access(access)},
        vector=found.vector or None,
    )


@lru_cache(4096)
def _lines(first: int, last: int) -> Lines:
    """Two hundred chunks are read for every question, and many begin alike."""
    return Lines(first=first, last=last)


def chunk(found: Found, /) -> Chunk:
    """Return an object that has at least the `CHUNK_COLUMNS` as a chunk."""
    value = found.properties
    return Chunk(
        id=ChunkId(str(found.uuid)),
        document=value["document"],
        revision=value["revision"],
        ordinal=value["ordinal"],
        section=value["section"],
        title=value["title"],
        heading_path=tuple(value["heading_path"]),
        text=value["text"],
        language=_LANGUAGES[value["language"]],
        lines=_lines(value["first_line"], value["last_line"]),
    )


def revision(found: Found, /) -> tuple[ChunkId, Revision]:
    """Return what an object with the `REVISION_COLUMNS` is a part of."""
    value = found.properties
    document = DocumentId(value["document"])
    return ChunkId(str(found.uuid)), (document, value["revision"])


def hits(found: Iterable[Found], scores: Iterable[float], /) -> list[Hit]:
    """Return objects with their scores as hits, best first, ties by chunk id."""
    scored = [
        Hit(chunk=chunk(one), score=score)
        for one, score in zip(found, scores, strict=True)
    ]
    return sorted(scored, key=lambda hit: (-hit.score, hit.chunk.id))


# --- conditions --------------------------------------------------------------


def _key(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:32]


def _revision_key(value: Revision) -> str:
    document, number = value
    return _key(f"{document}|{number}")


def readable_by(principals: AbstractSet[Principal], /) -> FilterReturn:
    """Select what holders of these principals may read: one of every layer.

    There is at least one principal, and the filler with it: an empty list would
    be refused by the client, and leaving the condition out would open everything.
    """
    held = [*sorted(principals), FILLER]
    return Filter.all_of(
        [Filter.by_property(name).contains_any(held) for name in ACCESS_COLUMNS]
    )


def with_ids(ids: Collection[ChunkId], /) -> FilterReturn:
    """Select chunks by id."""
    return Filter.by_id().contains_any(list(ids))


def of_revisions(revisions: Iterable[Revision], /) -> FilterReturn:
    """Select the chunks of revisions."""
    keys = [_revision_key(value) for value in revisions]
    return Filter.by_property("revision_key").contains_any(keys)


def with_ordinals(ordinals: range, /) -> FilterReturn:
    """Select chunks by their place in the revision; the range is not empty."""
    ordinal = Filter.by_property("ordinal")
    return Filter.all_of(
        [
            ordinal.greater_or_equal(min(ordinals)),
            ordinal.less_or_equal(max(ordinals)),
        ]
    )


def with_other_access(documents: Iterable[DocumentId], access: Access) -> FilterReturn:
    """Select the chunks of documents that are stored under another access."""
    keys = [_key(document) for document in documents]
    return Filter.all_of(
        [
            Filter.by_property("document_key").contains_any(keys),
            Filter.by_property("access_key").not_equal(access.digest()),
        ]
    )
