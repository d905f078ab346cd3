"""What `shirube check` finds, and how it looks: side by side, and never for long."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias, TypeVar

from bot.core.errors import BotError
from bot.core.model import Language
from bot.text import findings as say
from bot.text.phrases import Phrase

T = TypeVar("T")

LIMIT: Final = 15.0
"""Seconds that one look may take: the parts of a look give up after ten."""

_STEP = 1_000
_ROUND = 100


class Level(StrEnum):
    """How bad a finding is; an error makes `check` fail."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One sentence about one thing, with what to do if something is wrong."""

    level: Level
    text: str


Findings: TypeAlias = Sequence[Finding]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """What is looked at: its name for programs, its title for people.

    A look that takes too long, or raises `BotError`, becomes a finding itself, as
    bad as `fault` says.
    """

    name: str
    title: str
    look: Callable[[], Awaitable[Findings]]
    limit: float | None = LIMIT
    fault: Level = Level.ERROR


async def look_at(
    things: Sequence[Thing],
    show: Callable[[Thing, Finding], None],
    language: Language,
    /,
) -> Level:
    """Look at all things at once, show them in order, and return the worst level."""
    worst = Level.OK
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_found(thing, language)) for thing in things]
        for thing, task in zip(things, tasks, strict=True):
            for finding in await task:
                show(thing, finding)
                worst = max(worst, finding.level, key=list(Level).index)
    return worst


async def _found(thing: Thing, language: Language) -> Findings:
    try:
        async with asyncio.timeout(thing.limit):
            return await thing.look()
    except TimeoutError:
        text = say.LATE.say(language, seconds=f"{thing.limit:g}")
        return [Finding(level=thing.fault, text=text)]
    except BotError as error:
        return [fault(error, language, level=thing.fault)]


def fault(
    error: BotError | str, language: Language, /, *, level: Level = Level.ERROR
) -> Finding:
    """Return what an error says, as a finding."""
    problem = str(error).rstrip(".。")
    return Finding(level=level, text=say.FAULT.say(language, problem=problem))


async def aside(work: Callable[[], T], /) -> T:
    """Run blocking work in a thread that does not keep the process from ending.

    `work` handles its own errors: what it raises is printed and never returned.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T) -> None:
        if not done.done():
            done.set_result(result)

    def run() -> None:
        result = work()
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result)

    threading.Thread(target=run, daemon=True).start()
    return await done


class Speaker:
    """Makes findings out of phrases, in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def ok(self, phrase: Phrase, /, **values: object) -> Finding:
        """Say that something is as it should be."""
        return self._finding(Level.OK, phrase, values)

    def warning(self, phrase: Phrase, /, **values: object) -> Finding:
        """Say what may become a problem."""
        return self._finding(Level.WARNING, phrase, values)

    def error(self, phrase: Phrase, /, **values: object) -> Finding:
        """Say what must be mended."""
        return self._finding(Level.ERROR, phrase, values)

    def _finding(
        self, level: Level, phrase: Phrase, values: dict[str, object]
    ) -> Finding:
        return Finding(level=level, text=phrase.say(self.language, **values))


def size(count: int, /) -> str:
    """Return a number of bytes as people read it."""
    value, units = float(count), iter(("B", "kB", "MB", "GB", "TB"))
    unit = next(units)
    while value >= _STEP and unit != "TB":
        value, unit = value / _STEP, next(units)
    return f"{value:.0f} {unit}" if value >= _ROUND else f"{value:.3g} {unit}"
