"""Questions and answers in a terminal: `shirube ask` and `shirube chat`."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, assert_never
from uuid import uuid4

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.answering.pipeline import Answering
from bot.chat.entries import Entries
from bot.core.access import Audience
from bot.core.errors import BotError, Unavailable
from bot.core.feedback import Provenance, provenance
from bot.core.model import (
    Answer,
    AnswerEvent,
    Citation,
    ConversationId,
    Declined,
    Finished,
    Found,
    Language,
    Outcome,
    Passage,
    Profile,
    Question,
    Reason,
    Searching,
    Sentence,
    Turn,
    source_of,
)
from bot.core.ports import TICKET, Conversations, Place, Ticket
from bot.text import phrases
from bot.text.courtesy import wants_more
from bot.text.language import detect
from bot.text.normalise import storable
from bot.text.waiting import in_line

HISTORY = 4
"""Earlier turns that a follow-up may refer to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question with how it ended and what led there."""

    question: Question
    ending: Finished | Declined
    passages: tuple[Passage, ...]

    @property
    def outcome(self) -> Outcome:
        """The one outcome of the question."""
        return (
            Outcome.ANSWERED if isinstance(self.ending, Finished) else Outcome.REFUSED
        )

    @property
    def reason(self) -> Reason | None:
        """Why no model wrote the answer, or why there is none."""
        ending = self.ending
        return ending.answer.reason if isinstance(ending, Finished) else ending.reason

    @property
    def made(self) -> Provenance:
        """What it was answered with."""
        ending = self.ending
        if isinstance(ending, Finished):
            return provenance(ending.answer)
        return Provenance(reason=ending.reason)

    @property
    def turn(self) -> Turn | None:
        """What a follow-up may refer to; nothing without an answer."""
        if not isinstance(self.ending, Finished):
            return None
        answer = self.ending.answer
        return Turn(
            question=self.question.text,
            answer=answer.text,
            documents=tuple(citation.document for citation in answer.citations),
            asked_at=self.question.asked_at,
        )


class Desk:
    """Asks as the person at the terminal, and remembers the conversation."""

    def __init__(
        self,
        *,
        answering: Answering,
        conversations: Conversations,
        entries: Entries,
        audience: Audience,
        clock: Callable[[], datetime],
        language: Language,
        profile: Profile,
    ) -> None:
        self._answering = answering
        self._conversations = conversations
        self._entries = entries
        self._audience = audience
        self._clock = clock
        self._language = language
        self.profile = profile
        self.conversation = new_conversation()

    def start_over(self) -> None:
        """Begin another conversation; the next question is no follow-up."""
        self.conversation = new_conversation()

    async def ask(
        self,
        text: str,
        show: Callable[[AnswerEvent], None],
        /,
        *,
        wait: Callable[[str], None] | None = None,
    ) -> Asked:
        """Answer one question, showing every event as it comes.

        `wait` is told in words, again and again, how long the model is busy.
        """
        text = storable(text)
        language = detect(text, default=self._language)
        async with self._entries.entered(text, language, self.conversation) as entry:
            question = Question(
                id=entry.question,
                text=text,
                language=language,
                audience=self._audience,
                asked_at=self._clock(),
                conversation=self.conversation,
                history=await self._history(),
                profile=self.profile,
                detailed=wants_more(text),
            )
            before = TICKET.set(self._ticket(question, wait))
            try:
                asked = await self._asked(question, show)
            finally:
                TICKET.reset(before)
            entry.outcome, entry.turn = asked.outcome, asked.turn
            entry.made = asked.made
        return asked

    def _ticket(self, question: Question, wait: Callable[[str], None] | None) -> Ticket:
        def moved(place: Place) -> None:
            if wait is not None and place.position:
                wait(in_line(place, question.language))

        return Ticket(
            asker=self._entries.asker, conversation=question.conversation, moved=moved
        )

    async def _asked(
        self, question: Question, show: Callable[[AnswerEvent], None]
    ) -> Asked:
        passages: tuple[Passage, ...] = ()
        async for event in self._answering.answer(question):
            show(event)
            if isinstance(event, Found):
                passages = event.passages
            elif isinstance(event, Finished | Declined):
                return Asked(question=question, ending=event, passages=passages)
        raise BotError("the question ended without an outcome")

    async def _history(self) -> tuple[Turn, ...]:
        """Return the turns before; none where the state is down, as the answer says."""
        try:
            return await self._conversations.turns(self.conversation, limit=HISTORY)
        except Unavailable:
            return ()


class Screen:
    """Shows the events of one answer on a terminal, for people.

    Notes and sources stand apart from the answer. Where something that was shown had
    to be withdrawn, what is left of the answer is shown once more.
    """

    def __init__(self, console: Console, /) -> None:
        self._console = console
        self._shown = ""

    def __call__(self, event: AnswerEvent, /) -> None:
        """Show one event."""
        match event:
            case Searching() | Found():
                pass
            case Sentence(text=text):
                self._shown += text
                self._print(text, end="")
            case Finished(answer=answer):
                self._finish(answer)
            case Declined(text=text):
                self._part()
                self._print(text, style="yellow")
            case _:
                assert_never(event)

    def wait(self, told: str, /) -> None:
        """Say that the model has others to answer first."""
        self._print(told, style="dim")

    def _finish(self, answer: Answer) -> None:
        if self._shown.strip() != answer.text:
            self._part()
            self._print(answer.text, end="")
        self._print()
        if answer.notes:
            self._print("\n" + "\n".join(answer.notes), style="italic")
        self._print()
        for citation in answer.citations:
            self._print(source(citation, answer.language), style="dim")

    def _part(self) -> None:
        if self._shown:
            self._print("\n")

    def _print(
        self, text: str = "", *, style: str | None = None, end: str = "\n"
    ) -> None:
        self._console.print(
            text, style=style, end=end, markup=False, highlight=False, soft_wrap=True
        )


def source(citation: Citation, language: Language) -> str:
    """Say where a citation comes from and how old it is, and how to open it."""
    place = " › ".join([citation.title, *citation.heading_path])
    where = citation.url or "/".join([source_of(citation.document), *citation.path])
    line = f"[{citation.number}] {place}"
    if citation.updated_at is not None:
        day = f"{citation.updated_at:%Y-%m-%d}"
        dated = phrases.REVIEWED if citation.reviewed else phrases.UPDATED
        line += f" — {dated.say(language, date=day)}"
    return f"{line}\n    {where}"


def why(asked: Asked) -> Table:
    """Return the passages and scores that led to an answer."""
    table = Table("#", "score", "words", "vector", "passage", "source", box=None)
    for number, passage in enumerate(asked.passages, start=1):
        place = " › ".join([passage.document.title, *passage.chunk.heading_path])
        table.add_row(
            str(number),
            f"{passage.score:.3f}",
            _score(passage.lexical),
            _score(passage.vector),
            escape(f"{place}: {' '.join(passage.chunk.text.split())[:70]}"),
            escape(passage.document.source),
        )
    return table


def as_json(asked: Asked) -> str:
    """Return how a question ended as one line of JSON, for programs."""
    ending = asked.ending
    row: dict[str, Any] = {
        "id": asked.question.id,
        "question": asked.question.text,
        "language": asked.question.language,
        "outcome": asked.outcome,
    }
    if isinstance(ending, Finished):
        answer = ending.answer
        row |= {
            "kind": answer.kind,
            "reason": answer.reason,
            "answer": answer.text,
            "notes": list(answer.notes),
            "confidence": answer.confidence,
            "model": answer.model,
            "generation": answer.generation,
            "citations": [_citation(citation) for citation in answer.citations],
        }
    else:
        row |= {
            "reason": ending.reason,
            "answer": ending.text,
            "confidence": ending.confidence,
            "citations": [],
        }
    return json.dumps(row, ensure_ascii=False)


def narrowed(audience: Audience, names: Sequence[str], /) -> Audience:
    """Return the audience with only those of its principals that are named."""
    kept = frozenset(name for name in audience.principals if name in set(names))
    return replace(audience, principals=kept)


def new_conversation() -> ConversationId:
    """Return the id of a conversation nobody has had yet."""
    return ConversationId(f"console:{uuid4().hex}")


def _score(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _citation(citation: Citation) -> dict[str, Any]:
    return {
        "number": citation.number,
        "document": citation.document,
        "revision": citation.revision,
        "title": citation.title,
        "path": list(citation.path),
        "heading_path": list(citation.heading_path),
        "url": citation.url,
        "quote": citation.quote,
        "updated_at": citation.updated_at and citation.updated_at.isoformat(),
    }
