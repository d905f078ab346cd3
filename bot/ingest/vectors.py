"""Vectors for texts: from the cache, else from the model host."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.core.errors import Unavailable
from bot.core.model import EmbeddingSpec, Vector
from bot.core.ports import Embedder, VectorCache

BATCH = 16
"""Texts a request: a question waits for one batch at most."""


@dataclass(slots=True)
class Counts:
    """What a run embedded, found in the cache, and could not embed."""

    embedded: int = 0
    cached: int = 0
    rejected: int = 0


class Vectors:
    """Finds or makes the vectors of one embedding model.

    Once the host does not answer it is left alone for the rest of the run;
    `available` then turns false and `failed` true, and `vectors` gives None for what
    is not cached.
    """

    def __init__(
        self, *, cache: VectorCache, embedder: Embedder | None, spec: EmbeddingSpec
    ) -> None:
        self._cache = cache
        self._embedder = embedder
        self._spec = spec
        self.available = embedder is not None
        self.failed = False
        self.counts = Counts()

    @property
    def embedder(self) -> Embedder | None:
        """What makes these vectors, as long as it answers."""
        return self._embedder if self.available else None

    async def vectors(self, texts: Sequence[str], /) -> list[Vector | None]:
        """One vector a text, in order; None where there is none for now, or ever."""
        keys = [self._key(text) for text in texts]
        found = dict(await self._cache.get(set(keys)))
        self.counts.cached += sum(key in found for key in keys)
        missing = {
            key: text for key, text in zip(keys, texts, strict=True) if key not in found
        }
        for part in _parts(list(missing), BATCH):
            made = await self._embed([missing[key] for key in part])
            fresh = {
                key: vector
                for key, vector in zip(part, made, strict=True)
                if vector is not None
            }
            await self._cache.put(fresh)
            found |= fresh
        return [found.get(key) for key in keys]

    async def _embed(self, texts: Sequence[str]) -> Sequence[Vector | None]:
        if self._embedder is None or not self.available:
            return [None] * len(texts)
        try:
            made = await self._embedder.embed_documents(texts)
        except Unavailable:
            self.available, self.failed = False, True
            return [None] * len(texts)
        rejected = sum(vector is None for vector in made)
        self.counts.rejected += rejected
        self.counts.embedded += len(made) - rejected
        return made

    def _key(self, text: str) -> str:
        spec = self._spec
        head = f"{spec.digest}\0{spec.dimensions}\0{spec.prefix}\0"
        return hashlib.sha256((head + text).encode()).hexdigest()


def _parts(keys: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
