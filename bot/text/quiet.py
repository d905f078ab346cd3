"""Tells whether somebody asks the bot to stay out of a conversation."""

import re
from typing import Final

from bot.text.normalise import search_form

_QUIET: Final = re.compile(
    r"(?:(?:少し|ちょっと|ここでは|もう)?(?:静かに|しずかに|黙って|だまって)"
    r"(?:して|していて|いて|お願いします|お願い)?(?:ね|ください|下さい)?"
    r"|ミュート(?:して)?(?:ください)?"
    r"|(?:please )?(?:mute|be quiet|stay quiet|quiet)(?: please)?"
    r"|🔇|:mute:)"
)


def wants_quiet(text: str, /) -> bool:
    """Whether a text asks for silence and for nothing else: 「静かに」, `mute`, 🔇."""
    said = search_form(text).strip(" \n\t。、.!！~〜,")
    return _QUIET.fullmatch(said) is not None
