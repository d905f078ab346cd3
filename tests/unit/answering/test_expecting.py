"""What a question asks for tells its answer from other sentences."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answering.expecting import asks_for_steps, expected, without_question_words


@pytest.mark.parametrize(
    ("question", "answer", "other"),
    [
        ("有給休暇は何日ですか", "20日を付与します。", "上長へ申請します。"),
        ("停止距離は何m以内ですか", "600m以内で止まります。", "1964年からです。"),
        ("定員は何名ですか", "14名まで入れます。", "3階にあります。"),
        ("締め切りはいつ", "毎月25日です。", "経理部が決めます。"),
        ("宿泊費の上限はいくら", "1泊16,000円までです。", "3日前に申請します。"),
        ("宿泊費の上限は？", "16,000円です。", "領収書を付けます。"),
        ("点検の頻度は", "3か月ごとに点検します。", "点検は総務の担当です。"),
        ("保管期間は", "7年間です。", "倉庫に置きます。"),
        ("How often are keys rotated?", "in any case every 90 days", "for 24 hours"),
        ("How long does it take?", "about four minutes", "since release 12"),
        ("When does the shift begin?", "on Tuesday, after lunch", "with a call"),
        ("How many reviewers are needed?", "two of them", "a lead"),
        ("What does it cost?", "30 dollars a month", "12 months"),
    ],
)
def test_an_answer_holds_the_kind_of_number_that_is_asked_for(
    question: str, answer: str, other: str
) -> None:
    assert expected(question).met(answer)
    assert not expected(question).met(other)


@pytest.mark.parametrize(
    "question",
    [
        "誰が承認しますか",
        "残った日数は繰り越せますか",
        "Who approves it?",
        "避難場所はどこ",
    ],
)
def test_where_no_number_is_asked_for_none_is_expected(question: str) -> None:
    assert not expected(question).met("20日、16,000円、every 90 days")


def test_an_answer_in_the_other_language_is_one_too() -> None:
    assert expected("証明書の有効期間は").met("valid for 90 days")
    assert expected("How long is it valid?").met("90日間有効です。")


@pytest.mark.parametrize(
    "text",
    [
        "クエリの止め方",
        "申請の書き方は？",
        "クライアントの使い方",
        "休暇の申請の手順",
        "どうすればよいですか",
        "How do I rotate the keys?",
        "Steps",
    ],
)
def test_steps_are_asked_for(text: str) -> None:
    assert asks_for_steps(text)


@pytest.mark.parametrize(
    "text", ["高松の方は何時", "夕方の受付", "行方不明", "両方とも", "方向", "Who?"]
)
def test_no_steps_are_asked_for(text: str) -> None:
    assert not asks_for_steps(text)


@pytest.mark.parametrize("text", ["SEV1とは", "What counts as a SEV1?", "What is DNS?"])
def test_a_meaning_is_asked_for(text: str) -> None:
    assert expected(text).meaning
    assert not expected("誰が承認しますか").meaning


def test_what_no_answer_repeats_is_left_out() -> None:
    assert without_question_words("How long is a key valid?").split() == [
        "is",
        "a",
        "key",
        "valid?",
    ]
    assert without_question_words("有給休暇は何日").strip() == "有給休暇は"
    assert without_question_words("なぜ？") == "なぜ？"


@given(st.text(alphabet="何日月いつくら方法 how long?。の", max_size=30))
@settings(deadline=None)
def test_any_question_can_be_read(question: str) -> None:
    assert expected(question).met(question) in (True, False)
    assert without_question_words(question) or not question
