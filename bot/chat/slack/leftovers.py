"""Status lines that Slack would not take away at once: they are taken away later."""

import asyncio
from typing import Final, TypeAlias

from bot.chat.pacing import Pause
from bot.chat.slack.posting import Spot
from bot.chat.slack.status import StatusLine

_Thread: TypeAlias = tuple[str, str]

EVERY: Final = 5.0
"""Seconds between two attempts to take all of them away."""


class Leftovers:
    """What stands below threads whose answer is there; the last line of each thread."""

    def __init__(self, *, pause: Pause = asyncio.sleep) -> None:
        self._pause = pause
        self._left: dict[_Thread, StatusLine] = {}

    def leave(self, spot: Spot, line: StatusLine, /) -> None:
        """Have a line taken away later, unless it is away."""
        if not line.cleared:
            self._left[spot.channel, spot.thread] = line

    def replaced(self, spot: Spot, /) -> None:
        """Leave a thread alone: another question is answered there, with its line."""
        self._left.pop((spot.channel, spot.thread), None)

    async def tidy(self) -> None:
        """Take away what is left until cancelled."""
        while True:
            await self._pause(EVERY)
            for thread, line in list(self._left.items()):
                if self._left.get(thread) is line:
                    await line.clear()
                    self._drop(thread, line)

    def _drop(self, thread: _Thread, line: StatusLine) -> None:
        if line.cleared and self._left.get(thread) is line:
            del self._left[thread]
