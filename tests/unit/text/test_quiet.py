"""Somebody asks for silence, and for nothing else."""

import pytest

from bot.text.quiet import wants_quiet


@pytest.mark.parametrize(
    "text",
    [
        "静かに",
        "静かにして。",
        "少し静かにしてください",
        "🔇",
        ":mute:",
        "ＭＵＴＥ",
        "Please mute",
    ],
)
def test_silence_is_asked_for(text: str) -> None:
    assert wants_quiet(text)


@pytest.mark.parametrize(
    "text",
    [
        "会議室で静かに話せる場所は？",
        "how do I mute a channel?",
        "",
        "ミュートの方法は",
    ],
)
def test_questions_about_silence_are_questions(text: str) -> None:
    assert not wants_quiet(text)
