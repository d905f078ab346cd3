"""Shows an answer while it is written, in the best way that works here and now."""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import structlog

from bot.chat.pacing import Pace
from bot.chat.slack.abilities import STREAMS, Abilities
from bot.chat.slack.contents import View, stopping
from bot.chat.slack.literal import literal
from bot.chat.slack.posting import Json, Posting, Spot
from bot.chat.slack.refusals import Denied, Missing, Unsure
from bot.chat.slack.streaming import Streaming
from bot.chat.slack.trail import Trail
from bot.chat.slack.updating import Updating
from bot.core.errors import Unavailable
from bot.telemetry import SHOWING_FAILED

log = structlog.get_logger()

Way: TypeAlias = Streaming | Updating

BREATH: Final = 5.0
"""Seconds for which a Slack that does not answer is left alone."""

STOPPED: Final = "stopped_by_user"
"""What Slack says to an addition to a stream that somebody stopped there."""


class Live:
    """Streams, or edits where streaming is refused or a stream has ended too soon.

    Nothing depends on it: what it cannot show is shown in the end. Raises `Missing`
    where the place, or what was shown there, is gone.
    """

    def __init__(
        self,
        posting: Posting,
        spot: Spot,
        trail: Trail,
        view: View,
        /,
        *,
        abilities: Abilities,
        pace: Pace,
        clock: Callable[[], float],
        stoppable: Callable[[], bool],
        cards: Sequence[Json] = (),
        streams: bool = True,
    ) -> None:
        self._posting = posting
        self._spot = spot
        self._trail = trail
        self._view = view
        self._abilities = abilities
        self._pace = pace
        self._clock = clock
        self._stoppable = stoppable
        self._next = 0.0
        self._over = False
        self._held = ""
        self._way: Way = self._editing()
        if streams and abilities.has(STREAMS):
            self._way = Streaming(
                posting,
                spot,
                trail,
                clock=clock,
                blocks=self._buttons,
                abilities=abilities,
                cards=cards,
            )

    @property
    def begun(self) -> bool:
        """Whether something of the answer can be read."""
        return bool(self._trail.messages)

    async def add(self, text: str, /) -> None:
        """Show the next piece, or keep it for later."""
        self._held += literal(text)
        if self._over or self._clock() < self._next:
            return
        piece, self._held = self._held, ""
        try:
            await self._add(piece)
        except Unsure as error:
            self._give_up(str(error))  # more of it could then be there twice
        except Unavailable as error:
            self._next = self._clock() + (error.retry_after or BREATH)
        except Missing:
            self._over = True
            raise
        except Denied as denied:
            self._give_up(denied.code)

    async def close(self) -> None:
        """Show nothing more of it."""
        self._over = True
        await self._way.close()

    async def _add(self, piece: str) -> None:
        try:
            await self._way.add(piece)
        except Missing:
            raise
        except Denied as denied:
            if isinstance(self._way, Updating):
                raise
            waiting = self._way.waiting
            self._way = self._instead_of(self._way, denied.code)
            if denied.code == STOPPED:
                # Who may stop it has it stopped by then; Slack lets anybody.
                self._held, self._next = waiting, self._clock() + BREATH
            else:
                await self._way.add(waiting)

    def _instead_of(self, stream: Streaming, code: str) -> Updating:
        """Go on by editing: what the stream began, or anew."""
        if stream.ts is None:
            log.warning(SHOWING_FAILED, error=f"no streaming here: {code}")
            self._abilities.lacks(STREAMS)
            return self._editing()
        return self._editing(ts=stream.ts, shown=stream.shown)

    def _editing(self, *, ts: str | None = None, shown: str = "") -> Updating:
        return Updating(
            self._posting,
            self._spot,
            self._trail,
            self._view,
            self._pace,
            ts=ts,
            shown=shown,
        )

    def _buttons(self) -> Sequence[Json]:
        """Offer to stop where Slack itself does not."""
        return [] if self._stoppable() else [stopping(self._view)]

    def _give_up(self, reason: str) -> None:
        self._over = True
        log.info(SHOWING_FAILED, question=self._view.question, error=reason)
