"""Asks a trial a set of questions and notes what comes out."""

import math
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from bot.answering import gate
from bot.answering.retrieval import Limits, Retrieval, Retrieved, choose
from bot.answering.widening import widen
from bot.core.model import (
    Answer,
    AnswerEvent,
    ConversationId,
    Finished,
    Passage,
    Question,
    Turn,
)
from bot.evaluation.files import QueryRow, RunRow, Said
from bot.evaluation.trial import (
    EVERYBODY,
    THEN,
    Progress,
    Stage,
    Trial,
    corpus_id,
    silent,
)
from bot.ingest.chunking import searched
from bot.text.language import detect
from bot.text.size import estimate

RANKED: Final = 40
"""Passages looked at for the ranking; the model gets as many as always."""

CONTEXT: Final = 6000
"""Tokens of passages that a question is given."""

Answerer: TypeAlias = Callable[[Question], AsyncIterator[AnswerEvent]]


async def retrieval(
    trial: Trial,
    queries: Sequence[QueryRow],
    /,
    *,
    context: int = CONTEXT,
    progress: Progress = silent,
) -> list[RunRow]:
    """Search for every question; the rows stand in the order of the questions."""
    finder = _finder(trial)
    rows: list[RunRow] = []
    for query in queries:
        progress(Stage.ASKING, done=len(rows), total=len(queries))
        rows.append(await _searched(trial, finder, query, context))
    progress(Stage.ASKING, done=len(rows), total=len(queries))
    return rows


async def answers(
    trial: Trial,
    queries: Sequence[QueryRow],
    /,
    *,
    answerer: Answerer,
    context: int = CONTEXT,
    progress: Progress = silent,
) -> list[RunRow]:
    """Search and answer every question; a declined one has an empty answer."""
    finder = _finder(trial)
    rows: list[RunRow] = []
    for query in queries:
        progress(Stage.ASKING, done=len(rows), total=len(queries))
        row = await _searched(trial, finder, query, context)
        answer = await _answer(answerer, question_of(query))
        rows.append(_answered(row, answer))
    progress(Stage.ASKING, done=len(rows), total=len(queries))
    return rows


def question_of(query: QueryRow, /) -> Question:
    """Return the question as if a person had asked it in the conversation."""
    return Question(
        id=query.id,
        text=query.question,
        language=detect(query.question),
        audience=EVERYBODY,
        asked_at=THEN,
        conversation=ConversationId(query.id),
        history=tuple(_turns(query.history)),
    )


def _turns(history: Sequence[Said]) -> list[Turn]:
    """Pair what the user said with the reply to it; a lone reply is left out."""
    turns: list[Turn] = []
    for said in history:
        if said.role == "user":
            turn = Turn(question=said.text, answer="", documents=(), asked_at=THEN)
            turns.append(turn)
        elif turns:
            turns[-1] = replace(turns[-1], answer=said.text)
    return turns


def _finder(trial: Trial) -> Retrieval:
    return Retrieval(
        index=trial.index,
        catalogue=trial.catalogue,
        embedder=trial.embedder,
        limits=Limits(passages=RANKED),
    )


async def _searched(
    trial: Trial, finder: Retrieval, query: QueryRow, context: int
) -> RunRow:
    question = question_of(query)
    found = await finder.find(question, trial.generation)
    given = await widen(
        choose(found.passages, Limits()),
        index=trial.index,
        generation=trial.generation,
        principals=EVERYBODY.principals,
        measure=lambda text: math.ceil(estimate(text)),
        budget=context,
    )
    return RunRow(
        id=query.id,
        ranked=_ranked(found),
        contexts=tuple(map(_shown, given)),
        confidence=round(found.confidence, 6),
        abstained=not gate.admits(found, trial.generation, question.language),
    )


def _ranked(found: Retrieved) -> tuple[str, ...]:
    ids = (corpus_id(passage.chunk.document) for passage in found.passages)
    return tuple(dict.fromkeys(ids))


def _shown(passage: Passage) -> str:
    return searched(replace(passage.chunk, text=passage.text))


async def _answer(answerer: Answerer, question: Question) -> Answer | None:
    answer = None
    async for event in answerer(question):
        if isinstance(event, Finished):
            answer = event.answer
    return answer


def _answered(row: RunRow, answer: Answer | None) -> RunRow:
    if answer is None:
        update = {"answer": "", "citations": (), "abstained": True}
        return row.model_copy(update=update)
    cited = dict.fromkeys(corpus_id(citation.document) for citation in answer.citations)
    return row.model_copy(
        update={"answer": answer.text, "citations": tuple(cited), "abstained": False}
    )
