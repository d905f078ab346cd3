"""What a question wants of its thread is told from its words."""

import pytest

from bot.text.threads import points_back, wants_summary


@pytest.mark.parametrize(
    "text",
    [
        "まとめて",
        "まとめてください。",
        "このスレッドを要約して",
        "このスレッドを要約していただけますか？",
        "お疲れ様です。このスレッドをまとめてもらえますでしょうか。",
        "ここまでの話をまとめて",
        "これまでの経緯を３行でまとめてください",
        "要約お願いします",
        "サマリーください",
        "まとめて\n詳しく教えてください。",
        "何の話ですか？",
        "summarise this thread",
        "Summarize",
        "Please summarize the discussion so far.",
        "Can you summarise this thread, please?",
        "ｔｌ；ｄｒ",
        "TL;DR please",
        "Hi! Could you summarize this thread for me?",
        "give me a quick summary of this thread",
        "What is this thread about?",
        "catch me up",
        "summarise this thread\nExplain in detail.",
    ],
)
def test_a_summary_is_asked_for(text: str) -> None:
    assert wants_summary(text)


@pytest.mark.parametrize(
    "text",
    [
        "有給休暇の規則をまとめて",
        "休暇規程をまとめてください",
        "まとめて申請できますか",
        "まとめてもいいですか",
        "まとめてから出す？",
        "要約のやり方は？",
        "内容証明の送り方",
        "Summarize the vacation policy",
        "How do I write a summary?",
        "tl;dr of the handbook",
        "まとめて\n有給休暇は何日ですか？",
        "",
        "🎉",
    ],
)
def test_what_asks_the_documents_asks_for_no_summary(text: str) -> None:
    assert not wants_summary(text)


@pytest.mark.parametrize(
    "text",
    [
        "これってどうなってる？",
        "それ、いつまで？",
        "どうなった？",
        "いつまでですか？",
        "この場合は有給になりますか",
        "上記の手続きは必要ですか",
        "教えて",
        "What about this?",
        "Is it allowed?",
        "and for part-timers?",
        "Why?",
    ],
)
def test_what_cannot_be_understood_alone_points_back(text: str) -> None:
    assert points_back(text)


@pytest.mark.parametrize(
    "text",
    [
        "有給休暇は何日？",
        "経費精算の締め日はいつですか",
        "Wi-Fi のパスワードは？",
        "VPN",
        "How many days of leave do I have?",
    ],
)
def test_what_names_its_subject_stands_alone(text: str) -> None:
    assert not points_back(text)
