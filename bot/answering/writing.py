"""Lets a model write: two attempts at most, then citations by overlap."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Generic, Protocol, Self, TypeVar

from bot.answering.citing import with_mark
from bot.answering.composing import Piece
from bot.answering.drafting import Draft, Terms
from bot.answering.streams import Stop, closing, texts
from bot.core.model import Passage, Question
from bot.core.ports import LanguageModel, Message


class Verdict(StrEnum):
    """How writing ended; pieces may have been shown before `WRITTEN` and `BROKEN`."""

    WRITTEN = "written"
    REFUSED = "refused"
    BROKEN = "broken"
    UNUSABLE = "unusable"


_ATTEMPTS: Final = (False, True)
"""Whether the prompt insists; the second attempt is made only if nothing was shown."""


class Told(Protocol):
    """What a model is told to write something; source n is the n-th of `sources`."""

    @property
    def question(self) -> Question:
        """What somebody asked."""

    @property
    def sources(self) -> Sequence[Passage]:
        """What may be cited."""

    def messages(self, *, insist: bool = False) -> tuple[Message, ...]:
        """Return the messages; `insist` repeats the rules that were broken."""

    def shorter(self) -> Self | None:
        """Return the same with less to read; None where that is not possible."""


P = TypeVar("P", bound=Told)


@dataclass(slots=True, kw_only=True)
class Writing(Generic[P]):
    """One answer in the making: the model, what it is told, what it must keep to."""

    model: LanguageModel
    prompt: P
    terms: Terms
    _uncited: list[str] = field(default_factory=list)

    async def pieces(self) -> AsyncIterator[Piece | Verdict]:
        """Yield the pieces of one attempt, and a verdict as the last thing."""
        verdict = Verdict.UNUSABLE
        for insist in _ATTEMPTS:
            draft = Draft(terms=self.terms, offered=len(self.prompt.sources))
            async with closing(self._attempt(draft, insist=insist)) as pieces:
                async for piece in pieces:
                    yield piece
            verdict = _verdict(draft)
            if verdict is not Verdict.UNUSABLE:
                break
            self._uncited = draft.uncited or self._uncited
        if verdict is Verdict.UNUSABLE:
            async with closing(self._cited_by_overlap()) as pieces:
                async for piece in pieces:
                    verdict = Verdict.WRITTEN
                    yield piece
        yield verdict

    async def _attempt(self, draft: Draft, *, insist: bool) -> AsyncIterator[Piece]:
        """Ask once; where the prompt is too long, again with one source fewer."""
        while True:
            messages = self.prompt.messages(insist=insist)
            profile = self.prompt.question.profile
            async with (
                closing(texts(self.model, messages, profile)) as stream,
                closing(draft.pieces(stream)) as pieces,
            ):
                async for piece in pieces:
                    yield piece
            shorter = self.prompt.shorter()
            if draft.stop is not Stop.OVERFLOW or shorter is None:
                return
            self.prompt = shorter
            draft.stop = None
            draft.offered = len(shorter.sources)

    async def _cited_by_overlap(self) -> AsyncIterator[Piece]:
        """Cite for the model what it plainly copied from a source."""
        sources = self.prompt.sources
        permitted = await self.terms.standing.permitted(
            {source.document.id for source in sources}
        )
        before = ""
        for sentence in self._uncited:
            number = self.terms.carrier(sentence, len(sources))
            if number is not None and sources[number - 1].document.id in permitted:
                yield Piece(text=before + with_mark(sentence, number).strip())
                before = "\n"


def _verdict(draft: Draft) -> Verdict:
    if draft.refused:
        return Verdict.REFUSED
    if draft.stop in (Stop.BROKEN, Stop.OVERFLOW):
        return Verdict.BROKEN
    return Verdict.WRITTEN if draft.shown else Verdict.UNUSABLE
