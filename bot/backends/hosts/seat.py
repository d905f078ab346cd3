"""One host among several: its model, its health, and what it said of itself."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from bot.backends.hosts.breaker import Breaker, Health
from bot.backends.refusals import TextRejected
from bot.core.errors import BotError, ConfigError, ContextOverflow, Unavailable
from bot.telemetry import HOST_BACK, HOST_SET_ASIDE, HOST_WARNING

Model = TypeVar("Model")
Spec = TypeVar("Spec")

log = structlog.get_logger()

FRESH = 60.0
"""Seconds for which a host is believed what it said of itself."""


async def _nothing() -> Sequence[str]:
    return ()


async def _as_it_is() -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelHost(Generic[Model]):
    """A host as it is configured: `slots` is how many requests it works on at once.

    `look` returns what the operator should know now, such as
    `ollama.Residency.look`. `revive` is tried when the host was given a second chance
    in vain, such as `OllamaLanguageModel.unload`.
    """

    name: str
    model: Model
    slots: int = 1
    look: Callable[[], Awaitable[Sequence[str]]] = _nothing
    revive: Callable[[], Awaitable[None]] = _as_it_is


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a host is doing, for people; `problem` is its last error."""

    name: str
    health: Health
    busy: int
    problem: str | None
    warnings: tuple[str, ...]


class Seat(Generic[Model, Spec]):
    """A host in use."""

    def __init__(
        self, host: ModelHost[Model], /, *, clock: Callable[[], float]
    ) -> None:
        self.host = host
        self.breaker = Breaker(clock=clock)
        self.busy = 0
        self.error: BotError | None = None
        self.warnings: tuple[str, ...] = ()
        self._clock = clock
        self._spec: Spec | None = None
        self._told_at = 0.0

    @property
    def load(self) -> float:
        """How much of its slots is in use; 1 and more is all of them."""
        return self.busy / self.host.slots

    @property
    def spec(self) -> Spec | None:
        """What the host said of its model, however long ago."""
        return self._spec

    @property
    def fresh(self) -> bool:
        """Whether it said so lately, and did not fail since."""
        return self._spec is not None and self._clock() - self._told_at < FRESH

    def told(self, spec: Spec, /) -> None:
        """Take in what the host says of its model."""
        self._spec, self._told_at = spec, self._clock()

    def reluctance(self, *, watched: bool) -> int:
        """How little the host is to be asked; watched ones are tried out by others."""
        match self.breaker.health:
            case Health.WELL:
                return 0
            case Health.DOUBTFUL:
                return int(watched or self.breaker.failed_lately)
            case Health.CONVALESCENT:
                return 2 if watched else 0
            case Health.ILL:
                return 3

    @contextmanager
    def used(self) -> Iterator[None]:
        """Use the host, once it was admitted, and learn from how that ends."""
        self.busy += 1
        try:
            with self.asked():
                yield
        except (ContextOverflow, TextRejected):
            self._well()
            raise
        else:
            self._well()
        finally:
            self.busy -= 1

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Ask an admitted host for what proves nothing unless it goes wrong."""
        try:
            yield
        except (ContextOverflow, TextRejected):
            raise
        except ConfigError as error:
            self._ill(error, self.breaker.trip)
            raise
        except Unavailable as error:
            self._ill(error, self.breaker.failed)
            raise
        finally:
            self.breaker.let_go()  # also when whoever asked has gone

    def set_aside(self, error: ConfigError, /) -> None:
        """Leave the host alone for a while, though it answers."""
        self._ill(error, self.breaker.trip)

    async def look(self) -> None:
        """Find out what the operator should know, and log what is new."""
        found = tuple(await self.host.look())
        for warning in found:
            if warning not in self.warnings:
                log.warning(HOST_WARNING, host=self.host.name, warning=warning)
        self.warnings = found

    def standing(self) -> Standing:
        """Say how the host is doing."""
        return Standing(
            name=self.host.name,
            health=self.breaker.health,
            busy=self.busy,
            problem=str(self.error) if self.error else None,
            warnings=self.warnings,
        )

    def _well(self) -> None:
        if self.breaker.health in (Health.ILL, Health.CONVALESCENT):
            log.info(HOST_BACK, host=self.host.name)
        self.breaker.succeeded()
        self.error = None

    def _ill(self, error: BotError, report: Callable[[], None]) -> None:
        before = self.breaker.health
        report()
        self.error = error
        self._told_at = self._clock() - FRESH
        if self.breaker.health is Health.ILL is not before:
            log.warning(HOST_SET_ASIDE, host=self.host.name, error=str(error))


def nobody(seats: Sequence[Seat[Model, Spec]], kind: str, /) -> BotError:
    """Return the error for a request that no host was left for.

    It is for the operator where nobody else can help, and says otherwise when one
    of the hosts is tried again.
    """
    told = "; ".join(f"{seat.host.name}: {seat.error or 'busy'}" for seat in seats)
    sentence = f"no {kind} host can be used now ({told})"
    if len(seats) == 1 and seats[0].error:
        sentence = str(seats[0].error)
    if all(isinstance(seat.error, ConfigError) for seat in seats):
        return ConfigError(sentence)
    waits = [seat.breaker.remaining for seat in seats]
    return Unavailable(sentence, retry_after=min(waits))
