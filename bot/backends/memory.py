"""The index in memory: exact, and the reference that other engines must agree with."""

from array import array
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from bot.backends.records import check_records, check_vector, nobody
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
from bot.core.reports import IndexReport

K1 = 1.2
B = 0.75

Rows: TypeAlias = NDArray[np.int64]
Scores: TypeAlias = NDArray[np.float64]


class _Postings:
    """Where a token occurs: rows and counts, in two parallel arrays."""

    __slots__ = ("counts", "rows")

    def __init__(self) -> None:
        self.rows = array("q")
        self.counts = array("q")

    def views(self) -> tuple[Rows, Rows]:
        """Return both as numpy arrays; they must be gone before the next append."""
        return np.frombuffer(self.rows, np.int64), np.frombuffer(self.counts, np.int64)


class _Room:
    """One generation. A row is never reused: a replaced chunk gets a new one."""

    def __init__(self, spec: GenerationSpec) -> None:
        self.spec = spec
        self.chunks: list[Chunk] = []
        self.rows: dict[ChunkId, int] = {}
        self.revisions: defaultdict[Revision, set[int]] = defaultdict(set)
        self.documents: defaultdict[DocumentId, set[int]] = defaultdict(set)
        self._alive = array("b")
        self._lengths = array("q")
        self._access = array("q")
        self._accesses: dict[Access, int] = {}
        self._postings: defaultdict[str, _Postings] = defaultdict(_Postings)
        self._vectors: dict[int, Vector] = {}
        self._matrix: tuple[Rows, Scores] | None = None

    def add(self, record: ChunkRecord) -> None:
        chunk = record.chunk
        self.remove(chunk.id)
        row = len(self.chunks)
        self.chunks.append(chunk)
        self.rows[chunk.id] = row
        self.revisions[chunk.document, chunk.revision].add(row)
        self.documents[chunk.document].add(row)
        self._alive.append(1)
        self._lengths.append(len(record.tokens))
        self._access.append(self._code(record.access))
        for token, count in Counter(record.tokens).items():
            postings = self._postings[token]
            postings.rows.append(row)
            postings.counts.append(count)
        if record.vector is not None:
            self._vectors[row] = record.vector
            self._matrix = None

    def remove(self, chunk: ChunkId) -> None:
        row = self.rows.pop(chunk, None)
        if row is None:
            return
        stored = self.chunks[row]
        self.revisions[stored.document, stored.revision].discard(row)
        self.documents[stored.document].discard(row)
        self._alive[row] = 0
        if self._vectors.pop(row, None) is not None:
            self._matrix = None

    def set_access(self, document: DocumentId, access: Access) -> int:
        rows = self.documents.get(document, set())
        for row in rows:
            self._access[row] = self._code(access)
        return len(rows)

    def _code(self, access: Access) -> int:
        # An index holds four layers and no more, and so does its reference.
        indexed = Access(layers=access.indexed())
        return self._accesses.setdefault(indexed, len(self._accesses))

    @property
    def has_vectors(self) -> bool:
        return bool(self._vectors)

    def readable(self, principals: AbstractSet[Principal]) -> NDArray[np.bool_]:
        """Say of every row whether it is alive and these may read it."""
        permits = np.array([access.permits(principals) for access in self._accesses])
        codes = np.frombuffer(self._access, np.int64)
        readable: NDArray[np.bool_] = permits[codes]
        return readable & np.frombuffer(self._alive, np.bool_)

    def bm25(self, tokens: Sequence[str]) -> Scores:
        """Score every row; 0 where no token occurs."""
        alive = np.frombuffer(self._alive, np.bool_)
        lengths = np.frombuffer(self._lengths, np.int64)
        total = len(self.rows)
        norms = K1 * (1 - B + B * lengths / (lengths[alive].sum() / total or 1))
        scores = np.zeros(len(self.chunks))
        for token in dict.fromkeys(tokens):
            if token not in self._postings:
                continue
            rows, counts = self._postings[token].views()
            found = int(alive[rows].sum())
            idf = np.log1p((total - found + 0.5) / (found + 0.5))
            scores[rows] += idf * counts * (K1 + 1) / (counts + norms[rows])
        return scores

    def cosines(self, vector: Vector) -> tuple[Rows, Scores]:
        """Return the rows that have a vector, and how close each one is."""
        if self._matrix is None:
            rows = np.fromiter(self._vectors, np.int64)
            matrix = np.array(list(self._vectors.values()), np.float64)
            self._matrix = rows, matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
        rows, matrix = self._matrix
        query = np.array(vector, np.float64)
        return rows, matrix @ (query / np.linalg.norm(query))

    def best(self, rows: Rows, scores: Scores, limit: int) -> list[Hit]:
        """Return the best hits, ties by chunk id."""
        if len(rows) > limit:
            # Everything that ties with the last place stays in until ids decide.
            last = np.partition(scores, -limit)[-limit]
            rows, scores = rows[scores >= last], scores[scores >= last]
        hits = [
            Hit(chunk=self.chunks[row], score=float(score))
            for row, score in zip(rows, scores, strict=True)
        ]
        return sorted(hits, key=lambda hit: (-hit.score, hit.chunk.id))[:limit]


