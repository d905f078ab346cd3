"""Streams an answer as it is written, natively, as far as Slack lets one message go."""

import contextlib
from collections.abc import Callable, Sequence
from typing import Final

from bot.chat.slack.markup import escaped, size
from bot.chat.slack.posting import Json, Posting, Spot
from bot.chat.slack.refusals import Denied
from bot.chat.slack.trail import Trail
from bot.core.errors import Unavailable
from bot.text.parts import parts

STREAM_BYTES: Final = 11_000
"""How much one stream takes; Slack closes it for good at about 12,000."""

APART: Final = 0.6
"""Seconds between two additions."""

ROLLS: Final = "…"


class Streaming:
    """One stream after the other, each a reply in the thread.

    `shown` is what the last one has, `waiting` what none has yet.
    """

    def __init__(
        self,
        posting: Posting,
        spot: Spot,
        trail: Trail,
        /,
        *,
        clock: Callable[[], float],
        blocks: Callable[[], Sequence[Json]],
    ) -> None:
        self._posting = posting
        self._spot = spot
        self._trail = trail
        self._clock = clock
        self._blocks = blocks
        self._next = 0.0
        self.ts: str | None = None
        self.shown = ""
        self.waiting = ""

    async def add(self, text: str, /) -> None:
        """Show more; what comes too soon goes with what comes next."""
        self.waiting += text
        if self._clock() < self._next:
            return
        while self.waiting:
            await self._push()

    async def close(self) -> None:
        """End the stream."""
        if self.ts is not None:
            with contextlib.suppress(Denied, Unavailable):
                await self._posting.stop(self._spot.channel, self.ts)
            self.ts = None

    async def _push(self) -> None:
        pieces = parts(self.waiting, limit=STREAM_BYTES, size=size)
        piece = pieces[0].text if pieces else self.waiting
        full = size(self.shown) + size(piece) > STREAM_BYTES
        if self.ts is not None and (full or not await self._appended(self.ts, piece)):
            await self._roll(self.ts)
        elif self.ts is None:
            start = self._posting.start(
                self._spot, escaped(piece), blocks=self._blocks()
            )
            self.ts = await self._trail.made(start)
            self._take(piece)

    async def _appended(self, ts: str, piece: str) -> bool:
        """Add to the stream; false if Slack finds that it is full."""
        try:
            await self._posting.append(self._spot.channel, ts, escaped(piece))
        except Denied as denied:
            if denied.code != "msg_too_long":
                raise
            return False
        self._take(piece)
        return True

    def _take(self, piece: str) -> None:
        self.shown += piece
        self.waiting = self.waiting[len(piece) :]
        self._next = self._clock() + APART

    async def _roll(self, ts: str) -> None:
        """End a stream that is full; the next piece begins another."""
        with contextlib.suppress(Denied):
            await self._posting.stop(self._spot.channel, ts, markdown=ROLLS)
        self.ts, self.shown = None, ""
