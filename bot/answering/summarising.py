"""Summarises a thread: from what was said in it, and from no document."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Final

from bot.answering.citing import without_marks
from bot.answering.composing import Piece
from bot.answering.drafting import Terms
from bot.answering.preparing import shown_turns
from bot.answering.prompt import Fence
from bot.answering.standing import Standing
from bot.answering.streams import closing
from bot.answering.summary import SUMMARY, SummaryPrompt, fitting
from bot.answering.writing import Verdict, Writing
from bot.core.model import (
    Answer,
    AnswerEvent,
    AnswerKind,
    Declined,
    Finished,
    Language,
    Question,
    Reason,
    Sentence,
    Turn,
)
from bot.core.ports import LanguageModel, ModelSpec
from bot.core.thread import Reading, Said, Thread
from bot.text import phrases, summing
from bot.text.phrases import Phrase

_OURS: Final = {Language.JA: "Shirube（ボット）", Language.EN: "Shirube (bot)"}
"""What we are called among those who wrote in a thread."""

_UNREAD: Final = {
    Reading.FORBIDDEN: summing.FORBIDDEN,
    Reading.FAILED: summing.UNREAD,
}
_FAILED: Final = {
    Verdict.REFUSED: (Reason.EMPTY, summing.NOTHING),
    Verdict.BROKEN: (Reason.MODEL_FAILED, summing.MODEL_FAILED),
    Verdict.UNUSABLE: (Reason.UNUSABLE, summing.UNUSABLE),
    Verdict.WRITTEN: (Reason.UNUSABLE, summing.UNUSABLE),
}


def readable(question: Question, /) -> Thread | Declined:
    """Return the thread of a question, or say why there is nothing to summarise."""
    thread = question.thread
    if thread is None:
        return _declined(Reason.EMPTY, summing.NO_THREAD, question)
    if thread.reading in _UNREAD:
        return _declined(Reason.EMPTY, _UNREAD[thread.reading], question)
    if not thread.said:
        return _declined(Reason.EMPTY, summing.NOTHING, question)
    return thread


def without_model(question: Question, reason: Reason, /) -> Declined:
    """Say that nobody writes summaries now."""
    lacking = reason is Reason.NO_MODEL
    phrase = summing.NO_MODEL if lacking else summing.MODEL_FAILED
    return _declined(reason, phrase, question)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summarising:
    """Has a model summarise the thread of a question.

    `standing` says which of our own earlier answers may still be shown.
    """

    question: Question
    thread: Thread
    model: LanguageModel
    spec: ModelSpec
    standing: Standing
    fence: Fence

    async def events(self) -> AsyncIterator[AnswerEvent]:
        """Yield checked sentences, and at last how it ended."""
        ours = await self._ours()
        said = tuple(sorted((*self.thread.said, *ours), key=lambda each: each.said_at))
        whole = SummaryPrompt(question=self.question, fence=self.fence, said=said)
        prompt = fitting(whole, self.spec, self.model.measure)
        writing = Writing(model=self.model, prompt=prompt, terms=self._terms(said))
        text, verdict = "", Verdict.BROKEN
        async with closing(writing.pieces()) as pieces:
            async for piece in pieces:
                if isinstance(piece, Piece):
                    text += piece.text
                    yield Sentence(text=piece.text)
                else:
                    verdict = piece
        count = self.thread.count + len(ours)
        yield self._ended(text, verdict, used=len(writing.prompt.said), count=count)

    async def _ours(self) -> tuple[Said, ...]:
        """Return our own answers in the thread that may still be shown."""
        turns = await shown_turns(self.question.history, self.standing)
        return tuple(
            Said(
                place=self._place_of(turn),
                author=_OURS[self.question.language],
                text=without_marks(turn.answer),
                said_at=turn.asked_at,
            )
            for turn in turns
        )

    def _place_of(self, turn: Turn) -> int:
        """Return the place of the message before: ours are not counted in a thread."""
        before = (s.place for s in self.thread.said if s.said_at <= turn.asked_at)
        return max(before, default=0)

    def _terms(self, said: Iterable[Said]) -> Terms:
        return Terms(
            language=self.question.language,
            detailed=self.question.detailed,
            sources=(),
            standing=self.standing,
            marker=self.fence.marker,
            known=frozenset("".join(f"{each.author}{each.text}" for each in said)),
            citing=False,
        )

    def _ended(
        self, text: str, verdict: Verdict, *, used: int, count: int
    ) -> Finished | Declined:
        if not text:
            return _declined(*_FAILED[verdict], self.question)
        language = self.question.language
        part = summing.OF_PART if used < count else summing.OF_THREAD
        notes = [part.say(language, used=used, count=count)]
        if verdict is Verdict.BROKEN:
            notes.append(phrases.CUT_SHORT.say(language))
        return Finished(
            answer=Answer(
                text=text,
                language=language,
                kind=AnswerKind.GENERATED,
                citations=(),
                confidence=1.0,
                generation=self.standing.generation,
                model=self.spec.model,
                digest=self.spec.digest,
                prompt=SUMMARY,
                reason=Reason.MODEL_FAILED if verdict is Verdict.BROKEN else None,
                notes=tuple(notes),
            )
        )


def _declined(reason: Reason, phrase: Phrase, question: Question) -> Declined:
    return Declined(reason=reason, text=phrase.say(question.language))
