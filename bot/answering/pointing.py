"""Points at documents that may hold the answer and of which nothing may be said."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from bot.answering import gate
from bot.answering.citing import page, unmarked
from bot.answering.concluding import declined
from bot.answering.pipeline import Answering
from bot.answering.retrieval import Retrieval, Retrieved
from bot.answering.safety import inert
from bot.answering.streams import closing
from bot.core.errors import ConfigError, Unavailable
from bot.core.model import (
    Answer,
    AnswerEvent,
    AnswerKind,
    Citation,
    Declined,
    Finished,
    Generation,
    Language,
    LiveDocument,
    Question,
    Reason,
)
from bot.core.ports import ActiveGeneration, Catalogue
from bot.telemetry import SEARCH_FAILED
from bot.text import phrases
from bot.text.split import truncate

log = structlog.get_logger()

DOCUMENTS: Final = 3
"""Documents that are pointed at; whoever is sent to more looks into none."""

_NEARLY_AS_GOOD: Final = 0.5
_TITLE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointing:
    """Answers from some documents, and sends people to others that speak of it.

    `answering` knows the former only, `retrieval` and `catalogue` the latter only:
    no text of those reaches a prompt or an answer, but their titles and links do.
    """

    answering: Answering
    retrieval: Retrieval
    catalogue: Catalogue
    generations: ActiveGeneration

    async def answer(self, question: Question, /) -> AsyncGenerator[AnswerEvent, None]:
        """Answer as `Answering` does; the last event points, where there is cause to.

        Beside an answer there is where those documents speak of the question as much
        as what the answer was written from does.
        """
        async with closing(self.answering.answer(question)) as events:
            async for event in events:
                match event:
                    case Finished(answer=answer) if answer.citations:
                        yield Finished(answer=await self._completed(answer, question))
                    case Declined(reason=Reason.NOT_FOUND | Reason.NOTHING_INDEXED):
                        yield await self._instead(event, question)
                    case _:
                        yield event

    async def _completed(self, answer: Answer, question: Question) -> Answer:
        try:
            found = await self._found(question)
        except (Unavailable, ConfigError) as error:
            log.warning(SEARCH_FAILED, error=str(error))
            return answer
        if found is None or found[1].confidence < answer.confidence:
            return answer
        pointers = _pointers(found[1], after=len(answer.citations))
        said = phrases.ALSO_IN.say(answer.language, titles=_named(pointers, question))
        return replace(
            answer,
            citations=(*answer.citations, *pointers),
            notes=(*answer.notes, said),
        )

    async def _instead(self, event: Declined, question: Question) -> AnswerEvent:
        try:
            found = await self._found(question)
            if found is not None:
                return Finished(answer=_pointing(*found, question))
            if event.reason is Reason.NOTHING_INDEXED and (
                await self.catalogue.principals()
            ):
                return declined(Reason.NOT_FOUND, question)
        except (Unavailable, ConfigError) as error:
            log.warning(SEARCH_FAILED, error=str(error))
            return declined(Reason.SEARCH_DOWN, question)
        return event

    async def _found(self, question: Question) -> tuple[Generation, Retrieved] | None:
        """Search them; None where they do not clearly speak of it."""
        generation = await self.generations.active()
        if generation is None:
            return None
        found = await self.retrieval.find(question, generation)
        return (generation, found) if gate.tells(found, question.language) else None


def _pointing(generation: Generation, found: Retrieved, question: Question) -> Answer:
    pointers = _pointers(found)
    said = phrases.ANSWER_IN.say(question.language, titles=_named(pointers, question))
    return Answer(
        text=said,
        language=question.language,
        kind=AnswerKind.POINTER,
        citations=pointers,
        confidence=found.confidence,
        generation=generation.id,
    )


def _pointers(found: Retrieved, *, after: int = 0) -> tuple[Citation, ...]:
    least = _NEARLY_AS_GOOD * found.passages[0].score
    good = [each.document for each in found.passages if each.score >= least]
    documents = list({document.id: document for document in good}.values())
    return tuple(
        _pointer(number, document)
        for number, document in enumerate(documents[:DOCUMENTS], start=after + 1)
    )


def _pointer(number: int, document: LiveDocument) -> Citation:
    """Name a document; its headings are text of it, and so is an anchor."""
    return Citation(
        number=number,
        document=document.id,
        revision=document.revision,
        title=document.title,
        path=(),
        heading_path=(),
        url=page(document),
        quote="",
        updated_at=document.updated_at,
        reviewed=document.reviewed,
    )


def _named(pointers: Sequence[Citation], question: Question) -> str:
    japanese = question.language is Language.JA
    quoted = "「{title}」[{number}]" if japanese else "“{title}” [{number}]"
    named = (quoted.format(title=_said(p.title), number=p.number) for p in pointers)
    return ("、" if japanese else ", ").join(named)


def _said(title: str) -> str:
    flat = " ".join(title.replace("`", "").split())
    return truncate(unmarked(inert(flat)), characters=_TITLE)
