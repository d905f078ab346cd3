"""Whether people who ask now are answered, and what is in the way if not."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

import structlog

from bot.core.errors import BotError
from bot.ops.check import Finding, Level
from bot.telemetry import LOOK_BROKE, PART_CHANGED

log = structlog.get_logger()

Look: TypeAlias = Callable[[], Awaitable[Finding]]

EVERY = 5.0
"""Seconds between two looks at a part."""

PATIENCE = 2.0
"""Seconds that a look may take."""

_SILENT = Finding(level=Level.ERROR, text="does not answer in time")
_MISTAKE = Finding(
    level=Level.ERROR, text="cannot be looked at; the log says why (serve.look_broke)"
)


class Readiness:
    """Looks at the parts again and again, so that nobody who asks has to wait.

    What is asked for is what was seen last, never more than `EVERY` and `PATIENCE`
    ago. A part that changes is worth a line in the log.
    """

    def __init__(
        self,
        *,
        patience: float = PATIENCE,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._patience = patience
        self._pause = pause
        self._seen: dict[str, Finding] = {}

    @property
    def parts(self) -> Mapping[str, Finding]:
        """How every part stands."""
        return self._seen

    def tell(self, part: str, finding: Finding, /) -> None:
        """Take in how a part stands."""
        before = self._seen.get(part)
        self._seen[part] = finding
        if before is None or before.level is not finding.level:
            _log(part, finding)

    async def watch(self, looks: Mapping[str, Look], /) -> None:
        """Look at parts for ever; one that takes long delays no other."""
        async with asyncio.TaskGroup() as group:
            for part, look in looks.items():
                group.create_task(self._keep(part, look))

    async def _keep(self, part: str, look: Look) -> None:
        while True:
            async with asyncio.TaskGroup() as group:
                looking = group.create_task(self._look(part, look))
                await asyncio.wait([looking], timeout=self._patience)
                if not looking.done():  # and what is asked may be slow to give up
                    self.tell(part, _SILENT)
                    looking.cancel()
            await self._pause(EVERY)

    async def _look(self, part: str, look: Look) -> None:
        try:
            self.tell(part, await look())
        except BotError as error:
            self.tell(part, Finding(level=Level.ERROR, text=str(error)))
        except Exception:  # whoever only looks must not end what others rely on
            if self._seen.get(part) != _MISTAKE:
                log.exception(LOOK_BROKE, part=part)
            self.tell(part, _MISTAKE)


def works(finding: Finding, /) -> bool:
    """Say whether a part does what people who ask need of it."""
    return finding.level is not Level.ERROR


def summary(
    parts: Mapping[str, Finding], /, *, role: str
) -> tuple[bool, Mapping[str, object]]:
    """Say whether people who ask are answered, and all there is to say of it."""
    wrong = {name: each.text for name, each in parts.items() if not works(each)}
    return not wrong, {
        "ready": not wrong,
        "role": role,
        "reasons": [f"{name}: {text}" for name, text in wrong.items()],
        "parts": {
            name: {"level": each.level, "text": each.text}
            for name, each in parts.items()
        },
    }


def _log(part: str, finding: Finding) -> None:
    say = {Level.OK: log.info, Level.WARNING: log.warning, Level.ERROR: log.error}
    say[finding.level](PART_CHANGED, part=part, text=finding.text)
