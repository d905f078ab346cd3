"""Embeddings from an OpenAI-compatible host."""

import re
from collections.abc import Sequence

from bot.backends.batches import HARMLESS, Batches
from bot.backends.openai.host import OpenAIHost
from bot.backends.openai.models import look_up
from bot.backends.openai.wire import Embeddings
from bot.backends.prefixes import prefix_of
from bot.backends.refusals import Rejection, TextRejected
from bot.core.errors import ContextOverflow
from bot.core.model import EmbeddingSpec, Vector

_PATH = "/v1/embeddings"
_WORD = re.compile(r"[A-Za-z]+")

_READ = 0.7
"""Tokens that a text has at least, a Latin word: nearly one, whatever the model."""

_PROBE = "leave " * 9000


class OpenAIEmbedder:
    """The `Embedder` port on one model of one host. Does not own the host.

    A host that cuts long texts in silence is found out where it counts tokens and
    the texts are in words: it then gets them in parts. A text in Japanese beyond
    the model's context is embedded by its beginning only on such a host.
    """

    def __init__(self, host: OpenAIHost, /, *, model: str) -> None:
        self._host = host
        self._model = model
        self._prefix = prefix_of(model)
        self._batches = Batches(self._ask, name=f"{model} at {host.url}")
        self._dimensions: int | None = None
        self._warm = False

    async def spec(self) -> EmbeddingSpec:
        """Say which vectors come out; asks the host."""
        facts = await look_up(self._host, self._model)
        if self._dimensions is None:
            self._dimensions = len(await self.embed_query(HARMLESS))
        return EmbeddingSpec(
            model=self._model,
            digest=facts.digest,
            dimensions=self._dimensions,
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

    async def warm_up(self) -> tuple[str, ...]:
        """Load the model, and find out whether the host cuts long texts in silence.

        Returns warnings for the operator.
        """
        await self._send([HARMLESS], limit=None)
        self._warm = True
        try:
            reply = await self._send([_PROBE], limit=self._host.timeouts.embed)
        except (TextRejected, ContextOverflow):
            return ()
        if not _cut([_PROBE], reply):
            return ()
        warning = (
            f"{self._model} at {self._host.url} cuts texts that are too long in "
            "silence; keep chunks short, or for Ollama use its own adapter"
        )
        return (warning,)

    async def _ask(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        limits = self._host.timeouts
        limit = limits.embed if self._warm else limits.loading
        reply = await self._send(texts, limit=limit)
        self._warm = True
        if _cut(texts, reply):
            raise TextRejected(
                f"{self._model} at {self._host.url} read a part of a text only",
                reason=Rejection.TOO_LONG,
            )
        ordered = sorted(reply.data, key=lambda row: row.index)
        return [row.embedding for row in ordered]

    async def _send(self, texts: Sequence[str], *, limit: float | None) -> Embeddings:
        body = {
            "model": self._model,
            "input": list(texts),
            "encoding_format": "float",
        }
        return await self._host.post(_PATH, body, Embeddings, limit=limit)


def _cut(texts: Sequence[str], reply: Embeddings) -> bool:
    words = sum(len(_WORD.findall(text)) for text in texts)
    return 0 < reply.usage.prompt_tokens < _READ * words
