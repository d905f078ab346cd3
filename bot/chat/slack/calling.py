"""Calls people to a question: the group that the settings name for its channel."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeAlias

from bot.chat.slack.errands import Told, task
from bot.chat.slack.literal import line, literal
from bot.chat.slack.passages import Passages
from bot.chat.slack.placing import is_direct
from bot.core.access import Audience
from bot.core.inbox import Incoming, QuestionId
from bot.core.ports import Askings, Outbox
from bot.text import pressing
from bot.text.phrases import Phrase

Readers: TypeAlias = Callable[[Incoming], Awaitable[Audience]]
"""Finds out who will see what is written where a question was asked."""

_TITLE: Final = 250
_TITLES: Final = 8


class Calling:
    """Puts calls into the outbox, one for a question, however often it is pressed.

    `groups` says whom to call in which channel. A question that was asked privately
    stays private.
    """

    def __init__(
        self,
        passages: Passages,
        groups: Mapping[str, str],
        *,
        readers: Readers,
        lookups: Askings,
        outbox: Outbox,
        clock: Callable[[], datetime],
    ) -> None:
        self._passages = passages
        self._groups = groups
        self._readers = readers
        self._lookups = lookups
        self._outbox = outbox
        self._clock = clock

    async def call(self, question: QuestionId, channel: str, /) -> Phrase:
        """Call people in the channel of a question; returns what is said of that."""
        incoming = await self._lookups.incoming(question)
        if incoming is None or not incoming.text:
            return pressing.FORGOTTEN
        origin = incoming.origin
        group = self._groups.get(channel)
        if group is None or is_direct(incoming) or channel != origin.channel:
            return pressing.NOBODY
        told = Told(
            text=await self._said(question, incoming),
            person=incoming.asker,
            channel=channel,
            thread=origin.thread or origin.message,
            calls=group,
        )
        call = task(f"person:{question}", told)
        await self._outbox.put([call], now=self._clock())
        return pressing.CALLED

    async def _said(self, question: QuestionId, incoming: Incoming) -> str:
        asked = line(literal(incoming.text), characters=_TITLE)
        said = pressing.PLEASE_HELP.say(incoming.language, question=asked)
        return "\n".join([said, *await self._titles(question, incoming)])

    async def _titles(self, question: QuestionId, incoming: Incoming) -> Sequence[str]:
        """Name the sources that everybody there may see now."""
        audience = await self._readers(incoming)
        cited = await self._passages.cited(question) or ()
        allowed = await self._passages.allowed(cited, audience)
        return [
            f"[{citation.number}] {line(literal(citation.title), characters=_TITLE)}"
            for citation in allowed[:_TITLES]
        ]
