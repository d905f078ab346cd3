"""Embeds texts in batches, where no text can stop the others."""

from collections.abc import Awaitable, Callable, Sequence

from bot.backends.refusals import Rejection, TextRejected
from bot.backends.vectors import bare, halves, middle, unit
from bot.core.errors import ConfigError, ContextOverflow, Unavailable
from bot.core.model import Vector

BATCH = 16
"""Texts a request; more would only make a question wait longer behind them."""

HARMLESS = "ok"
"""A text that every model has a vector for."""

_DEEPEST = 3
"""How often a text may be cut in two before it is given up."""

Ask = Callable[[Sequence[str]], Awaitable[Sequence[Sequence[float]]]]
"""Sends one request; the first text that is refused refuses it all."""


class Batches:
    """Embeds with one model of one host, whose request is `ask`.

    A text that is too long gets the direction between its parts.
    """

    def __init__(self, ask: Ask, /, *, name: str) -> None:
        self._send = ask
        self._name = name
        self._dimensions: int | None = None

    async def embed(
        self, texts: Sequence[str], /, *, prefix: str
    ) -> list[Vector | None]:
        """One vector a text, in order; None where the model rejects the text.

        Raises `ConfigError` when vectors come out of another length than before.
        """
        vectors: list[Vector | None] = []
        for first in range(0, len(texts), BATCH):
            vectors += await self._batch(texts[first : first + BATCH], prefix)
        return vectors

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
            await self._ask([HARMLESS])  # raises where the host is ill, not the text
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
        rows = await self._send(texts)
        if len(rows) != len(texts):
            raise Unavailable(
                f"{self._name} gave {len(rows)} vectors for {len(texts)} texts; "
                "look at the host's log"
            )
        return [self._checked(numbers) for numbers in rows]

    def _checked(self, numbers: Sequence[float]) -> Vector | None:
        self._dimensions = self._dimensions or len(numbers)
        if len(numbers) != self._dimensions:
            raise ConfigError(
                f"{self._name} gave {len(numbers)} numbers a vector, before "
                f"{self._dimensions}: the model has changed, rebuild the index"
            )
        return unit(numbers)
