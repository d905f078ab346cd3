"""Chunks as rows of a LanceDB table, and the conditions that select them."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import asdict

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bot.backends.records import FILLER, access_columns
from bot.core.access import INDEXED_LAYERS, Access, Principal
from bot.core.model import (
    Chunk,
    ChunkId,
    ChunkRecord,
    DocumentId,
    GenerationSpec,
    Hit,
    Language,
    Lines,
    Revision,
    Vector,
)

ACCESS_COLUMNS = tuple(f"acl{layer}" for layer in range(INDEXED_LAYERS))
CHUNK_COLUMNS = (
    "id",
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
)
_BETWEEN = "\x1f"
_SPEC_KEY = b"shirube.generation"
_LANGUAGES = {language.value: language for language in Language}


def schema(spec: GenerationSpec, /) -> pa.Schema:
    """Return the columns of a generation; the spec itself is kept beside them."""
    fields = [
        pa.field("id", pa.string(), nullable=False),
        pa.field("document", pa.string()),
        pa.field("revision", pa.int64()),
        pa.field("ordinal", pa.int32()),
        pa.field("section", pa.int32()),
        pa.field("title", pa.string()),
        pa.field("heading_path", pa.list_(pa.string())),
        pa.field("text", pa.string()),
        pa.field("language", pa.string()),
        pa.field("first_line", pa.int32()),
        pa.field("last_line", pa.int32()),
        pa.field("tokens", pa.string()),
        *(pa.field(name, pa.list_(pa.string())) for name in ACCESS_COLUMNS),
    ]
    if spec.embedding is not None:
        fields.append(
            pa.field("vector", pa.list_(pa.float32(), spec.embedding.dimensions))
        )
    return pa.schema(fields, metadata={_SPEC_KEY: described(spec).encode()})


def described(spec: GenerationSpec, /) -> str:
    """Return a text that is equal exactly for equal specs."""
    return json.dumps(asdict(spec), ensure_ascii=False, sort_keys=True)


def described_in(stored: pa.Schema, /) -> str:
    """Return the text of the spec that a table was made with."""
    metadata: dict[bytes, bytes] = stored.metadata or {}
    return metadata.get(_SPEC_KEY, b"something else").decode()


def rows(records: Collection[ChunkRecord], columns: pa.Schema, /) -> pa.Table:
    """Return records as rows; of records with one id the last one counts."""
    unique = {record.chunk.id: record for record in records}
    return pa.Table.from_pylist(
        [_row(record) for record in unique.values()], schema=columns
    )


def _row(record: ChunkRecord) -> dict[str, object]:
    chunk = record.chunk
    return {
        "id": chunk.id,
        "document": chunk.document,
        "revision": chunk.revision,
        "ordinal": chunk.ordinal,
        "section": chunk.section,
        "title": chunk.title,
        "heading_path": chunk.heading_path,
        "text": chunk.text,
        "language": chunk.language.value,
        "first_line": chunk.lines.first,
        "last_line": chunk.lines.last,
        "tokens": " ".join(record.tokens),
        "vector": None if record.vector is None else vector_row(record.vector),
        **_access_row(record.access),
    }


def vector_row(vector: Vector, /) -> NDArray[np.float32]:
    """Return a vector as Arrow and LanceDB take it without copying number by number."""
    return np.frombuffer(vector, np.float32)


def _access_row(access: Access) -> dict[str, list[str]]:
    layers = map(sorted, access_columns(access))
    return dict(zip(ACCESS_COLUMNS, layers, strict=True))


def with_access(table: pa.Table, access: Mapping[DocumentId, Access], /) -> pa.Table:
    """Return rows of some documents with another access."""
    changed = {document: _access_row(value) for document, value in access.items()}
    documents = table["document"].to_pylist()
    for name in ACCESS_COLUMNS:
        layers = [changed[document][name] for document in documents]
        place = table.schema.get_field_index(name)
        column = pa.array(layers, pa.list_(pa.string()))
        table = table.set_column(place, table.schema.field(place), column)
    return table


def chunks(table: pa.Table, /) -> list[Chunk]:
    """Return rows that have at least the `CHUNK_COLUMNS` as chunks."""
    # A column at a time: several times faster than one dictionary a row.
    columns = [table[name].to_pylist() for name in CHUNK_COLUMNS]
    return [
        Chunk(
            id=ChunkId(identity),
            document=DocumentId(document),
            revision=revision,
            ordinal=ordinal,
            section=section,
            title=title,
            heading_path=tuple(heading_path),
            text=text,
            language=_LANGUAGES[language],
            lines=Lines(first=first, last=last),
        )
        for (
            identity,
            document,
            revision,
            ordinal,
            section,
            title,
            heading_path,
            text,
            language,
            first,
            last,
        ) in zip(*columns, strict=True)
    ]


def hits(table: pa.Table, scores: Iterable[float], /) -> list[Hit]:
    """Return rows with their scores as hits, best first, ties by chunk id."""
    found = [
        Hit(chunk=chunk, score=score)
        for chunk, score in zip(chunks(table), scores, strict=True)
    ]
    # Equal scores come back in no fixed order.
    return sorted(found, key=lambda hit: (-hit.score, hit.chunk.id))


# --- conditions --------------------------------------------------------------


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _texts(values: Iterable[str]) -> str:
    return ", ".join(map(_text, values))


def readable_by(principals: AbstractSet[Principal], /) -> str:
    """Select what holders of these principals may read: one of every layer.

    They are written as one text that the engine cuts: it takes 50 ms to understand
    2,000 texts, once for each layer. No document asks for a principal that would be
    cut in two, so nobody holds one.
    """
    held = [name for name in sorted(principals) if _BETWEEN not in name]
    text = _text(_BETWEEN.join([*held, FILLER]))
    cut = f"string_to_array({text}, {_text(_BETWEEN)})"
    return " AND ".join(f"array_has_any({name}, {cut})" for name in ACCESS_COLUMNS)


def with_ids(ids: Iterable[ChunkId], /) -> str:
    """Select chunks by id."""
    return f"id IN ({_texts(ids)})"


def of_documents(documents: Iterable[DocumentId], /) -> str:
    """Select the chunks of documents."""
    return f"document IN ({_texts(documents)})"


def of_revisions(revisions: Iterable[Revision], /) -> str:
    """Select the chunks of revisions."""
    documents: defaultdict[int, list[DocumentId]] = defaultdict(list)
    for document, revision in revisions:
        documents[revision].append(document)
    return " OR ".join(
        f"(revision = {revision} AND {of_documents(sorted(names))})"
        for revision, names in documents.items()
    )


def with_ordinals(ordinals: range, /) -> str:
    """Select chunks by their place in the revision; the range is not empty."""
    return f"ordinal BETWEEN {min(ordinals)} AND {max(ordinals)}"
