"""A fair gate before the slots of a model: who waits knows its place and may leave."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.backends.closing import closing
from bot.backends.line import FairLine
from bot.core.errors import Unavailable
from bot.core.model import Profile
from bot.core.ports import (
    TICKET,
    Completion,
    LanguageModel,
    Message,
    ModelSpec,
    Place,
    Ticket,
    Token,
)

_NEWEST = 0.2
"""How much the last answer counts in the mean time of an answer."""

_REMEMBERED = 64
"""Tickets that may come again without waiting, because they were served before."""


@dataclass(slots=True, eq=False)
class _Waiting:
    ticket: Ticket
    turn: "asyncio.Future[None]"
    position: int = 0


class FairGate:
    """The `LanguageModel` port in front of another: at most `slots` generations.

    A loaded model queues without limit and without a word, so the waiting is done
    here. Askers take turns (`Ticket.asker`); a ticket that was served and asks
    again, because a prompt was too long or an answer unusable, goes ahead of those
    who were not. Leaving a generation, also by cancelling its task, gives its place
    or its slot to the next. Where more than `most_waiting` wait, or somebody waits
    longer than `longest_wait` seconds, `Unavailable` is raised.
    """

    def __init__(
        self,
        model: LanguageModel,
        /,
        *,
        slots: int,
        most_waiting: int = 100,
        longest_wait: float = 600.0,
        first_guess: float = 15.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._model = model
        self._slots = slots
        self._most_waiting = most_waiting
        self._longest_wait = longest_wait
        self._clock = clock
        self._line: FairLine[_Waiting] = FairLine()
        self._served: deque[Ticket] = deque(maxlen=_REMEMBERED)
        self.running = 0
        self.answer_seconds = first_guess

    @property
    def waiting(self) -> int:
        """How many wait for a slot."""
        return len(self._line)

    async def describe(self) -> ModelSpec:
        """Say which model answers and how much it takes."""
        return await self._model.describe()

    def measure(self, text: str, /) -> int:
        """Estimate the tokens of a text."""
        return self._model.measure(text)

    async def generate(
        self, messages: Sequence[Message], /, *, profile: Profile
    ) -> AsyncGenerator[Token | Completion, None]:
        """Wait for a slot, then stream what the model behind the gate writes."""
        async with (
            self._slot(TICKET.get() or Ticket()),
            closing(self._model.generate(messages, profile=profile)) as events,
        ):
            async for event in events:
                yield event

    @asynccontextmanager
    async def _slot(self, ticket: Ticket) -> AsyncIterator[None]:
        await self._enter(ticket)
        begun = self._clock()
        try:
            ticket.moved(Place(position=0, wait=0.0))
            yield
            took = self._clock() - begun
            self.answer_seconds += _NEWEST * (took - self.answer_seconds)
        finally:
            self._hand_over()

    async def _enter(self, ticket: Ticket) -> None:
        if self.running < self._slots:
            self.running += 1
        else:
            await self._wait(ticket)
        if not self._knows(ticket):
            self._served.append(ticket)

    async def _wait(self, ticket: Ticket) -> None:
        if self.waiting >= self._most_waiting:
            raise Unavailable(
                f"{self.waiting} questions wait already; try again later",
                retry_after=self._wait_at(self.waiting + 1),
            )
        waiting = _Waiting(ticket, asyncio.get_running_loop().create_future())
        self._join(waiting)
        try:
            async with asyncio.timeout(self._longest_wait):
                await waiting.turn
        except (TimeoutError, asyncio.CancelledError) as error:
            self._give_up(waiting)
            if isinstance(error, asyncio.CancelledError):
                raise
            raise Unavailable(
                f"no slot of the model became free within {self._longest_wait:g} s",
                retry_after=self._wait_at(waiting.position),
            ) from error

    def _join(self, waiting: _Waiting) -> None:
        if self._knows(waiting.ticket):
            self._line.join_again(waiting)
        else:
            self._line.join(waiting.ticket.asker, waiting)
        self._tell()

    def _knows(self, ticket: Ticket) -> bool:
        """Whether this very question was served; the next of the same asker was not."""
        return any(served is ticket for served in self._served)

    def _give_up(self, waiting: _Waiting) -> None:
        """Leave the line; a slot that was handed over just now goes to the next."""
        turn = waiting.turn
        if turn.done() and not turn.cancelled():
            self._hand_over()
        else:
            self._line.leave(waiting)
            self._tell()

    def _hand_over(self) -> None:
        """Give a slot to whoever is next and still there, else have it free."""
        while (waiting := self._line.next()) is not None:
            if not waiting.turn.done():
                waiting.turn.set_result(None)
                self._tell()
                return
        self.running -= 1

    def _tell(self) -> None:
        """Tell everybody whose place has changed."""
        for position, waiting in enumerate(self._line.order(), 1):
            if waiting.position != position:
                waiting.position = position
                wait = self._wait_at(position)
                waiting.ticket.moved(Place(position=position, wait=wait))

    def _wait_at(self, position: int) -> float:
        return position * self.answer_seconds / self._slots
