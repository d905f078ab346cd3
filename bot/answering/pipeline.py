"""The way of a question: search, write or quote, check again, finish."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from bot.answering import condense, gate
from bot.answering.asking import impossible
from bot.answering.composing import Composition
from bot.answering.concluding import concluded, declined, quoted
from bot.answering.drafting import Terms
from bot.answering.preparing import Case, prepare
from bot.answering.prompt import Fence, new_fence
from bot.answering.retrieval import Retrieval, Retrieved
from bot.answering.standing import Standing
from bot.answering.streams import closing
from bot.answering.summarising import Summarising, readable, without_model
from bot.answering.writing import Verdict, Writing
from bot.core.errors import ConfigError, Gone, Unavailable
from bot.core.model import (
    AnswerEvent,
    Declined,
    Found,
    Generation,
    GenerationId,
    Question,
    Reason,
    Searching,
)
from bot.core.ports import (
    ActiveGeneration,
    Catalogue,
    LanguageModel,
    ModelSpec,
    PassageIndex,
)
from bot.telemetry import MODEL_FAILED, SEARCH_FAILED
from bot.text.threads import wants_summary

log = structlog.get_logger()


async def _nothing_lost(_: Generation, /) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """Turns a question into a stream of events that ends with exactly one outcome."""

    generations: ActiveGeneration
    catalogue: Catalogue
    index: PassageIndex
    retrieval: Retrieval
    model: LanguageModel | None
    new_fence: Callable[[], Fence] = field(default=new_fence)
    lost: Callable[[Generation], Awaitable[bool]] = field(default=_nothing_lost)
    """Says, where nothing at all was found, whether the index lost what it held."""

    async def answer(self, question: Question, /) -> AsyncGenerator[AnswerEvent, None]:
        """Search, then show sentences, then end with `Finished` or `Declined`.

        Who wants a summary of the thread gets that, and nothing is searched. Closing
        the stream frees the model. What the model fails to do is done by quoting; where
        index or state do not answer, the question is declined.
        """
        refusal = impossible(question)
        if refusal is not None:
            yield refusal
            return
        summary = wants_summary(question.text)
        way = self._summarised if summary else self._searched
        try:
            async with closing(way(question)) as events:
                async for event in events:
                    yield event
        except (Unavailable, ConfigError) as error:
            log.warning(SEARCH_FAILED, error=str(error))
            yield declined(Reason.SEARCH_DOWN, question)

    async def _summarised(self, question: Question) -> AsyncIterator[AnswerEvent]:
        thread = readable(question)
        if isinstance(thread, Declined):
            yield thread
            return
        if self.model is None:
            yield without_model(question, Reason.NO_MODEL)
            return
        spec = await _described(self.model)
        if spec is None:
            yield without_model(question, Reason.MODEL_FAILED)
            return
        generation = await self.generations.active()
        summarising = Summarising(
            question=question,
            thread=thread,
            model=self.model,
            spec=spec,
            standing=Standing(
                catalogue=self.catalogue,
                generation=generation.id if generation else GenerationId(""),
                principals=question.audience.principals,
            ),
            fence=self.new_fence(),
        )
        async with closing(summarising.events()) as events:
            async for event in events:
                yield event

    async def _searched(self, question: Question) -> AsyncIterator[AnswerEvent]:
        generation = await self.generations.active()
        if generation is None:
            yield declined(Reason.NOTHING_INDEXED, question)
            return
        yield Searching(queries=condense.queries(question))
        found = await self.retrieval.find(question, generation)
        yield Found(passages=found.passages, confidence=found.confidence)
        if not gate.admits(found, generation, question.language):
            yield await self._nothing_found(question, generation, found)
            return
        case = Case(
            question=question,
            generation=generation,
            found=found,
            standing=Standing(
                catalogue=self.catalogue,
                generation=generation.id,
                principals=question.audience.principals,
            ),
        )
        async with closing(self._answered(case)) as events:
            async for event in events:
                yield event

    async def _answered(self, case: Case) -> AsyncIterator[AnswerEvent]:
        reason: Reason | None = Reason.NO_MODEL
        if self.model is not None:
            reason = None
            async with closing(self._written(case, self.model)) as events:
                async for event in events:
                    if isinstance(event, Reason):
                        reason = event
                    else:
                        yield event
        if reason is not None:
            async for event in quoted(case, reason):
                yield event

    async def _written(
        self, case: Case, model: LanguageModel
    ) -> AsyncIterator[AnswerEvent | Reason]:
        """Let the model answer; a reason as the last thing calls for quotations."""
        spec = await _described(model)
        if spec is None:
            yield Reason.MODEL_FAILED
            return
        prompt = await prepare(
            case, model=model, spec=spec, index=self.index, fence=self.new_fence()
        )
        terms = Terms.of(prompt, case.standing)
        composition = Composition(sources=prompt.sources)
        verdict = Verdict.BROKEN
        writing = Writing(model=model, prompt=prompt, terms=terms)
        async with closing(writing.pieces()) as pieces:
            async for piece in pieces:
                if isinstance(piece, Verdict):
                    verdict = piece
                else:
                    yield composition.add(piece)
        yield await concluded(case, composition, verdict, prompt.versions, spec)

    async def _nothing_found(
        self, question: Question, generation: Generation, found: Retrieved
    ) -> Declined:
        """Tell documents that say nothing from no documents, and from lost ones.

        Whether there are some that this audience may not see is never told.
        """
        if not found.passages:
            if not await self.catalogue.principals():
                return declined(Reason.NOTHING_INDEXED, question)
            if await self.lost(generation):
                raise Gone("the index has lost documents; run `shirube sync`")
        return declined(Reason.NOT_FOUND, question, found.confidence)


async def _described(model: LanguageModel) -> ModelSpec | None:
    try:
        return await model.describe()
    except (Unavailable, ConfigError) as error:
        log.warning(MODEL_FAILED, error=str(error))
        return None
