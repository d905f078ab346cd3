"""Embeddings from an Ollama host, where no text can stop the others."""

from collections.abc import Sequence

from bot.backends.ollama.errors import Rejection, TextRejected
from bot.backends.ollama.host import OllamaHost
from bot.backends.ollama.models import loaded, look_up
from bot.backends.ollama.wire import Embedded
from bot.backends.prefixes import prefix_of
from bot.backends.vectors import bare, halves, middle, unit
from bot.core.errors import ConfigError, ContextOverflow, Unavailable
from bot.core.model import EmbeddingSpec, Vector

BATCH = 16
"""Texts a request; more would only make a question wait longer behind them."""

_DEEPEST = 3
"""How often a text may be cut in two before it is given up."""

_HARMLESS = "ok"


class OllamaEmbedder:
    """The `Embedder` port on one model of one host. Does not own the host."""

    def __init__(
        self, host: OllamaHost, /, *, model: str, keep_alive: str | int = "30m"
    ) -> None:
        self._host = host
        self._model = model
        self._keep_alive = keep_alive
        self._prefix = prefix_of(model)
        self._dimensions: int | None = None
        self._warm = False

    async def spec(self) -> EmbeddingSpec:
        """Say which vectors come out; asks the host."""
        facts = await look_up(self._host, self._model)
        dimensions = facts.dimensions
        if dimensions is None:
            dimensions = len(await self.embed_query(_HARMLESS))
        return EmbeddingSpec(
            model=self._model,
            digest=facts.digest,
            dimensions=dimensions,
            prefix=self._prefix.name,
        )

    async def embed_documents(self, texts: Sequence[str], /) -> list[Vector | None]:
        """One vector a text, in order; None where the model rejects the text.

        A text that is too long gets the direction between its parts. Raises
        `ConfigError` when vectors come out of another length than before.
        """
        vectors: list[Vector | None] = []
        for first in range(0, len(texts), BATCH):
            batch = texts[first : first + BATCH]
            vectors += await self._batch(batch, self._prefix.document)
        return vectors

    async def embed_query(self, text: str, /) -> Vector:
        """Embed what is searched for; `Unavailable` where the model rejects it."""
        [vector] = await self._batch([text], self._prefix.query)
        if vector is None:
            raise Unavailable(f"{self._model} has no vector for this question")
        return vector

    async def warm_up(self) -> None:
        """Load the model, however long it takes."""
        await look_up(self._host, self._model)
        await self._host.post("/api/embed", self._body([]), Embedded, limit=None)
        self._warm = True

    async def _batch(self, texts: Sequence[str], prefix: str) -> list[Vector | None]:
        """Embed texts together; where one spoils it for all, search for that one."""
        asked = [at for at, text in enumerate(texts) if text.strip()]
        found: list[Vector | None] = [None] * len(texts)
        parts = await self._together([texts[at] for at in asked], prefix)
        for at, vector in zip(asked, parts, strict=True):
            found[at] = vector
        return found

    async def _together(self, texts: Sequence[str], prefix: str) -> list[Vector | None]:
        if len(texts) <= 1:
            return [await self._alone(text, prefix, cuts=_DEEPEST) for text in texts]
        try:
            vectors = await self._ask([prefix + text for text in texts])
        except (TextRejected, ContextOverflow):
            half = len(texts) // 2
            return [
                *await self._together(texts[:half], prefix),
                *await self._together(texts[half:], prefix),
            ]
        return [
            await self._rescued(text, prefix, Rejection.NOT_FINITE, cuts=_DEEPEST)
            if vector is None
            else vector
            for text, vector in zip(texts, vectors, strict=True)
        ]

    async def _alone(self, text: str, prefix: str, *, cuts: int) -> Vector | None:
        try:
            [vector] = await self._ask([prefix + text])
        except TextRejected as error:
            return await self._rescued(text, prefix, error.reason, cuts=cuts)
        except ContextOverflow:
            return await self._rescued(text, prefix, Rejection.TOO_LONG, cuts=cuts)
        if vector is None:
            return await self._rescued(text, prefix, Rejection.NOT_FINITE, cuts=cuts)
        return vector

    async def _rescued(
        self, text: str, prefix: str, reason: Rejection, *, cuts: int
    ) -> Vector | None:
        """Try again what the model rejected: without its markup, then in halves."""
        if reason is Rejection.RUNNER_DIED:
            await self._ask([_HARMLESS])  # raises where the host is ill, not the text
        if reason is Rejection.NOT_FINITE:
            cuts = min(cuts, 1)
            if (plain := bare(text)) not in {"", text}:
                return await self._alone(plain, prefix, cuts=cuts)
        if not cuts or len(text) <= 1:
            return None
        return middle(
            [await self._alone(half, prefix, cuts=cuts - 1) for half in halves(text)]
        )

    async def _ask(self, texts: Sequence[str]) -> list[Vector | None]:
        limits = self._host.timeouts
        if await loaded(self._host, self._model) is None:
            self._warm = False
        reply = await self._host.post(
            "/api/embed",
            self._body(texts),
            Embedded,
            limit=limits.embed if self._warm else limits.loading,
        )
        self._warm = True
        if len(reply.embeddings) != len(texts):
            raise Unavailable(
                f"{self._model} at {self._host.url} gave {len(reply.embeddings)} "
                f"vectors for {len(texts)} texts; look at the host's log"
            )
        return [self._checked(numbers) for numbers in reply.embeddings]

    def _body(self, texts: Sequence[str]) -> dict[str, object]:
        return {
            "model": self._model,
            "input": list(texts),
            "truncate": False,
            "keep_alive": self._keep_alive,
        }

    def _checked(self, numbers: Sequence[float]) -> Vector | None:
        self._dimensions = self._dimensions or len(numbers)
        if len(numbers) != self._dimensions:
            raise ConfigError(
                f"{self._model} gave {len(numbers)} numbers a vector, before "
                f"{self._dimensions}: the model has changed, rebuild the index"
            )
        return unit(numbers)
