"""Takes greetings and request phrases off a question, so that what is asked is left.

「お疲れ様です。締め日がいつか教えていただけますでしょうか。」 asks the same as
「締め日はいつ？」 does, and must be searched and judged like it.
"""

import re
from typing import Final

from bot.text.courtesies import (
    ACKNOWLEDGEMENT,
    ASKING,
    BEGINNINGS,
    ENDINGS,
    MORE,
    PREAMBLE,
    TOPIC,
)
from bot.text.split import sentences

_TRAILING: Final = re.compile(r"[^\w」』】〉》）)\]}>`\"”’+#%％°℃$€¥]+$")
_LETTER: Final = re.compile(r"[^\W_]")

_REACH: Final = 60
"""How far from the end of a sentence a request may begin, in characters."""

_LAYERS: Final = 20
"""How much courtesy people put around one sentence, at the very most."""


def essence(text: str, /) -> str:
    """Return what is asked for, a sentence a line; empty if it is only courtesy.

    Question marks and the polite ends of questions go as well, so that a bare
    question and the same question wrapped come out alike.
    """
    return "\n".join(_cores(text))


def clauses(text: str, /) -> list[str]:
    """Return the parts of what is asked for that may each be the whole question.

    「VPNがつながらないのですが、対処方法は？」 has two; a topic such as
    「経費精算についてですが」 stays with what is asked about it.
    """
    return [
        clause
        for core in _cores(text)
        for part in PREAMBLE.split(core)
        if (clause := _without_marks(part))
    ]


def is_greeting_only(text: str, /) -> bool:
    """Whether the text has words, and none of them asks for anything."""
    return _LETTER.search(text) is not None and not essence(text)


def wants_more(text: str, /) -> bool:
    """Whether the asker wants a long answer: 「詳しく」, "in detail"."""
    return MORE.search(text) is not None


def _cores(text: str) -> list[str]:
    return [core for sentence in sentences(text) if (core := _core(sentence))]


def _core(sentence: str) -> str:
    """Peel a sentence until nothing more comes off."""
    core = sentence.strip()
    for _ in range(_LAYERS):
        peeled = _without_beginning(core)
        if peeled == core:
            peeled = _without_ending(core)
        if peeled == core:
            break
        core = peeled
    if not _LETTER.search(core) or ACKNOWLEDGEMENT.fullmatch(core):
        return ""
    return core


def _without_beginning(sentence: str) -> str:
    matches = (beginning.match(sentence) for beginning in BEGINNINGS)
    longest = max((match.end() for match in matches if match), default=0)
    return sentence[longest:]


def _without_ending(sentence: str) -> str:
    sentence = _without_marks(sentence)
    for ending in ENDINGS:
        found = ending.search(sentence, max(0, len(sentence) - _REACH))
        sentence = sentence[: found.start()] if found else sentence
    return ASKING.sub("", TOPIC.sub("", sentence))


def _without_marks(sentence: str) -> str:
    return _TRAILING.sub("", sentence)
