"""Measures gate 1: whether it tells a withheld topic from one that is there.

`python -m tests.bench gate [--mode lexical|hybrid]` prints, for every set of
questions, how well the confidence separates answerable questions from those whose
topic is not in the corpus, what the threshold in use does, what others would do,
and how many decisions change when a question is wrapped in politeness.
"""

import argparse
import asyncio
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from bot.backends.memory import MemoryIndex
from bot.core.model import Language
from bot.evaluation import asking
from bot.evaluation.files import (
    CorpusRow,
    QueryRow,
    RunRow,
    read_corpus,
    read_queries,
)
from bot.evaluation.trial import Embedding, build
from tests.bench.minilm import embedding
from tests.bench.quality import EVAL, scorer
from tests.bench.wrappers import WRAPPERS

FALSE_ABSTENTIONS = (0.005, 0.01, 0.02, 0.03, 0.05)
WITHHELD = 0.25
SEEDS = range(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A corpus with questions about it, some of them about what it lacks."""

    name: str
    language: Language
    corpus: Sequence[CorpusRow]
    queries: Sequence[QueryRow]


def given(name: str, language: Language) -> Case:
    """A set that comes with withheld topics."""
    return Case(
        name=name,
        language=language,
        corpus=read_corpus(EVAL / name / "corpus.jsonl"),
        queries=read_queries(EVAL / name / "queries.jsonl"),
    )


def withheld(name: str, language: Language, seed: int) -> Case:
    """A set from which a quarter of the articles is taken away.

    Questions that no paragraph answers are left out: their topics are there.
    """
    whole = given(name, language)
    titles = sorted({row.title for row in whole.corpus})
    away = set(random.Random(seed).sample(titles, round(len(titles) * WITHHELD)))
    kept = [row for row in whole.corpus if row.title not in away]
    ids = {row.id for row in kept}
    return Case(
        name=f"{name} −25 % #{seed}",
        language=language,
        corpus=kept,
        queries=[
            query.model_copy(update={"answerable": bool(ids & set(query.gold_ids))})
            for query in whole.queries
            if query.gold_ids
        ],
    )


def cases() -> Iterator[Case]:
    """All sets that say something about the gate."""
    yield given("jsquad-ja", Language.JA)
    yield given("archguide-ja", Language.JA)
    for seed in SEEDS:
        yield withheld("jaquad-ja", Language.JA, seed)
    for seed in SEEDS:
        yield withheld("squad2-en", Language.EN, seed)


def wrapped(case: Case) -> dict[str, str]:
    """A wrapper for each question, by its id."""
    chance = random.Random(0)
    return {query.id: chance.choice(WRAPPERS[case.language]) for query in case.queries}


def separation(case: Case, rows: Sequence[RunRow]) -> float:
    """The area under the curve, as `score.py` has it."""
    answerable = {query.id: query.answerable for query in case.queries}
    there = [row.confidence for row in rows if answerable[row.id]]
    lacking = [row.confidence for row in rows if not answerable[row.id]]
    return float(scorer().auc(there, lacking))


def trade(case: Case, rows: Sequence[RunRow]) -> str:
    """What thresholds would do: share of false and of right abstentions."""
    answerable = {query.id: query.answerable for query in case.queries}
    there = sorted(row.confidence for row in rows if answerable[row.id])
    lacking = [row.confidence for row in rows if not answerable[row.id]]
    parts = []
    for share in FALSE_ABSTENTIONS:
        threshold = there[int(share * len(there))]
        caught = sum(value < threshold for value in lacking) / len(lacking)
        parts.append(f"{share:.1%}: <{threshold:.3f} catches {caught:.0%}")
    return "; ".join(parts)


def decisions(case: Case, rows: Sequence[RunRow]) -> str:
    """What the threshold in use does."""
    answerable = {query.id: query.answerable for query in case.queries}
    wrong = [row.abstained for row in rows if answerable[row.id]]
    right = [row.abstained for row in rows if not answerable[row.id]]
    return (
        f"false abstentions {sum(wrong) / len(wrong):.1%} of {len(wrong)}, "
        f"right ones {sum(right) / len(right):.1%} of {len(right)}"
    )


async def measure(case: Case, hybrid: Embedding | None) -> None:
    """Ask bare and wrapped, and print what differs."""
    trial = await build(case.corpus, index=MemoryIndex(), embedding=hybrid)
    bare = await asking.retrieval(trial, case.queries)
    wrappers = wrapped(case)
    polite = [
        query.model_copy(update={"question": wrappers[query.id].format(query.question)})
        for query in case.queries
    ]
    dressed = await asking.retrieval(trial, polite)
    flipped = [
        one.id
        for one, other in zip(bare, dressed, strict=True)
        if one.abstained != other.abstained
    ]
    print(f"{case.name}: AUC {separation(case, bare):.4f}", end=", ")
    print(f"wrapped {separation(case, dressed):.4f}", end=", ")
    print(f"decisions changed {len(flipped) / len(bare):.2%} of {len(bare)}")
    print(f"  in use: {decisions(case, bare)}; wrapped: {decisions(case, dressed)}")
    print(f"  {trade(case, bare)}")
    worst = Counter(wrappers[each] for each in flipped).most_common(3)
    print(f"  changed most by {worst}", flush=True)


async def run(mode: str) -> None:
    """Measure every case in one mode."""
    async with AsyncExitStack() as stack:
        hybrid = None
        if mode == "hybrid":
            hybrid = await stack.enter_async_context(embedding())
        for case in cases():
            if hybrid is None or case.language is Language.EN:
                await measure(case, hybrid)


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mode", choices=("lexical", "hybrid"), default="lexical")
    asyncio.run(run(parser.parse_args().mode))


if __name__ == "__main__":
    main()
