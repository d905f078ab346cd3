"""Real sentences with real vectors, which the benchmarks of the index share."""

import re
from collections.abc import Iterator, Sequence

from bot.core.access import PUB, Access, Principal
from bot.core.model import (
    Chunk,
    ChunkRecord,
    Generation,
    GenerationId,
    GenerationSpec,
    Language,
    Lines,
    Vector,
    chunk_id,
    document_id,
)
from bot.evaluation.files import read_corpus, read_queries
from bot.evaluation.trial import Embedding
from bot.ingest.vectors import Vectors
from bot.text.tokens import ANALYZER, analyzer
from tests.bench.quality import EVAL

SETS = ("squad2-en", "mtrag-un-en")
"""What MiniLM speaks."""

SPACES = 100
SHORTEST = 20
_TOGETHER = 400
_END = re.compile(r"(?<=[.!?])\s+")


def texts() -> list[str]:
    """Return the paragraphs of the sets and each of their sentences, each one once."""
    found: dict[str, None] = {}
    for name in SETS:
        for row in read_corpus(EVAL / name / "corpus.jsonl"):
            sentences = [s for s in _END.split(row.text) if len(s) >= SHORTEST]
            found |= dict.fromkeys([row.text, *sentences])
    return list(found)


def questions(number: int) -> list[str]:
    """Return questions people asked of these sets, by turns from each."""
    sets = [
        [row.question for row in read_queries(EVAL / name / "queries.jsonl")]
        for name in SETS
    ]
    return [question for pair in zip(*sets, strict=False) for question in pair][:number]


def readers() -> dict[str, frozenset[Principal]]:
    """Return who may read everything, a tenth and a hundredth."""
    return {
        f"{100 * number // SPACES} %": frozenset({PUB, *map(_space, range(number))})
        for number in (SPACES, SPACES // 10, SPACES // 100)
    }


def _space(number: int) -> Principal:
    return Principal(f"space:{number}")


async def generation(embedding: Embedding) -> Generation:
    """Return a generation for the vectors of that model."""
    return Generation(
        id=GenerationId("sentences"),
        spec=GenerationSpec(
            analyzer=ANALYZER,
            chunker="sentences",
            backend="bench",
            embedding=await embedding.embedder.spec(),
        ),
    )


async def records(embedding: Embedding, limit: int | None = None) -> list[ChunkRecord]:
    """Return all texts as chunks with their vectors, remembered or made now."""
    vectors = Vectors(
        cache=embedding.cache,
        embedder=embedding.embedder,
        spec=await embedding.embedder.spec(),
    )
    made: list[ChunkRecord] = []
    for part in _parts(texts()[:limit]):
        found = await vectors.vectors(part)
        for text, vector in zip(part, found, strict=True):
            made.append(_record(len(made), text, vector))
        if vectors.counts.embedded:
            print(f"  {len(made)} texts have their vectors", flush=True)
    return made


def _parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _TOGETHER):
        yield values[start : start + _TOGETHER]


def _record(number: int, text: str, vector: Vector | None) -> ChunkRecord:
    document = document_id("bench", str(number))
    chunk = Chunk(
        id=chunk_id(document, 1, 0),
        document=document,
        revision=1,
        ordinal=0,
        section=0,
        title=f"文 {number}",
        heading_path=(),
        text=text,
        language=Language.EN,
        lines=Lines(first=1, last=1),
    )
    layers = frozenset({PUB}), frozenset({_space(number % SPACES)})
    return ChunkRecord(
        chunk=chunk,
        tokens=tuple(analyzer(ANALYZER)(text)),
        access=Access(layers=layers),
        vector=vector,
    )
