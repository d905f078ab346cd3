"""Shows an answer that nobody asked the bot for: with its sources, or not at all."""

import contextlib
from collections.abc import Mapping
from typing import Any, Protocol

from bot.chat.endings import PassedOver
from bot.chat.slack.refusals import Denied
from bot.chat.slack.stage import Stage
from bot.chat.surface import Ended, Showing
from bot.core.errors import Unavailable
from bot.core.inbox import Claim
from bot.core.model import AnswerEvent, Sentence
from bot.core.ports import Place


class Shown(Showing, Protocol):
    """Shows a question, and knows what is shown of it."""

    async def stands(self) -> bool:
        """Whether some of the answer is there already."""


class Unasked:
    """What was overheard as its asker sees it: nothing before the end.

    Then it is shown as any other, if it has sources. Nobody waits for it, so it gives
    way to people, and to whoever waits.
    """

    def __init__(self, showing: Shown, stage: Stage, claim: Claim, /) -> None:
        self._showing = showing
        self._stage = stage
        self._question = claim.question
        self._incoming = claim.incoming
        self._looked = False

    def moved(self, place: Place, /) -> None:
        """Give way when it would be its turn too late."""
        left = self._incoming.expires_at - self._stage.now()
        if place.position and place.wait > left.total_seconds():
            self._stage.stop(self._question)

    async def show(self, event: AnswerEvent, /) -> None:
        """Look, when there is something to say, whether somebody has said something.

        People may have, while nobody of us listened.
        """
        if isinstance(event, Sentence) and not self._looked:
            self._looked = True
            with contextlib.suppress(Unavailable):  # `end` looks again
                if await self._replied():
                    self._stage.stop(self._question)

    async def end(self, ended: Ended, /) -> None:
        """Show an answer that has sources which say it, not such that only may.

        What could not be shown in time, or before somebody else said something, is
        passed over; what stands there in part is completed in any case. Raises
        `Unavailable` as well where Slack does not say now who replied.
        """
        if ended.answer is None:
            return
        if not any(citation.quote for citation in ended.answer.citations):
            raise PassedOver
        if not await self._showing.stands() and await self._too_late():
            raise PassedOver
        await self._showing.end(ended)

    async def _too_late(self) -> bool:
        return self._stage.now() > self._incoming.expires_at or await self._replied()

    async def _replied(self) -> bool:
        origin = self._incoming.origin
        if origin.message is None:
            return False
        try:
            found = await self._stage.posting.since(
                origin.channel, origin.message, thread=origin.message
            )
        except Denied:
            return False
        return any(map(self._by_another, found))

    def _by_another(self, message: Mapping[str, Any]) -> bool:
        ours = {None, self._stage.bot, self._incoming.asker}
        return message.get("user") not in ours and not message.get("bot_id")
