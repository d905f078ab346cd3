"""Turns a question and its conversation into the texts that are searched."""

from typing import Final

from bot.core.model import Question
from bot.text.courtesy import essence
from bot.text.split import truncate
from bot.text.threads import names_something, points_back

EARLIER_TURNS: Final = 2
"""How many earlier questions, or messages of others, may complete a question."""

_CHARACTERS: Final = 300
"""Of a message: one that long says more than what somebody asks about."""


def queries(question: Question, /) -> tuple[str, ...]:
    """Return the texts to search for, the bare question first; never none.

    Greetings and request phrases are left out. A follow-up is searched as it
    stands, which finds a new topic, and together with the question before it and
    the two before it, which finds what "it" or a half sentence means. What others
    said in the thread counts like a question, where this one does not stand alone.
    """
    bare = essence(question.text) or question.text
    texts = [bare]
    for earlier in reversed(_earlier(question)):
        texts.append(f"{earlier}\n{texts[-1]}")
    return tuple(dict.fromkeys(texts))


def _earlier(question: Question) -> list[str]:
    """Return what may complete a question, in the order in which it was said."""
    said = [
        (turn.asked_at, essence(turn.question))
        for turn in question.history[-EARLIER_TURNS:]
    ]
    if question.thread is not None and points_back(question.text):
        telling = [each for each in question.thread.said if names_something(each.text)]
        said += [
            (each.said_at, truncate(essence(each.text), characters=_CHARACTERS))
            for each in telling[-EARLIER_TURNS:]
        ]
    said.sort(key=lambda each: each[0])
    distinct = dict.fromkeys(text for _, text in said)
    return [text for text in distinct if text and text != essence(question.text)][
        -EARLIER_TURNS:
    ]
