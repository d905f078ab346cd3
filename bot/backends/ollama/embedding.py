"""Embeddings from an Ollama host."""

from collections.abc import Sequence

from bot.backends.batches import HARMLESS, Batches
from bot.backends.ollama.host import OllamaHost
from bot.backends.ollama.models import loaded, look_up
from bot.backends.ollama.wire import Embedded
from bot.backends.prefixes import prefix_of
from bot.backends.refusals import Rejection, TextRejected
from bot.core.model import EmbeddingSpec, Vector


class OllamaEmbedder:
    """The `Embedder` port on one model of one host. Does not own the host."""

    def __init__(
        self, host: OllamaHost, /, *, model: str, keep_alive: str | int = "30m"
    ) -> None:
        self._host = host
        self._model = model
        self._keep_alive = keep_alive
        self._prefix = prefix_of(model)
        self._batches = Batches(self._ask, name=f"{model} at {host.url}")
        self._warm = False

    async def spec(self) -> EmbeddingSpec:
        """Say which vectors come out; asks the host."""
        facts = await look_up(self._host, self._model)
        dimensions = facts.dimensions
        if dimensions is None:
            dimensions = len(await self.embed_query(HARMLESS))
        return EmbeddingSpec(
            model=self._model,
            digest=facts.weights,
            dimensions=dimensions,
            prefix=self._prefix.name,
        )

    async def embed_documents(self, texts: Sequence[str], /) -> list[Vector | None]:
        """One vector a text, in order; None where the model rejects the text.

        A text that is too long gets the direction between its parts. Raises
        `ConfigError` when vectors come out of another length than before.
        """
        return await self._batches.embed(texts, prefix=self._prefix.document)

    async def embed_query(self, text: str, /) -> Vector:
        """Embed what is searched for; `Unavailable` where the model rejects it."""
        [vector] = await self._batches.embed([text], prefix=self._prefix.query)
        if vector is None:
            raise TextRejected(
                f"{self._model} has no vector for this question",
                reason=Rejection.NOT_FINITE,
            )
        return vector

    async def warm_up(self) -> None:
        """Load the model, however long it takes."""
        await look_up(self._host, self._model)
        await self._host.post("/api/embed", self._body([]), Embedded, limit=None)
        self._warm = True

    async def _ask(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
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
        return reply.embeddings

    def _body(self, texts: Sequence[str]) -> dict[str, object]:
        return {
            "model": self._model,
            "input": list(texts),
            "truncate": False,
            "keep_alive": self._keep_alive,
        }
