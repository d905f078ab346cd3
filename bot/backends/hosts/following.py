"""Embeds questions with the weights of the index that answers, also after a switch."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from bot.backends.hosts.embedding import HostedEmbedder
from bot.backends.hosts.seat import Standing
from bot.backends.hosts.watching import EVERY
from bot.core.errors import BotError
from bot.core.model import EmbeddingSpec, Vector
from bot.core.ports import ActiveGeneration


class FollowingEmbedder:
    """The `Embedder` port for questions, in front of one embedder a generation.

    Another generation may become the active one at any time, and be made with
    another model. `made` returns the embedder for vectors of a spec; the spec is
    None before the first sync and where the index has no vectors.
    """

    def __init__(
        self,
        generations: ActiveGeneration,
        made: Callable[[EmbeddingSpec | None], HostedEmbedder],
        /,
    ) -> None:
        self._generations = generations
        self._made = made
        self._spec: EmbeddingSpec | None = None
        self._embedder = made(None)
        self._switched = asyncio.Event()

    async def spec(self) -> EmbeddingSpec:
        """Say which vectors come out now."""
        return await (await self._current()).spec()

    async def embed_documents(self, texts: Sequence[str], /) -> list[Vector | None]:
        """One vector a text, in order; None where the model rejects the text."""
        return await (await self._current()).embed_documents(texts)

    async def embed_query(self, text: str, /) -> Vector:
        """Embed what is searched for."""
        return await (await self._current()).embed_query(text)

    def standings(self) -> tuple[Standing, ...]:
        """Say how each host is doing; asks nobody."""
        return self._embedder.standings()

    async def watch(
        self, *, pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        """Look after the hosts until cancelled."""
        while True:
            try:
                embedder = await self._current()
            except BotError:
                await pause(EVERY)
                continue
            self._switched.clear()
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(embedder.watch(pause=pause))
                await self._switched.wait()
                watch.cancel()

    async def _current(self) -> HostedEmbedder:
        active = await self._generations.active()
        spec = active.spec.embedding if active else None
        if spec != self._spec:
            self._spec, self._embedder = spec, self._made(spec)
            self._switched.set()
        return self._embedder
