"""A language model that several hosts have, behind the port of one."""

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing

from bot.backends.closing import closing
from bot.backends.hosts.seat import ModelHost, Seat, Standing, nobody
from bot.backends.hosts.watching import Watch
from bot.backends.pacing import until
from bot.core.errors import BotError, ConfigError, ContextOverflow, Unavailable
from bot.core.model import Profile
from bot.core.ports import (
    TICKET,
    Completion,
    LanguageModel,
    Message,
    ModelSpec,
    Role,
    Ticket,
    Token,
)

_Seat = Seat[LanguageModel, ModelSpec]

_GREETING = (Message(role=Role.USER, text="こんにちは"),)


class HostedLanguageModel:
    """The `LanguageModel` port over hosts that have the same model.

    A conversation stays with one host, which has read its beginning already, as
    long as that is well and has a slot. What fails before its first token is asked
    of another host, all within `deadline` seconds. Run `watch` beside everything
    else: it tries hosts out again that were ill. Without it a question does.
    Limits are those of the host that takes least. Does not own the hosts.
    """

    def __init__(
        self,
        hosts: Sequence[ModelHost[LanguageModel]],
        /,
        *,
        deadline: float = 480.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not hosts:
            raise ConfigError("there is no model host; configure one")
        self._seats: Sequence[_Seat] = [Seat(host, clock=clock) for host in hosts]
        self._deadline = deadline
        self._watch = Watch(self._seats, ask=_describe, try_out=_greet)

    @property
    def slots(self) -> int:
        """How many answers all hosts together can write at once."""
        return sum(seat.host.slots for seat in self._seats)

    def standings(self) -> tuple[Standing, ...]:
        """Say how each host is doing; asks nobody."""
        return tuple(seat.standing() for seat in self._seats)

    async def watch(
        self, *, pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        """Look after the hosts until cancelled."""
        await self._watch.run(pause=pause)

    async def describe(self) -> ModelSpec:
        """Say which model answers and how much every host takes of it.

        Asks the hosts only if none has said so within the last minute. Raises
        `ConfigError` if that is what all of them need.
        """
        if not any(seat.fresh for seat in self._seats):
            await self._watch.ask_all()
        specs = [seat.spec for seat in self._seats if seat.fresh and seat.spec]
        if not specs:
            raise nobody(self._seats, "model")
        return ModelSpec(
            model=specs[0].model,
            digest=specs[0].digest,
            context=min(spec.context for spec in specs),
            output=min(spec.output for spec in specs),
        )

    def measure(self, text: str, /) -> int:
        """Estimate the tokens of a text, as the most careful of the hosts does."""
        return max(seat.host.model.measure(text) for seat in self._seats)

    async def generate(
        self, messages: Sequence[Message], /, *, profile: Profile
    ) -> AsyncGenerator[Token | Completion, None]:
        """Stream what one host writes; another one writes if it does not begin."""
        end = asyncio.get_running_loop().time() + self._deadline
        ticket = TICKET.get() or Ticket()
        tried: list[_Seat] = []
        while True:
            seat = self._admitted(ticket.conversation, tried)
            tried.append(seat)
            begun = False
            try:
                stream = until(end, _written(seat, messages, profile))
                async with aclosing(stream) as events:
                    async for event in events:
                        begun = True
                        yield event
            except ContextOverflow:
                raise
            except (Unavailable, ConfigError):
                if begun or asyncio.get_running_loop().time() >= end:
                    raise
            else:
                return

    def _admitted(self, conversation: str, tried: Sequence[_Seat]) -> _Seat:
        ranked = sorted(self._seats, key=lambda seat: self._rank(seat, conversation))
        for seat in ranked:
            if seat not in tried and seat.breaker.admit():
                return seat
        raise self._exhausted(tried)

    def _rank(self, seat: _Seat, conversation: str) -> tuple[int, float, bytes]:
        """Order hosts: well ones, then free ones, then the conversation's own."""
        return (
            seat.reluctance(watched=self._watch.active),
            seat.load if seat.load >= 1 else 0.0,
            _affinity(conversation, seat.host.name),
        )

    def _exhausted(self, tried: Sequence[_Seat]) -> BotError:
        """Return the one host's own error, or one that tells of all of them."""
        errors = [seat.error for seat in tried if seat.error]
        alone = len(self._seats) == 1 and errors
        return errors[0] if alone else nobody(self._seats, "model")


async def _written(
    seat: _Seat, messages: Sequence[Message], profile: Profile
) -> AsyncGenerator[Token | Completion, None]:
    generation = seat.host.model.generate(messages, profile=profile)
    with seat.used():
        async with closing(generation) as events:
            async for event in events:
                yield event


def _affinity(conversation: str, host: str) -> bytes:
    """Return a number by which each conversation orders the hosts its own way."""
    return hashlib.blake2b(f"{conversation}\0{host}".encode(), digest_size=8).digest()


async def _describe(model: LanguageModel) -> ModelSpec:
    return await model.describe()


async def _greet(model: LanguageModel) -> None:
    """Let a model begin to answer."""
    generation = model.generate(_GREETING, profile=Profile.FAQ)
    async with closing(generation) as events:
        async for _ in events:
            return
