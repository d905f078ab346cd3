"""The pictures that Confluence draws for emoticons, as characters."""

import re

from connectors.confluence.markup import Node

_NAMED = {
    "smile": "🙂",
    "sad": "🙁",
    "cheeky": "😛",
    "laugh": "😀",
    "wink": "😉",
    "thumbs-up": "👍",
    "thumbs-down": "👎",
    "information": "ℹ️",
    "tick": "✅",
    "check_mark": "✅",
    "cross": "❌",
    "cross_mark": "❌",
    "warning": "⚠️",
    "plus": "➕",
    "minus": "➖",
    "question": "❓",
    "light-on": "💡",
    "light-off": "💡",
    "yellow-star": "⭐",
    "red-star": "⭐",
    "green-star": "⭐",
    "blue-star": "⭐",
    "heart": "❤️",
    "broken-heart": "💔",
}
_CODE_POINTS = re.compile(r"[0-9a-f]{2,6}(?:-[0-9a-f]{2,6})*")
_LAST_CODE_POINT = 0x10FFFF
_FIRST_PRINTABLE = 0x20
_SURROGATES = range(0xD800, 0xE000)


def character(emoticon: Node, /) -> str:
    """Return the emoticon as a character, else its short name."""
    fallback = emoticon.get("ac:emoji-fallback").strip()
    if fallback and not fallback.startswith(":"):
        return fallback
    short = emoticon.get("ac:emoji-shortname").strip() or fallback
    name = emoticon.get("ac:name").strip()
    return (
        _from_code_points(emoticon.get("ac:emoji-id").lower())
        or _NAMED.get(name)
        or _NAMED.get(short.strip(":"))
        or short
        or (f":{name}:" if name else "")
    )


def _from_code_points(text: str) -> str:
    if not _CODE_POINTS.fullmatch(text):
        return ""
    points = [int(part, 16) for part in text.split("-")]
    if all(_FIRST_PRINTABLE <= p <= _LAST_CODE_POINT for p in points):
        return "".join(chr(p) for p in points if p not in _SURROGATES)
    return ""
