"""Random chunks and figures that the benchmarks of the index share."""

from array import array
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from bot.core.access import PUB, Access, Principal
from bot.core.model import (
    Chunk,
    ChunkRecord,
    EmbeddingSpec,
    Generation,
    GenerationId,
    GenerationSpec,
    Language,
    Lines,
    Vector,
    chunk_id,
    document_id,
)
from bot.core.ports import ChunkStore
from bot.text.tokens import ANALYZER

TOKENS = 290
"""Tokens of a chunk: the mean of Japanese and English paragraphs."""

CHUNKS_A_DOCUMENT = 5
_VOCABULARY = 60_000
_SENTENCE = "休暇の申請は前日までに、Slackの通知から行ってください。"
_LAYERS = (
    frozenset({PUB}),
    *(frozenset({Principal(f"space:{n}"), Principal("space:all")}) for n in range(3)),
)
ACCESS = Access(layers=_LAYERS)
READER = frozenset().union(*_LAYERS, map(Principal, ("grp:人事部", "user:1")))


def everybody(number: int) -> Access:
    """Return the access of a document that every reader has."""
    del number
    return ACCESS


def generation(dimensions: int) -> Generation:
    """Return a generation for vectors of that size."""
    return Generation(
        id=GenerationId(f"bench{dimensions}"),
        spec=GenerationSpec(
            analyzer=ANALYZER,
            chunker="bench",
            backend="lance",
            embedding=EmbeddingSpec(
                model="random", digest="0", dimensions=dimensions, prefix=""
            ),
        ),
        alpha=dict.fromkeys(Language, 0.5),
    )


class Corpus:
    """Makes chunks, questions and vectors; the same ones for the same seed."""

    def __init__(
        self,
        dimensions: int,
        seed: int = 1,
        access: Callable[[int], Access] = everybody,
    ) -> None:
        self._dimensions = dimensions
        self._random = np.random.default_rng(seed)
        self.access = access

    def tokens(self, number: int) -> tuple[str, ...]:
        """Return words, a few of them very common, most of them rare."""
        ranks = self._random.zipf(1.2, number) + self._random.integers(0, 40, number)
        return tuple(f"t{rank}" for rank in np.minimum(ranks, _VOCABULARY))

    def vector(self) -> Vector:
        """Return a random direction."""
        values = self._random.standard_normal(self._dimensions)
        return array("f", (values / np.linalg.norm(values)).tolist())

    def document(self, number: int, revision: int = 1) -> list[ChunkRecord]:
        """Return the chunks of one document."""
        return [self._record(number, revision, n) for n in range(CHUNKS_A_DOCUMENT)]

    def documents(self, chunks: int) -> Iterator[list[ChunkRecord]]:
        """Return documents of that many chunks together, 1,000 documents a batch."""
        batch: list[ChunkRecord] = []
        for number in range(chunks // CHUNKS_A_DOCUMENT):
            batch += self.document(number)
            if len(batch) >= 1000 * CHUNKS_A_DOCUMENT:
                yield batch
                batch = []
        yield batch

    def _record(self, number: int, revision: int, ordinal: int) -> ChunkRecord:
        document = document_id("bench", str(number))
        chunk = Chunk(
            id=chunk_id(document, revision, ordinal),
            document=document,
            revision=revision,
            ordinal=ordinal,
            section=ordinal,
            title=f"就業規則 {number}",
            heading_path=("第1章", "休暇"),
            text=f"{number}-{ordinal} " + _SENTENCE * 12,
            language=Language.JA,
            lines=Lines(first=1, last=9),
        )
        return ChunkRecord(
            chunk=chunk,
            tokens=self.tokens(TOKENS),
            access=self.access(number),
            vector=self.vector(),
        )


async def fill(
    store: ChunkStore, generation: Generation, corpus: Corpus, chunks: int
) -> None:
    """Put that many chunks."""
    for batch in corpus.documents(chunks):
        await store.put(generation, batch)


def quantile(seconds: Sequence[float], share: float) -> float:
    """Return the time that this share of the calls stays under, in milliseconds."""
    return float(np.quantile(seconds, share)) * 1000
