"""A question means the same however politely it is wrapped."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.text.courtesy import clauses, essence, is_greeting_only, wants_more
from bot.text.tokens import analyse

EVAL = Path(__file__).parents[3].parent / "shared" / "eval"

JAPANESE_WRAPPERS = [
    "お疲れ様です。{}",
    "お疲れさまです、{}よろしくお願いいたします。",
    "お世話になっております。{}",
    "大変お世話になっております。\n{}\n以上、よろしくお願いいたします。",
    "すみません、{}",
    "すみませんが、{}教えてください。",
    "突然すみません🙇 {}ありがとうございます！",
    "お忙しいところ恐れ入りますが、{}ご教示いただけますと幸いです。",
    "こんにちは！{}",
    "おはようございます。営業部の田中です。{}ご教示ください。",
    "{}教えてください",
    "{}教えていただけますでしょうか。",
    "{}教えてもらえますか？",
    "{}分かる方いらっしゃいますか？",
    "{}ご存知でしたら教えていただけると助かります。",
    "{}お手数ですが、よろしくお願いいたします。",
    "質問です。{}",
    "質問があります。{}よろしくお願いします。",
    "ちょっとお聞きしたいのですが、{}",
    "教えてほしいのですが、{}",
    "確認させてください。{}",
    "初歩的な質問で恐縮ですが、{}",
    "皆さん、お疲れ様です。{}どなたかご存知の方いらっしゃいますか？",
    "えっと、{}",
    "いつもお世話になっております。総務の佐藤と申します。{}",
    "お尋ねします。{}知っていますか？",
    "{}至急お願いします！",
    "標さん、もしよろしければ、{}調べてもらえますか",
    "@shirube {}",
    "<@U012AB3CD> お疲れ様です！{}",
]
ENGLISH_WRAPPERS = [
    "Hi team, {}",
    "Hello everyone! {}",
    "Hey, {}",
    "Good morning, {} Thanks!",
    "Hi all - {}",
    "Hi there, {} Thanks in advance!",
    "Dear team,\n{}\nBest regards",
    "Could you please tell me {}",
    "Can someone tell me {}",
    "Does anyone know {}",
    "Do you know {} Thank you!",
    "Excuse me, {}",
    "Question: {}",
    "Quick question: {}",
    "I have a question. {}",
    "Sorry to bother you, but {}",
    "I was wondering if you could tell me {}",
    "Just wondering, {} Cheers!",
    "I'd like to know {}",
    "Please tell me {}",
    "Can I ask: {}",
    "{} Thanks so much for your help!",
    "{} Any help is appreciated.",
    "{} Please let me know.",
    "Help! {} Much appreciated!",
    "Apologies for the basic question: {}",
    "I'm trying to find out {} Kind regards, Taro",
    "@shirube {}",
    "<@U012AB3CD> hi! {}",
]


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("締め日はいつですか？", "締め日はいつ"),
        ("締め日がいつか教えていただけますでしょうか。", "締め日がいつ"),
        ("締め日はいつですか、教えてください", "締め日はいつ"),
        ("VPNの設定方法についてご教示ください。", "VPNの設定方法"),
        ("経費の締め日を知りたいのですが", "経費の締め日"),
        (
            "経費精算についてなんですが、締め日はいつでしょうか？",
            "経費精算、締め日はいつ",
        ),
        ("部長が誰か分かる方いますか", "部長が誰"),
        ("有給の申請方法を詳しく教えてください", "有給の申請方法"),
        ("質問です。名刺はどこ？\n封筒はどこ？", "名刺はどこ\n封筒はどこ"),
        ("Could you tell me where the wiki is?", "where the wiki is"),
        ("I have a question about expense reports.", "expense reports"),
        ("Where is the wiki please?", "Where is the wiki"),
    ],
)
def test_what_is_asked_for_is_left(text: str, asked: str) -> None:
    assert asked == essence(text)


@pytest.mark.parametrize(
    "text",
    [
        "こんにちはの語源は",
        "Hello Kitty は何周年",
        "教えてくれた人は誰",
        "お願いする手順は",
        "お世話になった人への挨拶は",
        "以上の場合は",
        "--help オプションの意味は",
        "Can I ask for a lawyer",
        "Question 5 の答えは",
        "Do I need to hire a lawyer",
        "Thanksgiving はいつ",
        "標の意味は",
        "この検査で何が分かります",
    ],
)
def test_a_question_about_courtesy_is_left_alone(text: str) -> None:
    assert text == essence(text)


@pytest.mark.parametrize(
    "text",
    [
        *[
            "お疲れ様です！",
            "ありがとうございます🙏",
            "了解です",
            "よろしくお願いいたします。",
        ],
        *["質問があります", "教えてください", "ご確認のほど、よろしくお願いします"],
        *["Hi team!", "Thanks in advance", "ok", "Good morning. Thank you very much!"],
    ],
)
def test_courtesy_alone_asks_for_nothing(text: str) -> None:
    assert not essence(text)
    assert not clauses(text)
    assert is_greeting_only(text)


@pytest.mark.parametrize(
    "text", ["", " \n", "🎉", "締め日は？", "お疲れ様です。締め日は？"]
)
def test_other_texts_are_no_greetings(text: str) -> None:
    assert not is_greeting_only(text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "VPNがつながらないのですが、対処方法は？",
            ["VPNがつながらない", "対処方法は"],
        ),
        ("経費精算についてですが、締め日は？", ["経費精算、締め日は"]),
        ("締め日は？　上限は？", ["締め日は", "上限は"]),
        ("I moved. What do I file?", ["I moved", "What do I file"]),
    ],
)
def test_parts_that_may_be_the_question_are_told_apart(
    text: str, parts: list[str]
) -> None:
    assert parts == clauses(text)
    assert parts == clauses(essence(text))


@pytest.mark.parametrize(
    "text",
    [
        *["申請方法を詳しく教えて", "詳細に説明してください", "具体的に知りたい"],
        *["Explain it in detail", "in more depth please", "step by step"],
    ],
)
def test_a_wish_for_more_is_heard(text: str) -> None:
    assert wants_more(text)


@pytest.mark.parametrize(
    "text", ["詳細設計とは", "締め日は？", "What is the deadline?"]
)
def test_a_plain_question_wishes_for_no_more(text: str) -> None:
    assert not wants_more(text)


@given(st.text(st.characters(codec=None), max_size=200))
@settings(deadline=None)
def test_nothing_is_invented(text: str) -> None:
    for clause in clauses(text):
        assert clause in text


@pytest.mark.parametrize(
    "text",
    [
        "お" * 50_000,
        "、" * 50_000,
        "です" * 25_000,
        "hi " * 20_000,
        "か。" * 9_000,
        "hi, " * 9_000,
    ],
)
def test_hostile_text_is_peeled_in_reasonable_time(text: str) -> None:
    assert len(essence(text)) <= len(text)


def _questions(name: str) -> list[str]:
    path = EVAL / name / "queries.jsonl"
    if not path.exists():
        pytest.skip(f"question sets not found at {EVAL}")
    rows = map(json.loads, path.read_text("utf-8").splitlines())
    mark = "？" if name.endswith("ja") else "?"
    return [re.sub(r"[\s。？?！!.]*$", mark, row["question"]) for row in rows]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "wrappers"),
    [
        ("jsquad-ja", JAPANESE_WRAPPERS),
        ("jaquad-ja", JAPANESE_WRAPPERS),
        ("archguide-ja", JAPANESE_WRAPPERS),
        ("squad2-en", ENGLISH_WRAPPERS),
        ("mtrag-un-en", ENGLISH_WRAPPERS),
    ],
)
def test_wrapped_real_questions_ask_the_same(name: str, wrappers: list[str]) -> None:
    sample = _questions(name)[::25]
    differing = [
        wrapper.format(question)
        for question in sample
        for wrapper in wrappers
        if analyse(essence(wrapper.format(question))) != analyse(essence(question))
    ]

    assert len(differing) <= len(sample) * len(wrappers) / 500, differing[:3]


@pytest.mark.shared
@pytest.mark.parametrize("name", ["jsquad-ja", "jaquad-ja", "squad2-en"])
def test_real_questions_keep_their_words(name: str) -> None:
    grammar = re.compile("[\u3040-\u309f]")
    for question in _questions(name):
        lost = {*analyse(question)} - {*analyse(essence(question))}
        assert all(grammar.search(token) for token in lost), (question, lost)
