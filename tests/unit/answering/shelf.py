"""A small library on the real index: what the retrieval tests search."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.backends.memory import MemoryIndex
from bot.backends.memory_models import MemoryEmbedder
from bot.core.access import OPEN, PUB, Access, Audience
from bot.core.model import (
    Chunk,
    ChunkRecord,
    ConversationId,
    DocumentId,
    Generation,
    GenerationId,
    GenerationSpec,
    Language,
    Lines,
    LiveDocument,
    Question,
    Turn,
    chunk_id,
)
from bot.evaluation.trial import WholeCorpus
from bot.ingest.chunking import CHUNKER, searched, tokens_of
from bot.text.language import detect
from bot.text.tokens import ANALYZER, analyse

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)
EVERYBODY = Audience(principals=frozenset({PUB}))


def a_chunk(
    text: str,
    *,
    document: str = "handbook:leave",
    revision: int = 1,
    ordinal: int = 0,
    section: int = 0,
    title: str = "就業規則",
    heading: tuple[str, ...] = (),
) -> Chunk:
    name = DocumentId(document)
    return Chunk(
        id=chunk_id(name, revision, ordinal),
        document=name,
        revision=revision,
        ordinal=ordinal,
        section=section,
        title=title,
        heading_path=heading,
        text=text,
        language=detect(text),
        lines=Lines(first=ordinal * 10 + 1, last=ordinal * 10 + 5),
    )


def a_question(
    text: str, *, audience: Audience = EVERYBODY, history: Sequence[str] = ()
) -> Question:
    return Question(
        id="q1",
        text=text,
        language=detect(text),
        audience=audience,
        asked_at=NOON,
        conversation=ConversationId("c1"),
        history=tuple(
            Turn(question=said, answer="はい。", documents=(), asked_at=NOON)
            for said in history
        ),
    )


@dataclass
class Shelf:
    """An index and a catalogue that can disagree, as they do in real life."""

    index: MemoryIndex
    generation: Generation
    embedder: MemoryEmbedder
    live: dict[DocumentId, LiveDocument] = field(default_factory=dict)

    @property
    def catalogue(self) -> WholeCorpus:
        return WholeCorpus(self.live)

    async def put(
        self, *chunks: Chunk, access: Access = OPEN, live: Access | None = OPEN
    ) -> None:
        """Index chunks under `access`, and let the catalogue enforce `live`."""
        vectors = await self.embedder.embed_documents([searched(c) for c in chunks])
        self.embedder.asked.clear()
        records = [
            ChunkRecord(
                chunk=chunk,
                tokens=tokens_of(chunk, analyse),
                access=access,
                vector=vector,
            )
            for chunk, vector in zip(chunks, vectors, strict=True)
        ]
        await self.index.put(self.generation, records)
        for chunk in chunks:
            if live is not None:
                self.live[chunk.document] = LiveDocument(
                    id=chunk.document,
                    revision=chunk.revision,
                    access=live,
                    title=chunk.title,
                    language=chunk.language,
                )


async def a_shelf(*, alpha: float | None = None) -> Shelf:
    """An empty library; `alpha` weighs the vector leg in both languages."""
    embedder = MemoryEmbedder()
    spec = GenerationSpec(
        analyzer=ANALYZER,
        chunker=CHUNKER,
        backend="memory",
        embedding=await embedder.spec(),
    )
    weights = {} if alpha is None else dict.fromkeys(Language, alpha)
    generation = Generation(id=GenerationId("g1"), spec=spec, alpha=weights)
    index = MemoryIndex()
    await index.create(generation)
    return Shelf(index=index, generation=generation, embedder=embedder)
