"""Calls people to a question: the group that the settings name for its channel."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.chat.slack.errands import Named, Told, task
from bot.chat.slack.literal import line, literal
from bot.chat.slack.passages import Passages, Readers
from bot.chat.slack.placing import is_direct, is_of_channel
from bot.core.inbox import Incoming, QuestionId
from bot.core.ports import Askings, Outbox
from bot.text import chatting, pressing, replies
from bot.text.phrases import Phrase

_TITLE: Final = 250
_NAMED: Final = 8


class Calling:
    """Puts calls into the outbox, one for a question, however often it is pressed.

    `groups` says whom to call in which channel. What was answered privately stays
    private.
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

    async def call(self, question: QuestionId, channel: str, /, *, user: str) -> Phrase:
        """Call people in the channel of a question; returns what is said of that.

        Of a question that was asked privately only its asker has people called, and
        they are told the question and nothing else.
        """
        incoming = await self._lookups.incoming(question)
        if incoming is None or not incoming.text:
            return pressing.FORGOTTEN
        where = incoming.origin.channel
        group = self._groups.get(where)
        privately = is_of_channel(incoming) and incoming.asker == user
        openly = not is_direct(incoming) and channel == where
        if group is None or not (privately or openly):
            return pressing.NOBODY
        if openly:
            told, said = await self._below(question, incoming, group), pressing.CALLED
        else:
            told, said = _anew(incoming, group), pressing.CALLED_THERE
        call = task(f"person:{question}", told)
        await self._outbox.put([call], now=self._clock())
        return said

    async def _below(
        self, question: QuestionId, incoming: Incoming, group: str
    ) -> Told:
        """Call to the thread of a question, with the sources of its answer."""
        origin = incoming.origin
        return replace(
            _anew(incoming, group),
            thread=origin.thread or origin.message,
            named=tuple(await self._named(question, incoming)),
            otherwise="",
        )

    async def _named(self, question: QuestionId, incoming: Incoming) -> Sequence[Named]:
        """Name the sources that everybody there may see now."""
        audience = await self._readers(incoming)
        cited = await self._passages.cited(question) or ()
        allowed = await self._passages.allowed(cited, audience)
        label = chatting.OPEN.say(incoming.language)
        return [
            Named(
                text=f"[{each.number}] {line(literal(each.title), characters=_TITLE)}",
                url=each.url,
                label=label,
            )
            for each in allowed[:_NAMED]
        ]


def _anew(incoming: Incoming, group: str) -> Told:
    """Call people to a question, in a thread of its own."""
    asked = line(literal(incoming.text), characters=_TITLE)
    return Told(
        text=pressing.PLEASE_HELP.say(incoming.language, question=asked),
        person=incoming.asker,
        channel=incoming.origin.channel,
        calls=group,
        otherwise=replies.NOT_SHARED.say(incoming.language),
    )
