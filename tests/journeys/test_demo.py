"""A first try: the bundled documents are read, and the demo's questions answered."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot import settings
from bot.app import NONE, App, opened
from bot.commands.demo import QUESTIONS, samples, usable
from bot.commands.sync import sync_sources
from bot.core.access import Audience, principal
from bot.core.model import (
    Answer,
    ConversationId,
    Declined,
    Finished,
    Question,
    Reason,
)
from bot.ingest.sync import Policy
from bot.text.language import detect
from tests.fakes.ollama_shaped import teach
from tests.fakes.scripted_http import ScriptedHTTP

JAPANESE, ENGLISH, UNKNOWN = QUESTIONS
SALARIES = "等級G4の年収の上限はいくらですか？"


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    """Everything as the demo wires it, without a model host."""
    read = settings.load(
        samples() / "shirube.toml",
        data=tmp_path,
        index={"backend": "memory"},
        ollama={"chat_model": NONE, "embed_model": NONE},
    )
    async with opened(read, writing=True) as app:
        for report in await sync_sources(app, None, Policy(), quiet=True):
            assert report.failures == ()
        yield app


async def ask(app: App, text: str, *groups: str) -> Answer | Declined:
    question = Question(
        id="q",
        text=text,
        language=detect(text),
        audience=Audience(
            principals=app.settings.console.held() | {*map(principal, groups)}
        ),
        asked_at=app.clock(),
        conversation=ConversationId("c"),
    )
    async for event in app.answering.answer(question):
        match event:
            case Finished():
                return event.answer
            case Declined():
                return event
            case _:
                pass
    pytest.fail("no last event")


def expected(text: str) -> tuple[list[str], list[str]]:
    """Return the documents that answer a question, and texts that stand in them."""
    lines = (samples() / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    rows = {row["question"]: row for row in map(json.loads, lines)}
    return rows[text]["gold_ids"], rows[text]["answers"]


async def test_the_rule_of_this_year_answers_and_last_years_is_named(app: App) -> None:
    answer = await ask(app, JAPANESE)

    assert isinstance(answer, Answer)
    documents, texts = expected(JAPANESE)
    assert answer.citations[0].document in documents
    assert any(text in answer.text for text in texts)
    assert any("就業規則 2025" in note for note in answer.notes)


async def test_an_english_question_is_answered_from_an_english_page(app: App) -> None:
    answer = await ask(app, ENGLISH)

    assert isinstance(answer, Answer)
    documents, texts = expected(ENGLISH)
    assert answer.citations[0].document in documents
    assert any(text in answer.text for text in texts)
    assert (answer.citations[0].url or "").startswith("https://wiki.example.com/")


async def test_what_no_document_says_is_declined(app: App) -> None:
    declined = await ask(app, UNKNOWN)

    assert isinstance(declined, Declined)
    assert declined.reason is Reason.NOT_FOUND


async def test_a_page_of_the_personnel_department_answers_nobody_else(
    app: App,
) -> None:
    inside = await ask(app, SALARIES, "grp:confluence:人事部")
    outside = await ask(app, SALARIES)

    assert isinstance(inside, Answer)
    assert inside.citations[0].title == "給与レンジ 2026"
    assert isinstance(outside, Declined)


async def test_tables_of_hosts_are_used_as_they_are() -> None:
    """Nothing else is picked where somebody chose, though the host is away."""
    gpu = {"url": "http://127.0.0.1:9", "chat_model": "社内モデル"}
    read = settings.load(samples() / "shirube.toml", hosts={"gpu1": gpu})
    alone = settings.load(
        samples() / "shirube.toml", ollama={"url": "http://127.0.0.1:9"}
    )

    assert await usable(read) == (read, [])
    assert (await usable(alone))[0].ollama.chat_model == NONE


async def test_a_model_that_is_switched_off_stays_off(
    scripted_http: ScriptedHTTP,
) -> None:
    teach(scripted_http, models=["社内モデル:latest"])
    read = settings.load(
        samples() / "shirube.toml",
        ollama={"url": scripted_http.url, "chat_model": NONE, "embed_model": "bge-m3"},
    )

    chosen = (await usable(read))[0].ollama

    assert (chosen.chat_model, chosen.embed_model) == (NONE, "社内モデル:latest")
