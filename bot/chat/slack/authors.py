"""Tells who wrote a message: somebody who may ask, or nobody who matters here."""

from typing import Final

from bot.chat.slack.payloads import Message
from bot.chat.slack.terms import Terms, Us

_KEPT: Final = frozenset({None, "file_share", "thread_broadcast"})
"""Subtypes of what people write; everything else is noise, or comes from programs."""

_BOT_MESSAGE: Final = "bot_message"


def by_somebody(message: Message, /, *, us: Us, terms: Terms) -> bool:
    """Whether a person wrote it, or a program that may ask in that channel."""
    if message.user == us.user or message.bot_id == us.bot:
        return False
    if message.bot_id is None and message.subtype in _KEPT:
        return message.user is not None
    if message.subtype not in _KEPT | {_BOT_MESSAGE}:
        return False
    allowed = terms.bots.get(message.channel, frozenset())
    return not allowed.isdisjoint({message.bot_id, message.user})
