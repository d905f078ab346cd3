"""Turns a question and its conversation into the texts that are searched."""

from typing import Final

from bot.core.model import Question
from bot.text.courtesy import essence

EARLIER_TURNS: Final = 2
"""How many earlier questions may complete a follow-up."""


def queries(question: Question, /) -> tuple[str, ...]:
    """Return the texts to search for, the bare question first; never none.

    Greetings and request phrases are left out. A follow-up is searched as it
    stands, which finds a new topic, and together with the question before it and
    the two before it, which finds what "it" or a half sentence means.
    """
    bare = essence(question.text) or question.text
    texts = [bare]
    for turn in reversed(question.history[-EARLIER_TURNS:]):
        earlier = essence(turn.question)
        texts.append(f"{earlier}\n{texts[-1]}" if earlier else texts[-1])
    return tuple(dict.fromkeys(texts))
