"""What models say instead of an answer is told from what rules say."""

import pytest

from bot.answering.checks import fingerprint, fits_language, loops
from bot.answering.habits import (
    admits_ignorance,
    lists_sources,
    refuses,
    thinks_aloud,
    without_label,
)
from bot.core.model import Language


@pytest.mark.parametrize(
    "sentence",
    [
        "There was no answer from the server [1].",
        "`return NO_ANSWER`を返します[1]。",
        "no answer is needed within 5 days [1].",
        "The status NO_ANSWERED is set [1].",
        "応答がないときは再送します[1]。",
    ],
)
def test_an_answer_about_answers_is_no_refusal(sentence: str) -> None:
    assert not refuses(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "ユーザーの質問は休暇についてです。",
        "まず、資料を確認します。",
        "質問者は日数を知りたがっています。",
        "この質問に対して、資料1が参考になります。",
        "考えてみましょう。",
        "Okay, the user asks about vacation.",
        "Let me look at the sources.",
        "Hmm, that is odd.",
        "Well, I should answer in English.",
        "First, I need to find the rule.",
    ],
)
def test_thoughts_are_recognised(sentence: str) -> None:
    assert thinks_aloud(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "ユーザーはパスワードを自分で変更できます[1]。",
        "資料を確認してください[1]。",
        "まず、申請書を書きます[1]。",
        "上長が考えて決めます[1]。",
        "The user needs admin rights [1].",
        "Wait 5 minutes and retry [1].",
        "First, open the form [1].",
        "Step 1: sign in [1].",
        "We have to review the report weekly [1].",
        "Let the team know [1].",
    ],
)
def test_rules_about_users_and_reading_are_no_thoughts(sentence: str) -> None:
    assert not thinks_aloud(sentence)


@pytest.mark.parametrize(
    "text",
    [
        "資料には記載がありません。",
        "提供された資料からは、その情報は見つかりませんでした。",
        "申し訳ございませんが、お答えできません。",
        "わかりません。",
        "The documents do not mention the salary.",
        "I don't know.",
        "I cannot find this in the documents.",
        "There is no information; the context does not provide it.",
    ],
)
def test_ignorance_in_other_words_is_recognised(text: str) -> None:
    assert admits_ignorance(text)


@pytest.mark.parametrize(
    "text", ["休暇は20日です。", "Leave is 20 days.", "資料を送ります。"]
)
def test_an_answer_is_no_ignorance(text: str) -> None:
    assert not admits_ignorance(text)


@pytest.mark.parametrize(
    "text", ["出典:", "**参考文献**：", "Sources: [1]", "- References:"]
)
def test_lists_of_sources_are_recognised(text: str) -> None:
    assert lists_sources(text)
    assert not lists_sources(f"本文に{text}")


def test_a_label_is_dropped_and_a_sentence_is_not() -> None:
    assert without_label("**回答**: 20日です。") == "20日です。"
    assert without_label("Answer: 20 days.") == "20 days."
    assert without_label("回答は20日以内に届きます。") == "回答は20日以内に届きます。"


@pytest.mark.parametrize(
    ("sentence", "language", "fits"),
    [
        ("年20日です[1]。", Language.JA, True),
        ("VPNはCisco AnyConnectです。", Language.JA, True),
        ("二十日間[1]。", Language.JA, True),
        ("「How to apply for leave」を参照します。", Language.JA, True),
        ("`git push --force origin main`を実行します。", Language.JA, True),
        ("[1]", Language.JA, True),
        ("3.5 GB", Language.JA, True),
        ("You get 20 days of leave [1].", Language.JA, False),
        ("员工每年有二十天假期，请提前三天申请。", Language.JA, False),
        ("職員每年有二十日假期且需要三日前申請", Language.JA, False),
        ("연차는 20일입니다", Language.JA, False),
        ("You get 20 days [1].", Language.EN, True),
        ("The 有給休暇 is 20 days.", Language.EN, True),
        ("年20日です[1]。", Language.EN, False),
        ("Отпуск двадцать дней", Language.EN, False),
    ],
)
def test_the_language_of_a_sentence(
    sentence: str, language: Language, *, fits: bool
) -> None:
    assert fits_language(sentence, language) is fits


def test_chinese_names_that_the_sources_hold_are_no_slip() -> None:
    sentence = "担当は张伟です[1]。"

    assert not fits_language(sentence, Language.JA)
    assert fits_language(sentence, Language.JA, known=frozenset("张伟"))


@pytest.mark.parametrize(
    ("text", "looping"),
    [
        ("はい" * 20, True),
        ("go " * 9, True),
        ("あ" * 30, True),
        ("申請と承認と" * 8, True),
        ("| --- | --- | --- | --- | --- |", False),
        ("…………………………", False),
        ("www", False),
        ("1000000000000000000000000", False),
        ("申請は3日前、承認は2日前、通知は1日前です。", False),
    ],
)
def test_loops_are_told_from_rules_and_dots(text: str, *, looping: bool) -> None:
    assert loops(text) is looping


def test_the_same_words_in_another_dress_are_the_same_sentence() -> None:
    assert fingerprint("ＶＰＮは、**便利**です[1]。") == fingerprint("VPNは便利です")
