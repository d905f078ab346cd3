"""Streams an answer as it is written, natively, as far as Slack lets one message go."""

import contextlib
from collections.abc import Callable, Sequence
from typing import Final

from bot.chat.slack.abilities import CARDS, Abilities
from bot.chat.slack.markup import escaped, size
from bot.chat.slack.posting import Json, Posting, Spot
from bot.chat.slack.progress import weight
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
    """One stream after the other, each a reply in the thread; the first has `cards`.

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
        abilities: Abilities,
        cards: Sequence[Json] = (),
    ) -> None:
        self._posting = posting
        self._spot = spot
        self._trail = trail
        self._clock = clock
        self._blocks = blocks
        self._abilities = abilities
        self._cards = cards if abilities.has(CARDS) else ()
        self._carried = 0
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
        room = STREAM_BYTES - weight(self._cards)
        pieces = parts(self.waiting, limit=room, size=size)
        piece = pieces[0].text if pieces else self.waiting
        full = self._carried + size(self.shown) + size(piece) > STREAM_BYTES
        if self.ts is not None and (full or not await self._appended(self.ts, piece)):
            await self._roll(self.ts)
        elif self.ts is None:
            await self._start(piece)

    async def _start(self, piece: str) -> None:
        try:
            self.ts = await self._started(piece)
        except Denied as denied:
            if not self._cards or denied.code != "invalid_chunks":
                raise
            self._abilities.lacks(CARDS)
            self._cards = ()
            self.ts = await self._started(piece)
        self._carried, self._cards = weight(self._cards), ()
        self._take(piece)

    async def _started(self, piece: str) -> str:
        start = self._posting.start(
            self._spot, escaped(piece), blocks=self._blocks(), cards=self._cards
        )
        return await self._trail.made(start)

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
        self.ts, self.shown, self._carried = None, "", 0
