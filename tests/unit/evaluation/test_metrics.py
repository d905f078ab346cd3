"""The figures are those of the common scorer."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.evaluation.files import QueryRow, RunRow
from bot.evaluation.metrics import auc, score

QUERY = QueryRow(id="q", question="締め日は？", gold_ids=("a", "b"), answers=("月末",))


def test_a_perfect_ranking_scores_one() -> None:
    row = RunRow(id="q", ranked=("b", "a", "c"), contexts=("締め日は月末です。",))

    assert score([QUERY], [row]) == {
        "ndcg10": 1.0,
        "recall10": 1.0,
        "mrr10": 1.0,
        "answer_in_2000": 1.0,
    }


def test_a_right_document_further_down_counts_less() -> None:
    figures = score([QUERY], [RunRow(id="q", ranked=("x", "a"))])

    gain = 1 / math.log2(3)
    assert figures["ndcg10"] == pytest.approx(gain / (1 + gain))
    assert (figures["recall10"], figures["mrr10"]) == (0.5, 0.5)


def test_a_missing_row_counts_as_nothing() -> None:
    assert score([QUERY], [])["ndcg10"] == 0.0


@pytest.mark.parametrize(("before", "shown"), [(2900, 1.0), (3100, 0.0)])
def test_only_the_first_two_thousand_tokens_of_the_context_count(
    before: int, shown: float
) -> None:
    row = RunRow(id="q", ranked=("a",), contexts=("あ" * before, "ﾂｷﾉ月末　です"))

    assert score([QUERY], [row])["answer_in_2000"] == shown


def test_citations_are_judged_by_the_right_documents() -> None:
    row = RunRow(id="q", ranked=("a",), answer="月末です[1]。", citations=("a", "x"))

    figures = score([QUERY], [row])

    assert (figures["cite_recall"], figures["cite_precision"]) == (0.5, 0.5)


def test_decisions_are_judged_where_some_questions_have_no_answer() -> None:
    lacking = QueryRow(id="n", question="食堂は？", answerable=False)
    rows = [
        RunRow(id="q", ranked=(), confidence=0.9),
        RunRow(id="n", ranked=(), confidence=0.1, abstained=True),
    ]

    figures = score([QUERY, lacking], rows)

    assert figures["auc"] == 1.0
    assert (figures["abstain_recall"], figures["false_abstain"]) == (1.0, 0.0)


VALUES = st.lists(st.integers(0, 5).map(float), min_size=1, max_size=12)


@settings(deadline=None)
@given(higher=VALUES, lower=VALUES)
def test_the_area_under_the_curve_is_the_share_of_won_pairs(
    higher: list[float], lower: list[float]
) -> None:
    won = sum((a > b) + (a == b) / 2 for a in higher for b in lower)

    assert auc(higher, lower) == pytest.approx(won / (len(higher) * len(lower)))
