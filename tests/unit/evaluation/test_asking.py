"""A corpus is asked as the product would be."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Collection, Mapping
from pathlib import Path

import pytest

from bot.backends.memory import MemoryIndex
from bot.backends.memory_models import MemoryEmbedder
from bot.core.model import (
    Answer,
    AnswerEvent,
    AnswerKind,
    Citation,
    Declined,
    Finished,
    Language,
    Question,
    Reason,
    Vector,
)
from bot.evaluation import asking
from bot.evaluation.files import (
    CorpusRow,
    QueryRow,
    RunRow,
    Said,
    read_corpus,
    read_queries,
    write_run,
)
from bot.evaluation.metrics import score
from bot.evaluation.trial import Embedding, Stage, Trial, build, corpus_id

EVAL = Path(__file__).parents[3].parent / "shared" / "eval"
SUBJECTS = (
    *("leave", "travel", "laptop", "badge", "lunch", "parking", "visa", "garden"),
    *("printer", "archive", "payroll", "telephone"),
)
NAMES = {"auc": "unanswerable_auc"}

CORPUS = [
    CorpusRow(
        id="a:就業/規則#0",
        title="就業規則",
        text="# 就業規則\n\n## 休暇\n\n年次有給休暇は10日。\n\n## 服装\n\n自由です。",
    ),
    CorpusRow(id="旅費", title="旅費規程", text="出張の旅費は5日以内に精算する。"),
    CorpusRow(id="it", title="IT", text="Lost laptops are reported within an hour."),
]


class Cache:
    """The `VectorCache` port on a dictionary."""

    def __init__(self) -> None:
        self.vectors: dict[str, Vector] = {}

    async def get(self, keys: Collection[str], /) -> Mapping[str, Vector]:
        return {key: self.vectors[key] for key in keys if key in self.vectors}

    async def put(self, vectors: Mapping[str, Vector], /) -> None:
        self.vectors |= vectors


async def a_trial(*, hybrid: bool = False) -> Trial:
    embedding = Embedding(embedder=MemoryEmbedder(), cache=Cache()) if hybrid else None
    return await build(CORPUS, index=MemoryIndex(), embedding=embedding)


async def ask(trial: Trial, question: str, *history: Said) -> RunRow:
    query = QueryRow(id="q", question=question, history=history)
    [row] = await asking.retrieval(trial, [query])
    return row


async def test_corpus_ids_come_back_best_first_and_once_each() -> None:
    row = await ask(await a_trial(), "有給休暇は何日で、服装の規則は？")

    assert row.ranked[0] == "a:就業/規則#0"
    assert len(set(row.ranked)) == len(row.ranked)
    assert (row.abstained, row.answer, row.citations) == (False, None, None)
    assert row.confidence > 0.3


async def test_contexts_are_what_the_model_is_given_with_the_way_to_it() -> None:
    row = await ask(await a_trial(), "有給休暇は何日？")

    assert row.contexts[0].startswith("就業規則")
    assert "年次有給休暇は10日。" in row.contexts[0]


async def test_a_topic_that_is_not_in_the_corpus_is_declined() -> None:
    row = await ask(await a_trial(), "社員食堂のメニューは？")

    assert row.abstained


async def test_what_was_said_before_completes_the_question() -> None:
    history = (
        Said(role="assistant", text="何でもどうぞ。"),
        Said(role="user", text="出張の旅費について"),
        Said(role="assistant", text="精算が要ります。"),
    )

    row = await ask(await a_trial(), "いつまでに？", *history)

    assert row.ranked[0] == "旅費"


def test_a_question_carries_its_turns_in_order() -> None:
    said = [("assistant", "先に"), ("user", "一"), ("user", "二"), ("assistant", "答")]
    history = tuple(Said.model_validate({"role": r, "text": t}) for r, t in said)

    question = asking.question_of(QueryRow(id="q", question="三？", history=history))

    assert [(turn.question, turn.answer) for turn in question.history] == [
        ("一", ""),
        ("二", "答"),
    ]
    assert question.language is Language.JA


async def test_a_hybrid_trial_probes_its_model_and_searches_both_legs() -> None:
    corpus = [
        CorpusRow(id=word, title=f"{word} rules", text=f"All about {word}.")
        for word in SUBJECTS
    ]
    embedding = Embedding(embedder=MemoryEmbedder(), cache=Cache())

    trial = await build(corpus, index=MemoryIndex(), embedding=embedding)
    found = await ask(trial, "What about lunch?")

    assert trial.generation.alpha == {Language.EN: 0.5}
    assert len(found.ranked) == len(SUBJECTS), (
        "only the vector leg finds pages without the word"
    )


async def test_the_same_name_is_built_anew() -> None:
    index = MemoryIndex()
    await build(CORPUS, index=index)

    trial = await build(CORPUS[:1], index=index)

    assert (await ask(trial, "Lost laptops?")).ranked == ()


async def test_progress_ends_where_it_said_it_would() -> None:
    told: list[tuple[Stage, int, int]] = []

    def note(stage: Stage, /, *, done: int, total: int) -> None:
        told.append((stage, done, total))

    trial = await build(CORPUS, index=MemoryIndex(), progress=note)
    await asking.retrieval(trial, [QueryRow(id="q", question="?")], progress=note)

    assert told == [
        (Stage.INDEXING, 0, 3),
        (Stage.INDEXING, 3, 3),
        (Stage.ASKING, 0, 1),
        (Stage.ASKING, 1, 1),
    ]


async def test_answers_are_noted_with_what_they_cite() -> None:
    trial = await a_trial()

    async def answerer(question: Question) -> AsyncIterator[AnswerEvent]:
        if "食堂" in question.text:
            yield Declined(reason=Reason.NOT_FOUND, text="見つかりません。")
            return
        document = next(each for each in trial.documents if corpus_id(each) == "旅費")
        citation = Citation(
            number=1,
            document=document,
            revision=1,
            title="旅費規程",
            path=(),
            heading_path=(),
            url=None,
            quote="5日以内",
            updated_at=None,
        )
        yield Finished(
            answer=Answer(
                text="5日以内です[1]。",
                language=Language.JA,
                kind=AnswerKind.GENERATED,
                citations=(citation, citation),
                confidence=1.0,
                generation=trial.generation.id,
            )
        )

    asked = [
        QueryRow(id="1", question="出張の旅費はいつまで？"),
        QueryRow(id="2", question="社員食堂は？"),
    ]
    answered, declined = await asking.answers(trial, asked, answerer=answerer)

    assert (answered.answer, answered.citations) == ("5日以内です[1]。", ("旅費",))
    assert (declined.answer, declined.citations) == ("", ())
    assert (answered.abstained, declined.abstained) == (False, True)
    assert answered.ranked[0] == "旅費"


@pytest.mark.shared
async def test_a_run_is_scored_alike_by_the_common_scorer(tmp_path: Path) -> None:
    """Long Japanese guidelines: the right page, and the answer in its context."""
    if not EVAL.exists():
        pytest.skip("the question sets are not beside the checkout")
    folder = EVAL / "archguide-ja"
    queries = read_queries(folder / "queries.jsonl")
    trial = await build(read_corpus(folder / "corpus.jsonl"), index=MemoryIndex())

    rows = await asking.retrieval(trial, queries)
    write_run(tmp_path / "run.jsonl", rows)

    theirs = common_score(folder / "queries.jsonl", tmp_path / "run.jsonl")
    ours = {NAMES.get(key, key): value for key, value in score(queries, rows).items()}
    assert theirs["missing"] == 0
    assert {key: theirs[key] for key in ours} == pytest.approx(ours, abs=1e-4)
    assert ours["ndcg10"] > 0.95
    assert ours["answer_in_2000"] > 0.8
    assert ours["false_abstain"] == 0.0


def common_score(queries: Path, run: Path) -> dict[str, float]:
    command = [sys.executable, *map(str, (EVAL / "score.py", queries, run))]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    scored: dict[str, float] = json.loads(printed)
    return scored
