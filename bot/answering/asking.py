"""Tells a question from what cannot be one."""

import re
import unicodedata
from typing import Final

from bot.core.model import Declined, Question, Reason
from bot.text.normalise import search_form
from bot.text.phrases import EMOJI_ONLY, EMPTY_QUESTION, QUESTION_TOO_LONG

LONGEST: Final = 4_000
"""Characters of a question."""

_KEYCAP: Final = re.compile("[0-9#*]\ufe0f?\u20e3")
_SHORT_CODE: Final = re.compile(r":[a-z0-9_+-]+:")


def impossible(question: Question, /) -> Declined | None:
    """Return why this cannot be answered, whatever the documents say; usually None."""
    text = question.text.strip()
    language = question.language
    if len(text) > LONGEST:
        said = QUESTION_TOO_LONG.say(language, length=len(text), limit=LONGEST)
        return Declined(reason=Reason.TOO_LONG, text=said)
    if not search_form(text).strip():
        return Declined(reason=Reason.EMPTY, text=EMPTY_QUESTION.say(language))
    words = _SHORT_CODE.sub("", _KEYCAP.sub("", text))
    if not any(map(str.isalnum, words)):
        pictures = words != text or any(map(_is_picture, text))
        phrase = EMOJI_ONLY if pictures else EMPTY_QUESTION
        return Declined(reason=Reason.EMPTY, text=phrase.say(language))
    return None


def _is_picture(character: str) -> bool:
    return unicodedata.category(character) == "So"
