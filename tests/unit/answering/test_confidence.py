"""Confidence says how much of a question the best passages speak of."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answering.confidence import confidence
from bot.text.tokens import analyse
from tests.unit.answering.shelf import a_chunk

LEAVE = a_chunk("年次有給休暇は、入社半年後に10日付与される。", ordinal=0)
TRAVEL = a_chunk("出張の旅費は、帰着後5日以内に精算する。", ordinal=1, title="旅費規程")
ENGLISH = a_chunk("Lost laptops are reported within one hour.", ordinal=2, title="IT")
CANDIDATES = [LEAVE, TRAVEL, ENGLISH]


def sure(*queries: str) -> float:
    return confidence(queries, CANDIDATES, CANDIDATES, analyse)


def test_a_question_in_the_words_of_a_passage_is_sure() -> None:
    assert sure("年次有給休暇は、入社半年後に10日付与される") == pytest.approx(1.0)


def test_a_topic_that_is_not_there_is_less_sure_than_one_that_is() -> None:
    assert sure("社員食堂のメニュー") < 0.2
    assert sure("有給休暇は何日付与") > 0.5
    assert sure("cafeteria menu prices") < 0.2
    assert sure("reporting lost laptops") > 0.5


def test_title_and_headings_are_part_of_what_a_passage_says() -> None:
    headed = a_chunk("担当: 佐藤", title="健康診断", heading=("予約の方法",))

    found = confidence(["健康診断、予約の方法"], [headed], [headed], analyse)

    assert found == pytest.approx(1.0)


def test_the_best_clause_speaks_for_the_question() -> None:
    clause = "出張の旅費は帰着後5日以内に精算する"

    assert sure(f"社員食堂のメニューが知りたい。{clause}。") == sure(clause)


def test_a_clause_of_little_weight_does_not_speak_for_the_question() -> None:
    """「一時間です」 is in the documents, what the other clause asks for is not."""
    chatter = a_chunk("確認です。")

    found = confidence(
        ["確認です。来週の社員食堂の特別メニューの価格表"],
        [chatter],
        CANDIDATES,
        analyse,
    )

    assert found < 0.2


def test_grammar_counts_less_than_content() -> None:
    """Everything is 〜について, little is about ワクチン."""
    about = a_chunk("このたびのことについては、いかのようにします。")

    assert confidence(["ワクチンについては"], [about], [about], analyse) < 0.3


def test_a_follow_up_is_as_sure_as_its_best_reading() -> None:
    """Bare it says nothing; with the question before it, it is about the laptop."""
    bare, completed = "by whom", "lost laptops reported within one hour\nby whom"

    assert sure(bare) < 0.2
    assert sure(bare, completed) > 0.8


def test_nothing_found_is_not_sure_at_all() -> None:
    assert confidence(["有給休暇"], [], [], analyse) == 0.0
    assert sure("🍣") == 0.0


@settings(deadline=None, max_examples=100)
@given(queries=st.lists(st.text(max_size=40), min_size=1, max_size=3))
def test_confidence_stays_between_nothing_and_all(queries: list[str]) -> None:
    assert 0.0 <= sure(*queries) <= 1.0 + 1e-9
