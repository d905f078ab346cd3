"""Tells whether a message that was not addressed to the bot asks something."""

import re
from typing import Final

from bot.text.courtesy import is_greeting_only
from bot.text.normalise import search_form

_NOT_SAID: Final = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|https?://[!-~]+", re.DOTALL)

_JAPANESE: Final = re.compile(
    r"(?:(?:です|ます|でしょう|ません|ました|でした)か|のか|かな|だっけ|たっけ|だろうか)"
    r"[ぁ。！!…〜~\s]*(?:$|[。\n])"
    r"|教えて|知りたい|説明して|どうすれば|どうやって|どこ|いつ(?!も)|誰|だれ|なぜ|何(?!か|も|度も)"
    r"|どれ|いくら|とは(?:[。\s]|$)|やり方|方法"
    r"|つながらない|繋がらない|できない|出来ない|動かない|エラー|失敗"
)
_ENGLISH: Final = re.compile(
    r"(?:^|[.!\n])\s*(?:who|what|when|where|why|how|which|can|could|does|do|is|are"
    r"|should|may|please tell)\b"
    r"|\b(?:can't|cannot|doesn't work|does not work|fails|failed with)\b",
    re.IGNORECASE,
)

_QUOTED: Final = re.compile(r"^[ \t]*>.*$", re.MULTILINE)
_SIGN: Final = re.compile(r"(?<!\S)[@#][A-Za-z0-9_.-]+|:[\w+'-]+:")
"""People, channels and emoji by their names."""
_LETTER: Final = re.compile(r"[^\W\d_]")


def is_question(text: str, /) -> bool:
    """Whether the text asks, requests or reports a fault, in Japanese or English.

    A question mark does, outside code and addresses; so do the endings of questions
    and the words of requests. Thanks, greetings and plain statements do not. Only for
    messages that may be meant for people: what is addressed to the bot always asks.
    """
    said = search_form(_NOT_SAID.sub(" ", text)).strip()
    if "?" in said:
        return True
    found = _JAPANESE.search(said) or _ENGLISH.search(said)
    return found is not None and not is_greeting_only(said)


def asks_in_words(text: str, /) -> bool:
    """Whether somebody who speaks to everybody asks something in words of their own.

    Like `is_question`, but nothing that is only emoji, marks, code, addresses, names
    or a quotation of others asks anything.
    """
    own = _NOT_SAID.sub(" ", _QUOTED.sub(" ", _NOT_SAID.sub(" ", text)))
    own = _SIGN.sub(" ", own)
    return len(_LETTER.findall(own)) > 1 and is_question(own)
