"""Scores a run: the figures by which two settings are compared."""

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Final

from bot.evaluation.files import QueryRow, RunRow
from bot.text.normalise import search_form
from bot.text.size import estimate

DEPTH: Final = 10
CONTEXT: Final = 2000
"""Tokens of context in which the answer should stand."""


def score(queries: Sequence[QueryRow], rows: Sequence[RunRow], /) -> dict[str, float]:
    """Return the figures that the questions allow; a missing row counts as nothing.

    `ndcg10`, `recall10` and `mrr10` judge the ranking where the right documents
    are known, `answer_in_2000` the context where answers are, `auc` and the
    abstentions the decision where some questions cannot be answered. Answers are
    judged by their citations.
    """
    found = {row.id: row for row in rows}
    pairs = [
        (query, found.get(query.id, RunRow(id=query.id, ranked=())))
        for query in queries
    ]
    known = [(query, row) for query, row in pairs if query.gold_ids]
    figures: dict[str, list[float]] = {}
    for query, row in known:
        for name, value in _one(query, row).items():
            figures.setdefault(name, []).append(value)
    means = {name: fmean(values) for name, values in figures.items()}
    return means | _decisions(pairs)


def _one(query: QueryRow, row: RunRow) -> Mapping[str, float]:
    gold = set(query.gold_ids)
    hits = [document in gold for document in row.ranked[:DEPTH]]
    best = sum(_gain(at) for at in range(min(DEPTH, len(gold))))
    figures = {
        "ndcg10": sum(_gain(at) for at, hit in enumerate(hits) if hit) / best,
        "recall10": sum(hits) / len(gold),
        "mrr10": next((1 / (at + 1) for at, hit in enumerate(hits) if hit), 0.0),
    }
    if query.answers:
        figures["answer_in_2000"] = float(_shows(row.contexts, query.answers))
    if row.citations is not None:
        cited = set(row.citations)
        figures["cite_recall"] = len(cited & gold) / len(gold)
        figures["cite_precision"] = len(cited & gold) / len(cited) if cited else 0.0
    return figures


def _gain(at: int) -> float:
    return 1 / math.log2(at + 2)


def _shows(contexts: Iterable[str], answers: Iterable[str]) -> bool:
    """Whether an answer stands in the first tokens of the context."""
    left = float(CONTEXT)
    shown: list[str] = []
    for text in contexts:
        size = estimate(text)
        whole = size <= left
        shown.append(_plain(text if whole else text[: int(len(text) * left / size)]))
        left -= size
        if left <= 0:
            break
    wanted = [_plain(answer) for answer in answers]
    return any(answer in text for answer in wanted for text in shown)


def _plain(text: str) -> str:
    return " ".join(search_form(text).split())


def _decisions(pairs: Sequence[tuple[QueryRow, RunRow]]) -> dict[str, float]:
    there = [row for query, row in pairs if query.answerable]
    lacking = [row for query, row in pairs if not query.answerable]
    if not there or not lacking:
        return {}
    return {
        "auc": auc(
            [row.confidence for row in there], [row.confidence for row in lacking]
        ),
        "abstain_recall": fmean(row.abstained for row in lacking),
        "false_abstain": fmean(row.abstained for row in there),
    }


def auc(higher: Sequence[float], lower: Sequence[float], /) -> float:
    """Return how often a value of `higher` exceeds one of `lower`; ties count half."""
    ordered = sorted([*((v, True) for v in higher), *((v, False) for v in lower)])
    below = wins = 0.0
    start = 0
    while start < len(ordered):
        end = start
        while end < len(ordered) and ordered[end][0] == ordered[start][0]:
            end += 1
        ups = sum(up for _, up in ordered[start:end])
        downs = end - start - ups
        wins += ups * (below + downs / 2)
        below += downs
        start = end
    return wins / (len(higher) * len(lower))
