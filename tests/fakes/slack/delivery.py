"""Brings payloads to the app: three seconds for an ack, three more tries for events."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol
from uuid import uuid4

from tests.fakes.slack.clock import Clock, Timer
from tests.fakes.slack.model import Json

ACK_SECONDS = 3.0
RETRY_PAUSES = (0.0, 60.0, 300.0)


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One try: under which envelope, through which connection, and how it ended."""

    envelope_id: str
    number: int
    reason: str
    at: float
    connection: int | None = None
    failure: str = ""
    waited_for: bool = False


@dataclass(slots=True, kw_only=True)
class Delivery:
    """A payload on its way; commands and clicks are tried once only."""

    kind: str
    payload: Json
    attempts: list[Attempt] = field(default_factory=list)
    acked_at: float | None = None
    answer: Json = field(default_factory=dict)
    given_up: str = ""
    read_answer: Callable[[Json], None] | None = None
    timer: Timer | None = None

    @property
    def acked(self) -> bool:
        """Whether the app said that it has it."""
        return self.acked_at is not None

    @property
    def event(self) -> Json:
        """The event inside, or nothing."""
        event: Json = self.payload.get("event", {})
        return event


class Transport(Protocol):
    """A way to the app.

    `timeout_reason` is what a retry gives as its reason, `calm_seconds` how long the
    app may take, in real time, before a clock that jumps goes past it.
    """

    timeout_reason: str
    calm_seconds: float

    async def carry(self, delivery: Delivery, attempt: Attempt, /) -> None:
        """Send one attempt; the courier hears of acks and failures later."""


class Courier:
    """Sends payloads through the transport and tries again as Slack does."""

    def __init__(self, clock: Clock, notify: Callable[[], None]) -> None:
        self.transport: Transport | None = None
        self.deliveries: list[Delivery] = []
        self._clock = clock
        self._notify = notify
        self._open: dict[str, Delivery] = {}
        self._answered = asyncio.Event()
        clock.before_moving = self.calm

    async def send(
        self,
        kind: str,
        payload: Json,
        *,
        read_answer: Callable[[Json], None] | None = None,
    ) -> Delivery:
        """Send a payload; it is on its way when this returns."""
        delivery = Delivery(kind=kind, payload=payload, read_answer=read_answer)
        self.deliveries.append(delivery)
        await self._try(delivery, "")
        return delivery

    async def again(self, delivery: Delivery) -> None:
        """Deliver once more although it was acknowledged, as happens at times."""
        delivery.acked_at = None
        await self._try(delivery, "timeout")

    async def calm(self) -> None:
        """Give the app a moment of real time for what it has just been sent.

        Otherwise a clock that jumps would outrun an app that answers at once.
        """
        if self.transport is None:
            return
        fresh = {
            key: delivery.attempts[-1]
            for key, delivery in self._open.items()
            if delivery.attempts[-1].connection is not None
            and not delivery.attempts[-1].waited_for
        }
        with suppress(TimeoutError):
            async with asyncio.timeout(self.transport.calm_seconds):
                while fresh.keys() & self._open.keys():
                    self._answered.clear()
                    await self._answered.wait()
        for attempt in fresh.values():
            attempt.waited_for = True

    def acknowledge(self, envelope_id: str, answer: Json) -> None:
        """Take an ack; one that comes too late counts for nothing."""
        delivery = self._open.pop(envelope_id, None)
        if delivery is None:
            return
        if delivery.timer is not None:
            delivery.timer.cancel()
        delivery.acked_at = self._clock.now()
        delivery.answer = answer
        if delivery.read_answer is not None:
            delivery.read_answer(answer)
        self._answered.set()
        self._notify()

    async def fail(self, envelope_id: str, failure: str, *, again: bool = True) -> None:
        """Take a failure of one attempt, and try again when it is time."""
        delivery = self._open.pop(envelope_id, None)
        if delivery is None:
            return
        if delivery.timer is not None:
            delivery.timer.cancel()
        delivery.attempts[-1].failure = failure
        self._answered.set()
        tried = len(delivery.attempts)
        if not again or delivery.kind != "events_api" or tried > len(RETRY_PAUSES):
            delivery.given_up = failure
            self._notify()
            return
        pause = RETRY_PAUSES[tried - 1]
        if pause:
            self._clock.after(pause, lambda: self._try(delivery, failure))
        else:
            await self._try(delivery, failure)

    async def _try(self, delivery: Delivery, reason: str) -> None:
        attempt = Attempt(
            envelope_id=str(uuid4()),
            number=len(delivery.attempts),
            reason=reason,
            at=self._clock.now(),
        )
        delivery.attempts.append(attempt)
        self._open[attempt.envelope_id] = delivery
        delivery.timer = self._clock.after(
            ACK_SECONDS, lambda: self.fail(attempt.envelope_id, self._timeout())
        )
        if self.transport is not None:
            await self.transport.carry(delivery, attempt)
        self._notify()

    def _timeout(self) -> str:
        return self.transport.timeout_reason if self.transport else "timeout"
