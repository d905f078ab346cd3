"""Tells whether somebody says that a question of theirs has been settled."""

import re
from typing import Final

from bot.text.normalise import search_form
from bot.text.questions import is_question

_SETTLED: Final = re.compile(
    r"(?:解決|自己解決)(?:し(?:ました|た)(?![かいら])|済|ずみ)"
    r"|(?:大丈夫(?:です|でした)|(?:わか|分か|判|見つか|直)りました|できました)(?!か)"
    r"|ありがと"
    r"|\b(?:solved|resolved|never ?mind|nvm|found it|figured it out|got it|works now"
    r"|thanks|thank you|thx)\b(?!\s*\?)"
)

_ADDED: Final = re.compile(
    r"[【\[(]\s*(?:(?:自己)?解決(?:しました|した|済み?|ずみ)?|(?:re)?solved)\s*[】\])]"
    r"|(?:^|[\s。.!?:、>→(])(?:自己)?解決(?:しました|した|済み?|ずみ)\s*(?:[。.!、()]|$)"
    r"|(?:^|[\n.!?:>→(])\s*(?:solved|resolved|never ?mind|nvm)\s*(?:[.!,:()]|$)"
    r"|(?:解決しま?した|(?:わか|分か|判|見つか|直)りました|できました)[。.!\s]*"
    r"(?:(?:ありがと|すみません|失礼|お騒がせ|助かり|thank)[^?]*)?\Z",
    re.MULTILINE,
)
"""What is written into a question once it is settled: a mark, a sentence, its end."""


def is_settled(text: str, /) -> bool:
    """Whether who asked needs no answer any more: 「解決しました」, "never mind".

    A question is not settled by its thanks, nor by naming what is: only by a mark such
    as 【解決済】, by a sentence that says nothing else, or by how it ends.
    """
    said = search_form(text)
    settled = _ADDED if is_question(text) else _SETTLED
    return settled.search(said) is not None
