"""Makes text that a model or a source wrote inert: no link, image, mention or tag.

The text is taken apart into addresses and prose. An address stays only where it is
equal, byte by byte, to one of a cited source, and then as code; the prose loses
every form that a chat platform reads as a link or a mention.
"""

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Final

from bot.answering.addresses import could_be_a_name, spans
from bot.text.normalise import printable

REMOVED: Final = "‹…›"
"""Stands where an address was."""

_TAGS: Final = (
    "a|abbr|audio|b|base|blockquote|body|br|button|center|code|dd|del|details|div|dl|dt"
    "|em|embed|font|form|frame|h[1-6]|head|hr|html|i|iframe|img|input|ins|kbd|li|link"
    "|mark|math|meta|object|ol|option|p|picture|pre|s|script|section|select|small|source"
    "|span|strong|style|sub|summary|sup|svg|table|tbody|td|template|textarea|tfoot|th"
    "|thead|title|tr|tt|u|ul|video|wbr"
)

_MENTIONS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"<(?:[@#!]|/[^<>\s:]+:\d|a?:\w+:\d|t:\d)[^<>\s]*>"), ""),
    (
        re.compile(
            r"[@＠](?=(?:here|everyone|channel|all)(?![a-z0-9]))", re.IGNORECASE
        ),
        "",
    ),
)

# Each keeps what a person reads of it, and shortens the text, so repeating ends.
_MARKUP: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL), ""),
    (
        re.compile(r"!\[(?!\d{1,2}\])([^\[\]]*)\](?:\([^()\n]*\)|\[[^\[\]\n]*\])?"),
        r"\1",
    ),
    (
        re.compile(r"\[(?!\d{1,2}\])((?:[^\[\]\n]|\[[^\[\]\n]*\])*)\]\([^()\n]*\)"),
        r"\1",
    ),
    (
        re.compile(r"\[(?!\d{1,2}\])([^\[\]\n]+)\] ?\[(?!\d{1,2}\])[^\[\]\n]*\]"),
        r"\1",
    ),
    (re.compile(r"<([a-z][a-z0-9+.-]*:[^<>\s|]*)>", re.IGNORECASE), r"\1"),
    (re.compile(r"<[^<>|\s]+\|([^<>|\n]*)>"), r"\1"),
    (re.compile(rf"</?(?:{_TAGS})(?:[\s/][^<>]*)?>", re.IGNORECASE), ""),
    *_MENTIONS,
)

_NO_SCHEME: Final = re.compile(r":(?=//)")
_NO_TARGET: Final = re.compile(
    r"(?<![a-z0-9])(mailto|javascript|vbscript|data):", re.IGNORECASE
)

# What is left must not read as the beginning of a link, a mention or a tag.
_ARMOUR: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (_NO_SCHEME, "："),
    (_NO_TARGET, r"\1："),
    (re.compile(r"<(?=[a-z@#!/?:])([^<>\n]*)>", re.IGNORECASE), r"‹\1›"),
    (re.compile(r"<(?=[a-z@#!/?:])", re.IGNORECASE), "‹"),
    (re.compile(r"\](?=[(:])"), "] "),
    (re.compile(r"!(?=\[(?!\d{1,2}\]))"), "！"),
    (re.compile(r"(?<![\w.])@(?=\w)"), "＠"),
)
_ROUNDS: Final = 8
"""What one address leaves behind may read as another; more than twice is made up."""

_CODE: Final = re.compile(r"(```.*?(?:```|\Z)|`[^`\n]+`)", re.DOTALL)


def inert(text: str, /, *, allowed: AbstractSet[str] = frozenset()) -> str:
    """Return `text` as something that can only be read.

    `allowed` are the addresses of cited sources: they are shown as code. Doing it
    twice changes nothing.
    """
    for _ in range(_ROUNDS):
        before, text = text, _inert(text, allowed)
        if text == before:
            break
    return text


def _inert(text: str, allowed: AbstractSet[str]) -> str:
    parts = _CODE.split(printable(text))
    parts[::2] = [_prose(part, allowed) for part in parts[::2]]
    parts[1::2] = [_code(part, allowed) for part in parts[1::2]]
    return "".join(parts)


def _prose(text: str, allowed: AbstractSet[str]) -> str:
    # A lone backtick would pair with one of ours.
    pieces = _screened(_reduced(text.replace("`", ""), _MARKUP), allowed)
    pieces[::2] = [_armoured(piece) for piece in pieces[::2]]
    pieces[1::2] = [f"`{address}`" for address in pieces[1::2]]
    return "".join(pieces)


def _code(text: str, allowed: AbstractSet[str]) -> str:
    pieces = _screened(_reduced(text, _MENTIONS), allowed)
    pieces[::2] = [_NO_SCHEME.sub("：", piece) for piece in pieces[::2]]
    code = "".join(pieces)
    return code if code.strip("` \t\n") else REMOVED


def _screened(text: str, allowed: AbstractSet[str]) -> list[str]:
    """Return prose and kept addresses in turn; other addresses are taken out."""
    pieces = [""]
    end = 0
    for start, stop in spans(text):
        address = text[start:stop]
        pieces[-1] += text[end:start]
        if address in allowed or could_be_a_name(address):
            pieces += address, ""
        else:
            pieces[-1] += REMOVED
        end = stop
    pieces[-1] += text[end:]
    return pieces


def _reduced(text: str, rules: Iterable[tuple[re.Pattern[str], str]]) -> str:
    before = None
    while text != before:
        before = text
        for pattern, kept in rules:
            text = pattern.sub(kept, text)
    return text


def _armoured(text: str) -> str:
    for pattern, instead in _ARMOUR:
        text = pattern.sub(instead, text)
    return text
