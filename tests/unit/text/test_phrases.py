"""What the bot says exists completely in both languages."""

import re

import pytest

from bot.core.model import Language
from bot.text import (
    ageing,
    chatting,
    findings,
    home,
    judging,
    phrases,
    pressing,
    replies,
    summing,
)
from bot.text.phrases import Phrase

ALL = {
    f"{prefix}{name}": value
    for prefix, module in (
        ("", phrases),
        ("check ", findings),
        ("check ", ageing),
        ("feedback ", judging),
        ("chat ", chatting),
        ("reply ", replies),
        ("press ", pressing),
        ("summary ", summing),
        ("home ", home),
    )
    for name, value in vars(module).items()
    if isinstance(value, Phrase)
}

JAPANESE = re.compile("[\u3001-\u9fff]")


def test_there_is_a_phrase_for_everything_that_can_happen() -> None:
    assert {
        *("NOT_FOUND", "NO_MODEL", "EXTRACTIVE_HEADER", "EMPTY_QUESTION"),
        *("QUESTION_TOO_LONG", "EMOJI_ONLY", "SEARCH_DOWN", "NOTHING_INDEXED"),
        *("MODEL_FAILED", "UNUSABLE", "WITHDRAWN", "NEWER_CHOSEN", "SOURCES"),
        *("SOURCES_DISAGREE", "UPDATED", "UNDATED", "DEGRADED_LEXICAL"),
    } <= set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_both_languages_want_the_same_values(name: str) -> None:
    phrase = ALL[name]

    assert phrase.placeholders(Language.JA) == phrase.placeholders(Language.EN)


@pytest.mark.parametrize("name", ALL)
def test_japanese_is_japanese_and_english_is_ascii_but_for_its_typography(
    name: str,
) -> None:
    phrase = ALL[name]

    assert JAPANESE.search(re.sub(r"\{\w+\}|`[^`]*`", "", phrase.ja))
    assert not re.search("[\u3000-\u9fff\uff00-\uffef]", phrase.en)
    assert "can not" not in phrase.en


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("language", list(Language))
def test_every_value_is_said(name: str, language: Language) -> None:
    phrase = ALL[name]
    values = {key: f"<{key}>" for key in phrase.placeholders(language)}
    said = phrase.say(language, **values)

    assert all(value in said for value in values.values())
    assert not re.search(r"[{}]", said)


def test_values_are_not_read_as_placeholders() -> None:
    said = phrases.UPDATED.say(Language.JA, date="{model}")

    assert said == "更新日: {model}"


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        phrases.NO_MODEL.say(Language.EN)


@pytest.mark.parametrize("name", [name for name in ALL if "STATUS_" in name])
@pytest.mark.parametrize("language", list(Language))
def test_trap_26_a_status_line_has_at_most_50_characters(
    name: str, language: Language
) -> None:
    values = {"count": 99, "wait": "about 120 min"}

    assert len(ALL[name].say(language, **values)) <= 50


@pytest.mark.parametrize(
    "phrase",
    [
        *(chatting.STOP, chatting.OPEN, chatting.PASSAGE, chatting.MORE),
        *(chatting.GOOD, chatting.BAD, chatting.PRIVATELY, chatting.PERSON),
        chatting.SHARE,
    ],
)
@pytest.mark.parametrize("language", list(Language))
def test_a_button_has_at_most_75_characters(phrase: Phrase, language: Language) -> None:
    assert len(phrase.say(language, number=99)) <= 75


@pytest.mark.parametrize(
    "phrase", [pressing.REASONS, pressing.PASSAGE, pressing.SEND, pressing.CLOSE]
)
@pytest.mark.parametrize("language", list(Language))
def test_the_frame_of_a_window_has_at_most_24_characters(
    phrase: Phrase, language: Language
) -> None:
    assert len(phrase.say(language)) <= 24
