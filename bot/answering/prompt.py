"""Builds the prompt: byte-stable rules, earlier turns, and one last message.

Sources are data. Each stands between lines with an id that nobody can guess, and a
marker stands at the beginning of its lines and sentences; markers between words, as
usually advised, would mark nothing in Japanese, which has no spaces.
"""

import re
import secrets
import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

from bot.answering.citing import unmarked, without_marks
from bot.answering.rules import REMINDER, SYSTEM, Words, words
from bot.answering.versions import Versions
from bot.core.model import Passage, Question, Turn
from bot.core.ports import Message, ModelSpec, Role
from bot.core.thread import Said
from bot.text.normalise import printable
from bot.text.split import sentences

PROMPT: Final = "fenced-v2"
"""Names what the model is told; whatever changes a word of it needs a new name."""

HISTORY_TOKENS: Final = 3_000
SOURCE_TOKENS: Final = 9_000
THREAD_TOKENS: Final = 1_500
_SPARE: Final = 0.95
"""Of the context; estimates are estimates."""

_HISTORY_SHARE: Final = 0.25
_THREAD_SHARE: Final = 0.15
_LONG_SENTENCE: Final = 120
_NAME_TOKENS: Final = 12

# A model's template may read these in a text as the end of a turn.
_CONTROL: Final = re.compile(
    r"<(?=[|｜/]|(?:s|bos|eos|unk|pad|mask|think\w*|start_of_turn|end_of_turn|tool_\w+)>)"
    r"|\[(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_\w+)\])|<<(?=/?SYS>>)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """What sets the sources of one request apart; new for every request."""

    id: str
    marker: str


def new_fence() -> Fence:
    """Return a fence that no document can contain on purpose."""
    letters = "".join(secrets.choice(string.ascii_lowercase) for _ in range(3))
    return Fence(id=secrets.token_hex(4), marker=f"^{letters}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """Everything the model is told; source n is the n-th of `sources`."""

    question: Question
    fence: Fence
    sources: tuple[Passage, ...] = ()
    turns: tuple[Turn, ...] = ()
    said: tuple[Said, ...] = ()
    versions: tuple[Versions, ...] = ()

    def messages(self, *, insist: bool = False) -> tuple[Message, ...]:
        """Return the messages; `insist` repeats the rules that were broken."""
        language = self.question.language
        return (
            Message(role=Role.SYSTEM, text=SYSTEM[language]),
            *self._history(),
            Message(role=Role.USER, text="\n".join(self._request(insist=insist))),
        )

    def shorter(self) -> Self | None:
        """Return the prompt without what was before, and the lowest-ranked source."""
        if len(self.sources) <= 1:
            return None
        return replace(self, turns=(), said=(), sources=self.sources[:-1])

    def _history(self) -> Iterator[Message]:
        for turn in self.turns:
            yield Message(role=Role.USER, text=neutral(turn.question))
            yield Message(role=Role.ASSISTANT, text=neutral(without_marks(turn.answer)))

    def _request(self, *, insist: bool) -> Iterator[str]:
        says = words(self.question.language)
        yield says.today.format(date=self.question.asked_at.date().isoformat())
        yield says.intro.format(id=self.fence.id, marker=self.fence.marker)
        yield says.begin.format(id=self.fence.id)
        for number, source in enumerate(self.sources, start=1):
            yield "\n".join(self._source(number, source, says))
        yield says.end.format(id=self.fence.id)
        if self.said:
            yield from self._thread(says)
        yield says.question.format(text=neutral(self.question.text).strip())
        if self.question.detailed:
            yield says.detailed
        if insist:
            yield REMINDER[self.question.language]

    def _thread(self, says: Words) -> Iterator[str]:
        yield says.thread.format(id=self.fence.id)
        yield says.thread_begin.format(id=self.fence.id)
        for each in self.said:
            text = marked(neutral(each.text), self.fence.marker)
            yield says.said.format(author=_line(each.author), text=text)
        yield says.thread_end.format(id=self.fence.id)

    def _source(self, number: int, source: Passage, says: Words) -> Iterator[str]:
        document = source.document
        yield says.source.format(number=number)
        yield says.title.format(text=_line(document.title))
        if source.chunk.heading_path:
            headings = " › ".join(map(_line, source.chunk.heading_path))
            yield says.heading.format(text=headings)
        if document.updated_at is not None:
            yield says.updated.format(date=document.updated_at.date().isoformat())
        newer = self._newer_than(source)
        if newer:
            yield says.older.format(number=newer)
        yield marked(neutral(source.text), self.fence.marker)
        yield ""

    def _newer_than(self, source: Passage) -> int | None:
        """Return the number of the source that replaces this one."""
        documents = [other.document.id for other in self.sources]
        for pair in self.versions:
            replaced = pair.older.document.id == source.document.id
            if replaced and pair.newer.document.id in documents:
                return documents.index(pair.newer.document.id) + 1
        return None


def neutral(text: str, /) -> str:
    """Return outside text so that nothing in it is read as a mark or a command."""
    return unmarked(_CONTROL.sub("‹", printable(text)))


def marked(text: str, marker: str, /) -> str:
    """Put the marker before every line and every sentence of a source."""
    lines = []
    for line in text.strip().split("\n"):
        pieces = [part for piece in sentences(line) for part in _parts(piece)]
        lines.append("".join(f"{marker} {piece}" for piece in pieces))
    return "\n".join(lines)


def _parts(sentence: str) -> list[str]:
    """Cut a long Japanese sentence at its commas."""
    if sentence.isascii() or len(sentence) <= _LONG_SENTENCE:
        return [sentence]
    return re.findall(r".{40,}?、|.+$", sentence)


def _line(text: str) -> str:
    return " ".join(neutral(text).split())


def with_turns(
    prompt: Prompt,
    turns: tuple[Turn, ...],
    /,
    *,
    spec: ModelSpec,
    measure: Callable[[str], int],
) -> Prompt:
    """Take over as many of the last turns as have room."""
    most = min(HISTORY_TOKENS, int(room(prompt, spec, measure) * _HISTORY_SHARE))
    kept: list[Turn] = []
    for turn in reversed(turns):
        most -= measure(turn.question) + measure(turn.answer)
        if most < 0:
            break
        kept.insert(0, turn)
    return replace(prompt, turns=tuple(kept))


def with_said(
    prompt: Prompt,
    said: Sequence[Said],
    /,
    *,
    spec: ModelSpec,
    measure: Callable[[str], int],
) -> Prompt:
    """Take over as much as has room of what was said last in the thread.

    What was asked of us there is left out: it is among the turns.
    """
    most = min(THREAD_TOKENS, int(room(prompt, spec, measure) * _THREAD_SHARE))
    asked = {turn.question for turn in prompt.question.history}
    kept: list[Said] = []
    for each in reversed(said):
        if each.text in asked or not each.text.strip():
            continue
        most -= measure(marked(neutral(each.text), prompt.fence.marker)) + _NAME_TOKENS
        if most < 0:
            break
        kept.insert(0, each)
    return replace(prompt, said=tuple(kept))


def room(prompt: Prompt, spec: ModelSpec, measure: Callable[[str], int], /) -> int:
    """Return how many tokens are left for (further) sources."""
    used = sum(measure(message.text) for message in prompt.messages(insist=True))
    return min(SOURCE_TOKENS, int(spec.context * _SPARE) - spec.output - used)
