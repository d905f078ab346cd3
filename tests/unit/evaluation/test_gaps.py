"""What several people asked in vain is found, and what one asked is not told."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.feedback import Unmet
from bot.core.inbox import QuestionId
from bot.core.model import Language
from bot.evaluation.gaps import gaps
from bot.text.language import detect
from tests.contracts.state_questions import a_question, at

PARKING = (
    "駐車場はどこですか？",
    "お疲れ様です。駐車場の申請方法を教えていただけますか。",
    "来客用の駐車場を予約したいです",
)
ABROAD = (
    "Can I work from abroad?",
    "What is the policy for remote work abroad?",
    "Is working abroad allowed?",
)
LEAVE = ("特別休暇の申請方法は？", "特別休暇は何日ありますか", "特別休暇を取りたい")


def asked(*texts: str, askers: Sequence[str] = ("甲", "乙", "丙")) -> list[Unmet]:
    """Have these asked one after the other, each by the next of the askers."""
    return [
        Unmet(
            question=QuestionId(f"{number}"),
            incoming=a_question(
                f"{number}",
                asked=number,
                text=text,
                asker=askers[number % len(askers)],
                language=detect(text),
            ),
        )
        for number, text in enumerate(texts)
    ]


def test_questions_about_the_same_thing_are_one_gap_in_either_language() -> None:
    found = gaps(asked(*PARKING, *ABROAD))

    assert [(gap.language, gap.questions, gap.askers) for gap in found] == [
        (Language.JA, 3, 3),
        (Language.EN, 3, 3),
    ]
    assert found[0].question in PARKING
    assert found[1].question in ABROAD
    assert (found[0].first, found[0].last) == (at(0), at(2))


def test_what_many_asked_comes_first() -> None:
    people = [f"U{n}" for n in range(9)]
    found = gaps(asked(*ABROAD, *PARKING, "駐車場の料金は？", askers=people))

    assert [gap.askers for gap in found] == [4, 3]


def test_words_that_any_question_has_bring_nothing_together() -> None:
    mixed = ("特別休暇の申請方法は？", "社宅の申請方法は？", "名刺の申請方法は？")

    assert gaps(asked(*mixed)) == []


def test_three_questions_of_two_people_are_told_to_nobody() -> None:
    assert gaps(asked(*LEAVE, askers=("甲", "乙"))) == []
    assert gaps(asked(*LEAVE, *LEAVE, *LEAVE, askers=("甲",))) == []


def test_one_id_in_two_workspaces_is_two_people() -> None:
    same = asked(*LEAVE, askers=("U1", "U2", "U1"))
    other = replace(
        same[2],
        incoming=replace(
            same[2].incoming,
            origin=replace(same[2].incoming.origin, workspace="T2"),
        ),
    )

    assert gaps(same) == []
    assert [gap.askers for gap in gaps([*same[:2], other])] == [3]


def test_what_has_no_words_is_left_out() -> None:
    assert gaps(asked("？", "👩‍💻", "それはいつ", "はい", "")) == []


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.sampled_from([*PARKING, *ABROAD, *LEAVE, "犬は？", "😀"]), max_size=25),
    st.integers(min_value=1, max_value=6),
)
def test_no_gap_is_of_fewer_people_and_nobody_is_counted_twice(
    texts: list[str], people: int
) -> None:
    unmet = asked(*texts, askers=[f"U{n}" for n in range(people)])

    found = gaps(unmet)

    assert found == gaps(unmet), "the same questions give the same gaps"
    assert all(3 <= gap.askers <= min(people, gap.questions) for gap in found)
    assert sum(gap.questions for gap in found) <= len(texts)
    assert {gap.question for gap in found} <= set(texts)
