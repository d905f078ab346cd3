"""An embedding model that several hosts have, behind the port of one."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from bot.backends.hosts.seat import ModelHost, Seat, Standing, nobody
from bot.backends.hosts.watching import Watch
from bot.backends.refusals import TextRejected
from bot.core.errors import ConfigError, Unavailable
from bot.core.model import EmbeddingSpec, Vector
from bot.core.ports import Embedder

_Seat = Seat[Embedder, EmbeddingSpec]
T = TypeVar("T")

_HARMLESS = "ok"


class OtherWeights(ConfigError):
    """A host has another model under the same name."""

    def __init__(self, spec: EmbeddingSpec, wanted: str, /) -> None:
        super().__init__(
            f"has another {spec.model!r} ({spec.digest[:19]}) than the one that "
            f"counts ({wanted[:19]}), and their vectors do not mix; pull the same one"
        )


class HostedEmbedder:
    """The `Embedder` port over hosts that have the very same model.

    Vectors of different weights do not mix. `digest` says which weights the index
    was built with; without it those of the first host count that answers, in the
    order given. Hosts with others are left alone, and `spec` raises `ConfigError`
    for them. What one host does not embed another one does; a
    question waits for one host no longer than `patience` seconds while another
    is left. Run `watch` beside everything else. Does not own the hosts.
    """

    def __init__(
        self,
        hosts: Sequence[ModelHost[Embedder]],
        /,
        *,
        digest: str | None = None,
        patience: float = 1.5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not hosts:
            raise ConfigError("there is no embedding host; configure one")
        self._seats: Sequence[_Seat] = [Seat(host, clock=clock) for host in hosts]
        self._digest = digest
        self._patience = patience
        self._watch = Watch(self._seats, ask=self._told, try_out=_embed)

    def standings(self) -> tuple[Standing, ...]:
        """Say how each host is doing; asks nobody."""
        return tuple(seat.standing() for seat in self._seats)

    async def watch(
        self, *, pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        """Look after the hosts until cancelled."""
        await self._watch.run(pause=pause)

    async def spec(self) -> EmbeddingSpec:
        """Say which vectors come out; asks all hosts.

        Raises `ConfigError` where they have different weights under one name.
        """
        await self._agree()
        await self._watch.ask_all()
        for seat in self._seats:
            if isinstance(seat.error, OtherWeights):
                raise ConfigError(f"the embedding host {seat.host.name} {seat.error}")
        specs = [seat.spec for seat in self._seats if seat.fresh and seat.spec]
        if not specs:
            raise nobody(self._seats, "embedding")
        return specs[0]

    async def embed_documents(self, texts: Sequence[str], /) -> list[Vector | None]:
        """One vector a text, in order; None where the model rejects the text."""

        async def embed(model: Embedder) -> list[Vector | None]:
            return await model.embed_documents(texts)

        return await self._asked(embed, patience=None)

    async def embed_query(self, text: str, /) -> Vector:
        """Embed what is searched for."""

        async def embed(model: Embedder) -> Vector:
            return await model.embed_query(text)

        return await self._asked(embed, patience=self._patience)

    async def _asked(
        self, embed: Callable[[Embedder], Awaitable[T]], *, patience: float | None
    ) -> T:
        left = list(self._seats)
        while left:
            seat = min(left, key=self._rank)
            left.remove(seat)
            if not await self._fits(seat) or not seat.breaker.admit():
                continue
            try:
                with seat.used():
                    return await _in_time(
                        embed(seat.host.model), patience if left else None
                    )
            except TextRejected:
                raise
            except (Unavailable, ConfigError):
                continue
        raise nobody(self._seats, "embedding")

    def _rank(self, seat: _Seat) -> tuple[int, float]:
        return seat.reluctance(watched=self._watch.active), seat.load

    async def _fits(self, seat: _Seat) -> bool:
        """Make sure that a host has the weights that count."""
        await self._agree()
        if not seat.fresh:
            await self._watch.ask(seat)
        return seat.fresh

    async def _agree(self) -> None:
        """Let the first host that answers say which weights count."""
        if self._digest is not None:
            return
        await self._watch.ask_all()
        for seat in self._seats:
            if seat.fresh and seat.spec:
                self._digest = self._digest or seat.spec.digest
                if seat.spec.digest != self._digest:
                    seat.set_aside(OtherWeights(seat.spec, self._digest))

    async def _told(self, model: Embedder) -> EmbeddingSpec:
        spec = await model.spec()
        if self._digest not in {None, spec.digest}:
            raise OtherWeights(spec, str(self._digest))
        return spec


async def _in_time(result: Awaitable[T], patience: float | None) -> T:
    try:
        async with asyncio.timeout(patience):
            return await result
    except TimeoutError as error:
        raise Unavailable(f"did not embed a question within {patience:g} s") from error


async def _embed(model: Embedder) -> None:
    """Let a model do the real thing once."""
    await model.embed_query(_HARMLESS)
