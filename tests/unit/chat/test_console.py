"""What a person at the terminal gets to see of an answer."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

from rich.console import Console

from bot.chat.console import Screen
from bot.core.model import (
    Answer,
    AnswerEvent,
    AnswerKind,
    Citation,
    Declined,
    DocumentId,
    Finished,
    GenerationId,
    Language,
    Reason,
    Sentence,
)

URL = "https://wiki.example.com/pages/1?a=[b]"
CITATION = Citation(
    number=1,
    document=DocumentId("handbook:1"),
    revision=1,
    title="就業規則 2026",
    path=("人事", "規則"),
    heading_path=("年次有給休暇",),
    url=URL,
    quote="入社6か月後に10日を付与する。",
    updated_at=datetime(2026, 4, 1, tzinfo=UTC),
)


def an_answer(
    text: str,
    *,
    citations: Sequence[Citation] = (CITATION,),
    notes: tuple[str, ...] = (),
) -> Finished:
    return Finished(
        answer=Answer(
            text=text,
            language=Language.JA,
            kind=AnswerKind.GENERATED,
            citations=tuple(citations),
            confidence=0.9,
            generation=GenerationId("1"),
            notes=notes,
        )
    )


def shown(*events: AnswerEvent) -> str:
    file = StringIO()
    screen = Screen(Console(file=file, width=40))
    for event in events:
        screen(event)
    return file.getvalue()


def test_sources_stand_apart_with_date_and_address() -> None:
    text = "10日付与されます[1]。"

    assert shown(Sentence(text=text), an_answer(text)) == (
        "10日付与されます[1]。\n\n"
        f"[1] 就業規則 2026 › 年次有給休暇 — 更新日: 2026-04-01\n    {URL}\n"
    )


def test_a_source_that_was_looked_through_says_when() -> None:
    reviewed = replace(CITATION, reviewed=True)

    assert "確認日: 2026-04-01" in shown(
        an_answer("10日です[1]。", citations=[reviewed])
    )


def test_notes_stand_between_the_answer_and_its_sources() -> None:
    text = "10日付与されます[1]。"
    finished = an_answer(text, notes=("新しい版に基づいています。",))

    assert shown(Sentence(text=text), finished).startswith(
        "10日付与されます[1]。\n\n新しい版に基づいています。\n\n[1] "
    )


def test_a_source_without_an_address_shows_where_it_lies() -> None:
    unlinked = Citation(
        number=1,
        document=DocumentId("notes:a.md"),
        revision=1,
        title="休暇",
        path=("総務",),
        heading_path=(),
        url=None,
        quote="",
        updated_at=None,
    )

    assert shown(an_answer("10日です[1]。", citations=[unlinked])) == (
        "10日です[1]。\n\n[1] 休暇\n    notes/総務\n"
    )


def test_code_and_brackets_of_an_answer_are_shown_as_they_are() -> None:
    text = "```sh\nls [bold]x[/bold] " + "y" * 60 + "\n```\n[1]"

    assert shown(Sentence(text=text), an_answer(text)).startswith(f"{text}\n\n[1] ")


def test_what_is_left_of_a_withdrawn_answer_is_shown_again() -> None:
    events = (Sentence(text="10日です[1]。"), Sentence(text="秘密です[2]。"))
    finished = an_answer("10日です[1]。", notes=("一部を取り下げました。",))

    assert shown(*events, finished).startswith(
        "10日です[1]。秘密です[2]。\n\n10日です[1]。\n\n一部を取り下げました。\n\n"
    )


def test_a_declined_question_gets_a_sentence() -> None:
    declined = Declined(reason=Reason.WITHDRAWN, text="取り下げました。")

    assert shown(declined) == "取り下げました。\n"
    assert shown(Sentence(text="10日です[1]。"), declined) == (
        "10日です[1]。\n\n取り下げました。\n"
    )
