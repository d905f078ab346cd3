"""Chunks, generations and texts for the tests of every index engine."""

import random
from array import array
from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from itertools import count
from math import sqrt
from typing import Protocol

from bot.core.access import OPEN, PUB, Access, Principal
from bot.core.model import (
    Chunk,
    ChunkId,
    ChunkRecord,
    DocumentId,
    EmbeddingSpec,
    Generation,
    GenerationId,
    GenerationSpec,
    Hit,
    Language,
    Lines,
    Revision,
    Vector,
    chunk_id,
    document_id,
)
from bot.core.ports import ChunkStore, IndexGenerations, PassageIndex
from bot.text.tokens import analyse

DIMENSIONS = 8
STAFF = frozenset({PUB})
_numbers = count(1)


class Index(PassageIndex, ChunkStore, IndexGenerations, Protocol):
    """What a backend implements: the three ports in one object."""


class Place(Protocol):
    """Where an index lives; opening it again is what a restart does."""

    def __call__(self) -> AbstractAsyncContextManager[Index]: ...


def a_generation(dimensions: int | None = DIMENSIONS) -> Generation:
    """Return a generation with an id of its own."""
    embedding = None
    if dimensions is not None:
        embedding = EmbeddingSpec(
            model="小さなモデル", digest="d1", dimensions=dimensions, prefix="query: "
        )
    return Generation(
        id=GenerationId(f"g{next(_numbers)}"),
        spec=GenerationSpec(
            analyzer="cjk2h-v1", chunker="c1", backend="test", embedding=embedding
        ),
    )


def a_vector(seed: int, dimensions: int = DIMENSIONS) -> Vector:
    """Return a normalised vector, the same one for the same seed."""
    numbers = random.Random(seed)
    values = [numbers.gauss(0, 1) for _ in range(dimensions)]
    length = sqrt(sum(value * value for value in values))
    return array("f", (value / length for value in values))


def a_record(
    text: str,
    document: str = "就業規則",
    *,
    ordinal: int = 0,
    revision: int = 1,
    access: Access = OPEN,
    vector: Vector | None = None,
) -> ChunkRecord:
    """Return a chunk of one document, with tokens as the bot makes them."""
    name = document_id("kb", document)
    chunk = Chunk(
        id=chunk_id(name, revision, ordinal),
        document=name,
        revision=revision,
        ordinal=ordinal,
        section=ordinal // 2,
        title=document,
        heading_path=("第1章", "休暇 & leave"),
        text=text,
        language=Language.JA,
        lines=Lines(first=ordinal * 10 + 1, last=ordinal * 10 + 9),
    )
    return ChunkRecord(
        chunk=chunk, tokens=tuple(analyse(text)), access=access, vector=vector
    )


def layers(*groups: Iterable[str]) -> Access:
    """Return the access of those who hold one principal of every group."""
    return Access(layers=tuple(frozenset(map(Principal, group)) for group in groups))


def holding(*principals: str) -> frozenset[Principal]:
    """Return a set of principals."""
    return frozenset(map(Principal, principals))


def ids(hits: Iterable[Hit]) -> list[ChunkId]:
    """Return the ids of hits, in order."""
    return [hit.chunk.id for hit in hits]


def texts(hits: Iterable[Hit]) -> list[str]:
    """Return the texts of hits, in order."""
    return [hit.chunk.text for hit in hits]


async def search(
    index: Index,
    generation: Generation,
    text: str,
    *,
    principals: AbstractSet[Principal] = STAFF,
    limit: int = 100,
) -> list[Hit]:
    """Search lexically for a text as a person typed it."""
    return await index.search_lexical(
        generation, analyse(text), principals=principals, limit=limit
    )


async def everything(index: Index, generation: Generation) -> dict[ChunkId, Revision]:
    """Return what is stored; fails when an id is stored twice."""
    stored = [entry async for entry in index.scan(generation)]
    assert len(stored) == len(dict(stored))
    return dict(stored)


async def keep_none(revisions: Collection[Revision]) -> frozenset[Revision]:
    """Answer as a catalogue that holds nothing live or staged."""
    del revisions
    return frozenset()


def revision_of(record: ChunkRecord) -> Revision:
    """Return the revision a record belongs to."""
    return record.chunk.document, record.chunk.revision


_COMMON = """
休暇 申請 税 税務署 経費 精算 年末調整 接続 設定 通知 部署 人事部 半角 全角
ネットワーク プリンター サーバー パスワード ログイン 承認 上司 出張 旅費 交通費
VPN Slack leave request printer password network server login approval travel
expense budget holiday policy security account device update office contract
"""
_WORDS = tuple(_COMMON.split())
_PARTICLES = ("は", "を", "の", "に", "が", "で", " ", "、", "。")


def a_text(numbers: random.Random, words: int) -> str:
    """Return a text in which some words are common and others are rare."""
    weights = [1 / (rank + 1) for rank in range(len(_WORDS))]
    chosen = numbers.choices(_WORDS, weights, k=words)
    return "".join(word + numbers.choice(_PARTICLES) for word in chosen)


def documents(number: int, seed: int = 7) -> list[ChunkRecord]:
    """Return that many one-chunk documents of unequal length, with vectors."""
    numbers = random.Random(seed)
    return [
        a_record(
            a_text(numbers, numbers.randint(5, 120)),
            f"文書{place}",
            vector=a_vector(1000 * seed + place),
        )
        for place in range(number)
    ]


def queries(number: int) -> list[str]:
    """Return questions of one to five words."""
    numbers = random.Random(11)
    return [a_text(numbers, numbers.randint(1, 5)) for _ in range(number)]


def of_document(name: str) -> DocumentId:
    """Return the id of a document that `a_record` makes."""
    return document_id("kb", name)


def replace_document(record: ChunkRecord, prefix: str) -> ChunkRecord:
    """Return the record as one of another document."""
    copy = a_record(record.chunk.text, prefix + record.chunk.title)
    return replace(copy, vector=record.vector)


async def found_everywhere(index: Index, generation: Generation) -> list[str]:
    """Return the ids that a walk and both legs find; they must agree."""
    stored = sorted(await everything(index, generation))
    vector = await index.search_vector(
        generation, a_vector(0), principals=STAFF, limit=1000
    )
    assert stored == sorted(ids(vector))
    for chunk in (hit.chunk for hit in vector[::5]):
        assert chunk.id in ids(await search(index, generation, chunk.text))
    return [str(identity) for identity in stored]