class MemoryIndex:
    """`PassageIndex`, `ChunkStore` and `IndexGenerations` without a file.

    Scores are exact BM25 and exact cosines. Everything is gone with the object.
    """

    def __init__(self) -> None:
        self._rooms: dict[GenerationId, _Room] = {}

    def _room(self, generation: Generation) -> _Room:
        room = self._rooms.get(generation.id)
        if room is None:
            raise Gone(
                f"the index has no generation {generation.id!r}; run `shirube sync`"
            )
        _check_spec(room, generation)
        return room

    async def search_lexical(
        self,
        generation: Generation,
        tokens: Sequence[str],
        /,
        *,
        principals: AbstractSet[Principal],
        limit: int,
    ) -> list[Hit]:
        """Find chunks by exact BM25."""
        if not tokens or nobody(principals):
            return []
        room = self._room(generation)
        if not room.rows:
            return []
        scores = room.bm25(tokens)
        rows = np.flatnonzero((scores > 0) & room.readable(principals))
        return room.best(rows, scores[rows], limit)

    async def search_vector(
        self,
        generation: Generation,
        vector: Vector,
        /,
        *,
        principals: AbstractSet[Principal],
        limit: int,
    ) -> list[Hit]:
        """Find chunks by exact cosine similarity."""
        embedding = generation.spec.embedding
        if embedding is None or nobody(principals):
            return []
        check_vector(vector, embedding.dimensions)
        room = self._room(generation)
        if not room.has_vectors:
            return []
        rows, scores = room.cosines(vector)
        permitted = room.readable(principals)[rows]
        return room.best(rows[permitted], scores[permitted], limit)

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
        if nobody(principals):
            return []
        room = self._room(generation)
        rows = room.revisions.get(revision)
        if not rows:
            return []
        readable = room.readable(principals)
        chunks = [room.chunks[row] for row in rows if readable[row]]
        return sorted(
            (chunk for chunk in chunks if chunk.ordinal in ordinals),
            key=lambda chunk: chunk.ordinal,
        )

    async def put(
        self, generation: Generation, records: Sequence[ChunkRecord], /
    ) -> None:
        """Add or replace chunks, all or none."""
        room = self._room(generation)
        check_records(generation, records)
        for record in records:
            room.add(record)

    async def missing(
        self, generation: Generation, ids: Collection[ChunkId], /
    ) -> frozenset[ChunkId]:
        """Say which of these chunks are not stored."""
        return frozenset(ids) - self._room(generation).rows.keys()

    async def set_access(
        self, generation: Generation, access: Mapping[DocumentId, Access], /
    ) -> int:
        """Change who finds the chunks of these documents."""
        room = self._room(generation)
        return sum(room.set_access(*change) for change in access.items())

    async def collect(
        self, generation: Generation, revisions: Collection[Revision], /, *, kept: Kept
    ) -> int:
        """Delete the chunks of the revisions that `kept` does not name."""
        room = self._room(generation)
        spared = await kept(revisions)
        doomed = [
            room.chunks[row].id
            for revision in set(revisions) - spared
            for row in room.revisions.get(revision, ())
        ]
        for chunk in doomed:
            room.remove(chunk)
        return len(doomed)

    async def create(self, generation: Generation, /) -> None:
        """Make room for a generation."""
        room = self._rooms.setdefault(generation.id, _Room(generation.spec))
        _check_spec(room, generation)

    async def drop(self, generation: Generation, /) -> None:
        """Forget a generation."""
        self._rooms.pop(generation.id, None)

    async def stored(self) -> Sequence[Stored]:
        """Return every generation."""
        return [
            Stored(
                generation=Generation(id=name, spec=room.spec), chunks=len(room.rows)
            )
            for name, room in sorted(self._rooms.items())
        ]

    async def scan(
        self, generation: Generation, /
    ) -> AsyncIterator[tuple[ChunkId, Revision]]:
        """Walk every stored chunk."""
        room = self._room(generation)
        for chunk in [room.chunks[row] for row in room.rows.values()]:
            yield chunk.id, (chunk.document, chunk.revision)

    async def maintain(self, generation: Generation, /) -> None:
        """Do nothing: everything is indexed as it is written."""
        self._room(generation)

    # --- IndexInspection -----------------------------------------------------

    async def report(self, generation: Generation | None, /) -> IndexReport:
        """Say that it is in memory."""
        del generation  # there is nothing to look at
        return IndexReport(engine="memory", place="this process")

    async def rights(self) -> None:
        """Return None: there is no server."""


def _check_spec(room: _Room, generation: Generation) -> None:
    if room.spec != generation.spec:
        raise ConfigError(
            f"generation {generation.id!r} was built as {room.spec}, not as "
            f"{generation.spec}; run `shirube sync` to build a new one"
        )
