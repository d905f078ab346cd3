"""Parts are made ready one ahead of what is written, and none is left behind."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing

import pytest

from bot.backends.memory import MemoryIndex
from bot.core.access import OPEN
from bot.core.errors import Unavailable
from bot.core.model import (
    Generation,
    GenerationId,
    GenerationSpec,
    Language,
    Revision,
    document_id,
)
from bot.core.sync import Staged
from bot.ingest.chunking import CHUNKER
from bot.ingest.projecting import Projector, ahead
from bot.text.tokens import ANALYZER

SPEC = GenerationSpec(analyzer=ANALYZER, chunker=CHUNKER, backend="memory")
PARTS: list[list[Revision]] = [
    [(document_id("規程", str(number)), 1)] for number in range(4)
]


class Stored:
    """States that are read part by part; `broken` cannot be."""

    def __init__(self, broken: int | None = None) -> None:
        self.read: list[Revision] = []
        self.ready = asyncio.Semaphore(0)
        self._broken = broken

    async def states(self, part: Sequence[Revision]) -> Mapping[Revision, Staged]:
        if self._broken == len(self.read):
            raise Unavailable("the state database is away")
        self.read += part
        self.ready.release()
        return {
            (document, number): Staged(
                document=document,
                version="1",
                content="1",
                markdown="有給休暇は20日です。",
                access=OPEN,
                title="休暇規程",
                language=Language.JA,
            )
            for document, number in part
        }


def projector() -> Projector:
    generation = Generation(id=GenerationId("g1"), spec=SPEC)
    return Projector(store=MemoryIndex(), generation=generation, vectors=None)


async def test_every_part_comes_once_and_in_order() -> None:
    async with aclosing(ahead(projector(), PARTS, Stored().states)) as parts:
        found = [list(part.states) async for part in parts]

    assert found == PARTS


async def test_the_next_part_is_read_while_one_is_written_and_no_other() -> None:
    stored = Stored()

    async with aclosing(ahead(projector(), PARTS, stored.states)) as parts:
        await anext(parts)
        async with asyncio.timeout(10):
            await stored.ready.acquire()
            await stored.ready.acquire()

        assert stored.read == [*PARTS[0], *PARTS[1]]


async def test_what_cannot_be_read_is_told_after_what_could() -> None:
    async with aclosing(ahead(projector(), PARTS, Stored(2).states)) as parts:
        found = [list((await anext(parts)).states) for _ in range(2)]
        with pytest.raises(Unavailable, match="is away"):
            await anext(parts)

    assert found == PARTS[:2]


async def test_a_writer_that_leaves_is_not_told_what_would_have_come() -> None:
    async with aclosing(ahead(projector(), PARTS, Stored(1).states)) as parts:
        await anext(parts)


async def test_nothing_is_nothing() -> None:
    stored = Stored()

    async with aclosing(ahead(projector(), [], stored.states)) as parts:
        assert [part async for part in parts] == []

    assert stored.read == []
