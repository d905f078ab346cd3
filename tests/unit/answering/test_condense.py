"""A question becomes the texts that are searched."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answering.condense import EARLIER_TURNS, queries
from bot.text.courtesy import essence
from tests.unit.answering.shelf import a_question
from tests.unit.answering.talk import a_thread, in_a_thread


@pytest.mark.parametrize(
    ("bare", "wrapped"),
    [
        ("締め日はいつですか？", "お疲れ様です。締め日はいつですか？"),
        ("締め日はいつですか？", "締め日はいつですか？よろしくお願いいたします。"),
        ("When are expenses due?", "Hi team, when are expenses due? Thanks!"),
    ],
)
def test_politeness_is_not_searched(bare: str, wrapped: str) -> None:
    [plain], [dressed] = queries(a_question(bare)), queries(a_question(wrapped))

    assert plain.lower() == dressed.lower()


def test_a_follow_up_is_searched_bare_and_with_what_was_asked_before() -> None:
    question = a_question("Who wrote it?", history=["Tell me about Grenade", "When?"])

    bare, with_last, with_both = queries(question)

    assert "Grenade" not in bare
    assert with_last.splitlines() == ["When", bare]
    assert with_both.splitlines() == ["Grenade", "When", bare]


def test_older_turns_are_left_alone() -> None:
    question = a_question("いつまで？", history=["駐車場", "入館証", "出張旅費"])

    assert not any("駐車場" in text for text in queries(question))


def test_courtesy_alone_is_searched_as_it_stands() -> None:
    """Something must be searched; the gate or the desk says what comes of it."""
    assert queries(a_question("ありがとうございます")) == ("ありがとうございます",)


def test_courtesy_among_the_earlier_turns_adds_nothing() -> None:
    question = a_question("出張の旅費は？", history=["ありがとうございます"])

    assert len(queries(question)) == 1


@settings(deadline=None, max_examples=100)
@given(text=st.text(max_size=60), history=st.lists(st.text(max_size=30), max_size=4))
def test_there_is_always_something_to_search_and_never_twice(
    text: str, history: list[str]
) -> None:
    found = queries(a_question(text, history=history))

    assert 1 <= len(found) <= 1 + EARLIER_TURNS
    assert len(set(found)) == len(found)
    assert all(each.endswith(found[0]) for each in found)


# --- in the middle of a thread -----------------------------------------------


@pytest.mark.parametrize(
    ("question", "before"),
    [
        ("これってどうなってる？", "経費精算の締め日が変わったと聞きました"),
        ("What about this?", "The VPN certificate has expired again"),
    ],
)
def test_what_points_back_is_searched_with_what_others_said(
    question: str, before: str
) -> None:
    bare, with_last = queries(in_a_thread(question, before))

    assert before not in bare
    assert with_last == f"{essence(before)}\n{bare}"


def test_a_question_that_stands_alone_is_searched_alone() -> None:
    question = in_a_thread("有給休暇は何日ですか？", "経費精算の締め日が変わった")

    assert queries(question) == (essence("有給休暇は何日ですか？"),)


def test_a_question_that_is_asked_again_at_length_does_not_complete_itself() -> None:
    asked = a_question("それ何日？\n詳しく教えてください。", history=["それ何日？"])
    question = replace(asked, thread=a_thread("育休の制度", "それ何日？"))

    bare, with_first = queries(question)

    assert with_first == f"育休の制度\n{bare}"


def test_what_follows_a_question_that_pointed_back_is_about_the_same() -> None:
    asked = a_question("申請の期限は？", history=["それ何日？"])
    question = replace(asked, thread=a_thread("育休の制度", "それ何日？"))

    assert "育休の制度\n申請の期限は" in queries(question)


def test_chatter_tells_nothing_of_what_is_meant() -> None:
    before = ("経費精算の締め日が変わった", "え、そうなの？", "まじ？")

    assert queries(in_a_thread("これってどう？", *before))[-1].startswith("経費精算")


def test_each_thing_that_was_said_completes_a_question_by_itself() -> None:
    """What one of them says for no good reason hides nothing of the others."""
    question = in_a_thread(
        "それ、いつから？", "育休の制度", "在宅勤務の手当", "了解です"
    )

    bare, with_last, with_first = queries(question)

    assert with_last == f"在宅勤務の手当\n{bare}"
    assert with_first == f"育休の制度\n{bare}"


def test_of_a_long_talk_the_end_and_the_beginning_count() -> None:
    talk = [f"議題{number}" for number in "一二三四五"]
    searched = queries(in_a_thread("これは？", *talk))

    assert [text.splitlines()[0] for text in searched[1:]] == [
        "議題五",
        "議題四",
        "議題一",
    ]


def test_a_question_to_the_bot_counts_once_though_it_stands_in_the_thread() -> None:
    asked = a_question("それ、いつから？", history=["在宅勤務の手当"])
    question = replace(asked, thread=a_thread("在宅勤務の手当"))

    assert len(queries(question)) == 2


def test_of_a_long_message_the_beginning_is_searched() -> None:
    question = in_a_thread("これは？", "休暇" * 5_000)

    assert max(map(len, queries(question))) < 400
