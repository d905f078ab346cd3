"""Lets questions go before embeddings, also when the sync is another process."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

from bot.backends.batches import BATCH
from bot.core.errors import Unavailable
from bot.core.model import EmbeddingSpec, Vector
from bot.core.ports import Embedder, OpenQuestions

LOOK_EVERY = 0.5
LONGEST = 30.0


class MemoryOpenQuestions:
    """The `OpenQuestions` port within one process."""

    def __init__(self) -> None:
        self._open = 0

    async def any(self) -> bool:
        """Return true while a question is open."""
        return self._open > 0

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Have a question open for as long as the block takes."""
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1


class YieldingEmbedder:
    """The `Embedder` port of a sync, in front of another.

    Before each batch it looks whether questions are open, and waits while there are
    some, so that a question waits for one batch at most. No batch waits longer than
    `longest` seconds: a busy day makes a sync slow and does not stop it. What embeds
    questions goes straight to the other one.
    """

    def __init__(
        self,
        embedder: Embedder,
        /,
        *,
        questions: OpenQuestions,
        look_every: float = LOOK_EVERY,
        longest: float = LONGEST,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._embedder = embedder
        self._questions = questions
        self._look_every = look_every
        self._longest = longest
        self._clock = clock
        self._pause = pause

    async def spec(self) -> EmbeddingSpec:
        """Say which vectors come out."""
        return await self._embedder.spec()

    async def embed_documents(self, texts: Sequence[str], /) -> list[Vector | None]:
        """One vector a text, in order, in batches between which questions go first."""
        vectors: list[Vector | None] = []
        for first in range(0, len(texts), BATCH):
            await self._let_questions_go_first()
            vectors += await self._embedder.embed_documents(
                texts[first : first + BATCH]
            )
        return vectors

    async def embed_query(self, text: str, /) -> Vector:
        """Embed what is searched for, at once."""
        return await self._embedder.embed_query(text)

    async def _let_questions_go_first(self) -> None:
        """Wait; a state that cannot be read holds nothing up."""
        end = self._clock() + self._longest
        with contextlib.suppress(Unavailable):
            while self._clock() < end and await self._questions.any():
                await self._pause(self._look_every)
