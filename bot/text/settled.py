"""Tells whether somebody says that a question of theirs has been settled."""

import re
from typing import Final

from bot.text.normalise import search_form

_SETTLED: Final = re.compile(
    r"(?:解決|自己解決)(?:し(?:ました|た)(?![かいら])|済|ずみ)|【解決】"
    r"|(?:大丈夫(?:です|でした)|(?:わか|分か|判|見つか|直)りました|できました)(?!か)"
    r"|ありがと"
    r"|\b(?:solved|resolved|never ?mind|nvm|found it|figured it out|got it|works now"
    r"|thanks|thank you|thx)\b(?!\s*\?)",
    re.IGNORECASE,
)


def is_settled(text: str, /) -> bool:
    """Whether who asked needs no answer any more: 「解決しました」, "never mind"."""
    return _SETTLED.search(search_form(text)) is not None
