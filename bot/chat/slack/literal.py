"""Makes what an answer says harmless in Slack: it can be read, and nothing else."""

import re
from typing import Final

from bot.answering.addresses import addresses
from bot.answering.safety import inert
from bot.text.normalise import printable
from bot.text.split import truncate

_CODE: Final = re.compile(r"```.*?(?:```|\Z)|`[^`\n]+`", re.DOTALL)
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*://|(?:mailto|tel):", re.IGNORECASE)


def literal(text: str, /) -> str:
    """Return Markdown without links, mentions, images or tags.

    Addresses stay only in code, where an answer has those of its sources, and without
    what would make Slack follow them: most of its methods cannot be told not to.
    """
    shown = "".join(_CODE.findall(text))
    return unfollowed(inert(text, allowed=addresses(shown)))


def unfollowed(text: str, /) -> str:
    """Return text in which nothing is the address of a page."""
    while (shorter := _SCHEME.sub("", text)) != text:
        text = shorter
    return text.replace("://", "：//")


def line(text: str, /, *, characters: int) -> str:
    """Return a title, a name or a quote as one line of plain text."""
    flat = " ".join(unfollowed(printable(text)).split())
    return truncate(flat, characters=characters)
