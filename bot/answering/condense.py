"""Turns a question and its conversation into the texts that are searched."""

from collections.abc import Iterator
from typing import Final

from bot.core.model import Question
from bot.text.courtesy import essence
from bot.text.split import truncate
from bot.text.threads import names_something, points_back

EARLIER_TURNS: Final = 2
"""How many earlier questions may complete a follow-up."""

MESSAGES: Final = 2
"""How many of the last messages of others may complete a question; so may the first."""

_CHARACTERS: Final = 300
"""Of a message: one that long says more than what somebody asks about."""


def queries(question: Question, /) -> tuple[str, ...]:
    """Return the texts to search for, the bare question first; never none.

    Greetings and request phrases are left out. A follow-up is searched as it
    stands, which finds a new topic, and together with the question before it and
    the two before it, which finds what "it" or a half sentence means. One that does
    not stand alone, or follows such a one, is also searched with what others said in
    the thread, each by itself: anybody may have written anything there.
    """
    bare = essence(question.text) or question.text
    texts = [bare]
    for turn in reversed(question.history[-EARLIER_TURNS:]):
        earlier = essence(turn.question)
        new = earlier and earlier not in bare
        texts.append(f"{earlier}\n{texts[-1]}" if new else texts[-1])
    texts += (f"{message}\n{bare}" for message in _messages(question))
    return tuple(dict.fromkeys(texts))


def _messages(question: Question) -> Iterator[str]:
    """Yield what in the thread may complete a question, the last message first."""
    before = (turn.question for turn in question.history[-1:])
    if question.thread is None or not any(map(points_back, (question.text, *before))):
        return
    telling = [each for each in question.thread.said if names_something(each.text)]
    recent = telling[: -MESSAGES - 1 : -1]
    for each in (*recent, *telling[:1]):
        text = truncate(essence(each.text), characters=_CHARACTERS)
        if text and text not in question.text:
            yield text
