"""Chooses what the model is given: sources as wide as there is room, earlier turns."""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Final

from bot.answering import versions
from bot.answering.prompt import (
    Fence,
    Prompt,
    marked,
    neutral,
    room,
    with_said,
    with_turns,
)
from bot.answering.retrieval import Retrieved
from bot.answering.standing import Standing
from bot.answering.widening import widen
from bot.core.model import DocumentId, Generation, Passage, Question, Turn
from bot.core.ports import LanguageModel, ModelSpec, PassageIndex
from bot.text.split import sentences

SOURCES: Final = 8
"""More make the answer worse and the wait longer."""

_MARKED: Final = 1.2
"""About how much longer a text is once its lines and sentences are marked."""

_LABELS: Final = 60
"""Tokens that title, headings and date of a source may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A question with what was found for it, and what its audience may see."""

    question: Question
    generation: Generation
    found: Retrieved
    standing: Standing


async def prepare(
    case: Case,
    /,
    *,
    model: LanguageModel,
    spec: ModelSpec,
    index: PassageIndex,
    fence: Fence,
) -> Prompt:
    """Return the prompt for this model: never longer than its context.

    Oldest turns and messages go first, then the lowest-ranked sources. A prompt
    without sources means that not even the best one has room.
    """
    prompt = with_turns(
        Prompt(question=case.question, fence=fence),
        await shown_turns(case.question.history, case.standing),
        spec=spec,
        measure=model.measure,
    )
    if case.question.thread is not None:
        said = case.question.thread.said
        prompt = with_said(prompt, said, spec=spec, measure=model.measure)
    budget = room(prompt, spec, model.measure)
    sources = await widen(
        case.found.passages[:SOURCES],
        index=index,
        generation=case.generation,
        principals=case.question.audience.principals,
        measure=lambda text: int(model.measure(text) * _MARKED) + _LABELS,
        budget=budget,
    )
    fitting = _fitting(prompt, sources, spec, model)
    if fitting.sources:
        return fitting

    def cost(text: str) -> int:
        return model.measure(marked(neutral(text), fence.marker)) + _LABELS

    return replace(prompt, sources=_beginning(case.found.passages[0], budget, cost))


def _fitting(
    prompt: Prompt, sources: Sequence[Passage], spec: ModelSpec, model: LanguageModel
) -> Prompt:
    """Return the prompt with as many of the first sources as really have room."""
    found = versions.find(sources, prompt.question.text)
    ordered = versions.newest_first(sources, found)
    prompt = replace(prompt, sources=ordered, versions=found)
    while prompt.sources and room(prompt, spec, model.measure) < 0:
        prompt = replace(prompt, sources=prompt.sources[:-1])
    return prompt


async def shown_turns(turns: Sequence[Turn], standing: Standing, /) -> tuple[Turn, ...]:
    """Return the turns whose answers cite documents that may all be shown now."""
    cited = {document for turn in turns for document in turn.documents}
    permitted = await standing.permitted(cited)
    return tuple(turn for turn in turns if _rests_on(turn, permitted))


def _rests_on(turn: Turn, permitted: AbstractSet[DocumentId]) -> bool:
    return bool(turn.documents) and permitted >= set(turn.documents)


def _beginning(
    passage: Passage, budget: int, measure: Callable[[str], int]
) -> tuple[Passage, ...]:
    """Return as many whole sentences of a passage as have room."""
    text = ""
    for sentence in sentences(passage.text):
        if measure(text + sentence) > budget:
            break
        text += sentence
    return (replace(passage, text=text),) if text.strip() else ()
