"""Shows an answer as it is written by editing a message, where there are no streams."""

from bot.chat.pacing import Pace
from bot.chat.slack.contents import PART_BYTES, View, growing
from bot.chat.slack.markup import size
from bot.chat.slack.posting import Posting, Spot, mark
from bot.chat.slack.trail import ANSWER, Trail
from bot.text.parts import parts


class Updating:
    """Edits one message after the other, as often as all answers together may.

    `ts` is a message that already shows some of the text.
    """

    def __init__(
        self,
        posting: Posting,
        spot: Spot,
        trail: Trail,
        view: View,
        pace: Pace,
        /,
        *,
        ts: str | None = None,
        shown: str = "",
    ) -> None:
        self._posting = posting
        self._spot = spot
        self._trail = trail
        self._view = view
        self._pace = pace
        self._ts = ts
        self._shown = shown
        self._waiting = ""

    async def add(self, text: str, /) -> None:
        """Show more, if it is time to."""
        self._waiting += text
        if self._ts is not None and size(self._shown + self._waiting) > PART_BYTES:
            self._ts, self._shown = None, ""
        whole = self._shown + self._waiting
        pieces = parts(whole, limit=PART_BYTES, size=size)
        if not pieces or (self._ts is not None and not self._pace.ready()):
            return
        await self._show(pieces[0].text)
        self._shown, self._waiting = pieces[0].text, whole[len(pieces[0].text) :]

    async def close(self) -> None:
        """Do nothing: a message stands as it is."""

    async def _show(self, text: str) -> None:
        content = growing(text, self._view)
        marked = mark(self._view.question, ANSWER)
        if self._ts is None:
            post = self._posting.post(self._spot, content, mark=marked)
            self._ts = await self._trail.made(post)
        else:
            channel = self._spot.channel
            await self._posting.update(channel, self._ts, content, mark=marked)
