"""Says where in Slack a question is answered, and opens that place where need be."""

from typing import Final

from bot.chat.slack.contents import View, opening
from bot.chat.slack.posting import Posting, Spot, mark
from bot.chat.slack.refusals import Denied
from bot.chat.slack.trail import OPENING, Trail
from bot.core.inbox import Incoming, Kind

_ALONE: Final = frozenset({Kind.COMMAND, Kind.SHORTCUT})
"""What people ask in a channel without anybody there seeing it."""


def is_private(incoming: Incoming, /) -> bool:
    """Whether only the asker sees the answer, in a thread that we open."""
    origin = incoming.origin
    nowhere = origin.message is None and origin.thread is None
    return incoming.kind in _ALONE or (incoming.kind is Kind.DIRECT and nowhere)


def is_direct(incoming: Incoming, /) -> bool:
    """Whether the question and its answer are between the asker and the bot."""
    return incoming.kind in _ALONE | {Kind.DIRECT}


def is_of_channel(incoming: Incoming, /) -> bool:
    """Whether a private question came from a channel, where it was not asked yet.

    What somebody wants answered privately by a button was asked there already.
    """
    return incoming.kind in _ALONE and not incoming.origin.channel.startswith("D")


async def placed(
    posting: Posting, incoming: Incoming, trail: Trail, view: View, /, *, team: str
) -> Spot:
    """Return the thread of the answer; raises `Denied` where there can be none.

    What is asked in a conversation is answered in the thread of the question. A
    command, and what is to be answered privately, gets a thread of its own in the
    asker's conversation with the bot, which survives a reload and another device.
    """
    origin = incoming.origin
    channel, thread = origin.channel, origin.thread or origin.message
    if is_private(incoming):
        channel = await posting.direct(incoming.asker)
        thread = await _opened(posting, channel, incoming.text, trail, view)
    if thread is None:
        raise Denied("no_thread")
    return Spot(channel=channel, thread=thread, reader=incoming.asker, team=team)


async def _opened(
    posting: Posting, channel: str, text: str, trail: Trail, view: View
) -> str:
    """Begin a thread, unless it was begun before."""
    if trail.opening is None and trail.unsure:
        await trail.find_opening(posting, channel)
    if trail.opening is not None:
        return trail.opening
    marked = mark(trail.question, OPENING)
    content = opening(text, view)
    return await trail.opened(posting.open(channel, content, mark=marked))
