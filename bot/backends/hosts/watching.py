"""Looks after hosts in the background, so that no question has to find out."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Generic

from bot.backends.hosts.breaker import Health
from bot.backends.hosts.seat import Model, Seat, Spec
from bot.core.errors import BotError, Unavailable

EVERY = 15.0
"""Seconds between two looks at a host."""

PATIENCE = 3.0
"""Seconds for a host to say what it has, where somebody waits for it."""


class Watch(Generic[Model, Spec]):
    """Asks hosts what they have, and tries out those that were ill.

    `ask` lets a host say which model it has, `try_out` lets it do the real thing.
    """

    def __init__(
        self,
        seats: Sequence[Seat[Model, Spec]],
        /,
        *,
        ask: Callable[[Model], Awaitable[Spec]],
        try_out: Callable[[Model], Awaitable[None]],
    ) -> None:
        self._seats = seats
        self._ask = ask
        self._try_out = try_out
        self.active = False

    async def run(self, *, pause: Callable[[float], Awaitable[None]]) -> None:
        """Watch for ever; a host that takes long delays no other."""
        self.active = True
        try:
            async with asyncio.TaskGroup() as group:
                for seat in self._seats:
                    group.create_task(self._keep(seat, pause))
        finally:
            self.active = False

    async def ask_all(self) -> None:
        """Ask all hosts that may be asked side by side; never raises `BotError`."""
        async with asyncio.TaskGroup() as group:
            for seat in self._seats:
                group.create_task(self.ask(seat))

    async def ask(self, seat: Seat[Model, Spec], /) -> None:
        """Let a host say what it has, if it may be asked; an error is its own."""
        if not seat.breaker.admit():
            return
        try:
            with seat.asked():
                seat.told(await self._in_time(seat.host.model))
        except BotError:
            pass

    async def _in_time(self, model: Model) -> Spec:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._ask(model)
        except TimeoutError as error:
            raise Unavailable(
                f"did not say within {PATIENCE:g} s which model it has"
            ) from error

    async def _keep(
        self, seat: Seat[Model, Spec], pause: Callable[[float], Awaitable[None]]
    ) -> None:
        while True:
            match seat.breaker.health:
                case Health.ILL:
                    pass
                case Health.DOUBTFUL | Health.CONVALESCENT:
                    await self._cure(seat)
                case Health.WELL:
                    await self.ask(seat)
                    await seat.look()
            await pause(EVERY)

    async def _cure(self, seat: Seat[Model, Spec]) -> None:
        """Try out a host that failed, for as long as it takes to load a model."""
        if not seat.breaker.admit():
            return
        try:
            with seat.used():
                spec = await self._ask(seat.host.model)
                await self._try_out(seat.host.model)
                seat.told(spec)
        except BotError:
            with suppress(BotError):
                await seat.host.revive()
