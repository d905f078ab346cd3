"""The language of a text, and Chinese that slipped into Japanese."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.model import Language
from bot.text.language import detect, foreign_han

EVAL = Path(__file__).parents[3].parent / "shared" / "eval"


@pytest.mark.parametrize(
    "text",
    [
        "経費精算",
        "VPNがつながらない",
        "Google Meet の Recording は?",
        "Bank of America は？",
        "kubectl apply -f でエラー",
        "`the value of it` の使い方",
        "「Error: the file is not found」と出ます",
        "ｶﾀｶﾅ",
    ],
)
def test_japanese_is_recognised_between_foreign_words(text: str) -> None:
    assert Language.JA is detect(text)


@pytest.mark.parametrize(
    "text",
    [
        "How do I reset my token",
        "Where can I find 就業規則?",
        "What does お疲れ様です mean?",
        "HOW DO I RESET",
        "Who approves 「明日の出張申請を出してください」?",
        "```\nこれは例です\n```\nSee above.",
    ],
)
def test_english_is_recognised_around_japanese_terms(text: str) -> None:
    assert Language.EN is detect(text, default=Language.JA)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "🎉👍🏽",
        "VPN",
        "get_user_name",
        "https://example.com/the/a",
        "\ud800",
    ],
)
@pytest.mark.parametrize("default", list(Language))
def test_text_without_words_has_the_default_language(
    text: str, default: Language
) -> None:
    assert default is detect(text, default=default)


@given(st.text(st.characters(codec=None)))
@settings(deadline=None)
def test_every_text_has_a_language(text: str) -> None:
    assert detect(text) in Language


def test_chinese_characters_are_found() -> None:
    assert frozenset("这问题请") == foreign_han("这是一个问题，请问您")
    assert frozenset("请给") == foreign_han("有给休假的申请")


def test_japanese_characters_are_not_foreign() -> None:
    assert not foreign_han("髙﨑さんと葛󠄀城さんの𠮷野家、國學院、辻󠄀、々〆〇ヶ①㈱")


def _rows(name: str, file: str, key: str) -> Iterator[str]:
    path = EVAL / name / f"{file}.jsonl"
    if not path.exists():
        pytest.skip(f"question sets not found at {EVAL}")
    for line in path.read_text("utf-8").splitlines():
        yield json.loads(line)[key]


@pytest.mark.shared
@pytest.mark.parametrize("name", ["jsquad-ja", "jaquad-ja", "archguide-ja"])
def test_real_japanese_has_no_foreign_characters(name: str) -> None:
    paragraphs = "\n".join(_rows(name, "corpus", "text")).split("\n")
    paragraphs += _rows(name, "queries", "question")
    wrong = [text for text in paragraphs if foreign_han(text)]

    assert len(wrong) <= len(paragraphs) / 1000, wrong[:3]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("jsquad-ja", Language.JA),
        ("jaquad-ja", Language.JA),
        ("squad2-en", Language.EN),
        ("mtrag-un-en", Language.EN),
    ],
)
def test_real_questions_and_documents_are_recognised(
    name: str, language: Language
) -> None:
    texts = [*_rows(name, "corpus", "text"), *_rows(name, "queries", "question")]
    wrong = [text for text in texts if detect(text) is not language]

    assert len(wrong) <= len(texts) / 1000, wrong[:3]
