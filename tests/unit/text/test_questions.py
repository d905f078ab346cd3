"""What asks is told from what does not, without any model."""

import pytest

from bot.text.questions import asks_in_words, is_question


@pytest.mark.parametrize(
    "text",
    [
        "経費精算の締め日はいつですか？",
        "経費精算の締め日はいつですか",
        "有給の申請方法を教えてください",
        "これは何",
        "VPNがつながらない",
        "ＶＰＮ に繋がらないのですが",
        "申請は上長の承認が必要でしょうか。",
        "リモートワークって週何日まで可能だっけ",
        "ログイン時にエラーが出ます",
        "How do I reset my token",
        "hi all. where is the runbook for the mail server",
        "The deploy fails with exit code 3",
        "お疲れ様です。\n経費の締め日、ご存知ですか？",
    ],
)
def test_a_question_is_one(text: str) -> None:
    assert is_question(text)


@pytest.mark.parametrize(
    "text",
    [
        "了解です",
        "ありがとうございます！",
        "締め日は25日です。",
        "お疲れ様です。よろしくお願いいたします。",
        "いつもお世話になっております。",
        "見ておきます。https://wiki.example/search?q=締め日",
        "`a ? b : c` に直しました",
        "```\nwhat?\n```",
        "Thanks, that works.",
        "I merged it this morning.",
        "👍",
        "",
    ],
)
def test_what_is_none_is_left_to_people(text: str) -> None:
    assert not is_question(text)


@pytest.mark.parametrize(
    "text",
    [
        "経費精算の締め日はいつですか？",
        "有給の申請方法を教えてください",
        "これは何",
        "VPNがつながらない",
        "@here プリンタが動かないのですが、どうすればいいですか :sob:",
        "How do I reset my token",
        "> 締め日は25日です\nこれは毎月ですか？",
        "`make test` fails with an error, does anybody know why?",
        "C# のコーディング規約はどこですか？",
    ],
)
def test_who_asks_in_words_asks(text: str) -> None:
    assert asks_in_words(text)


@pytest.mark.parametrize(
    "text",
    [
        "了解です",
        "ありがとうございます！",
        "締め日は25日です。",
        ":question:",
        ":thinking_face:?",
        "❓❓",
        "？？？",
        "*?*",
        "@here ?",
        "#general ?",
        "```なぜ動かないのですか？```",
        "`a ? b : c`",
        "> 締め日はいつですか？",
        "> 締め日はいつですか？\n25日です。",
        "https://wiki.example/?q=%E7%B7%A0%E3%82%81%E6%97%A5",
        "Thanks, that works.",
        "",
    ],
)
def test_signs_code_and_quotations_ask_nothing(text: str) -> None:
    assert not asks_in_words(text)
