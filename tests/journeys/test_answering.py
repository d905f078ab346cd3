"""From files on a disk to a cited answer, and what a change meanwhile does to it."""

import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.answering.pipeline import Answering
from bot.answering.retrieval import Retrieval
from bot.backends.memory_models import MemoryLanguageModel, Script
from bot.core.access import PUB, Audience, Principal
from bot.core.model import (
    AnswerEvent,
    AnswerKind,
    ConversationId,
    Declined,
    Finished,
    Question,
    Reason,
    Sentence,
    Turn,
)
from bot.core.ports import Role
from bot.text import phrases
from bot.text.language import detect
from connectors.api import Connector, Context
from connectors.folder import connect
from tests.contracts.state import record
from tests.fakes.house import NOW, House, house
from tests.fakes.source import MemorySource, Page

FILES = {
    "休暇規程 2025年度.md": (
        "# 休暇規程 2025年度\n\n## 年次有給休暇\n\n"
        "年次有給休暇は、入社6か月後に20日を付与する。申請は3日前までに行う。\n"
    ),
    "旧規程/休暇規程 2024年度.md": (
        "# 休暇規程 2024年度\n\n## 年次有給休暇\n\n"
        "年次有給休暇は、入社6か月後に10日を付与する。申請は7日前までに行う。\n"
    ),
    "経費/精算.html": (
        "<html><head><title>経費精算</title></head><body><h1>経費精算</h1>"
        "<h2>締め日</h2><p>経費の締め日は毎月25日です。</p></body></html>"
    ),
    "it/vpn.md": (
        "# VPN guide\n\n## Certificates\n\nA new certificate is issued every 90 days. "
        "Requests are approved by the network team.\n"
    ),
}
LEAVE = "年次有給休暇は何日付与されますか？"
VPN = "How often is a new certificate issued?"


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        changed = datetime(2026, 4, 1, 12, tzinfo=UTC).timestamp()
        os.utime(path, (changed, changed))
    return tmp_path / "docs"


def reading(folder: Path, link: str | None = None) -> Connector:
    return connect(
        Context(
            source="handbook",
            options={"path": str(folder)},
            base=folder.parent,
            cache=folder.parent / "cache",
            layers=(frozenset({"pub"}),),
            link=link,
        )
    )


def told(home: House, *scripts: Script) -> MemoryLanguageModel:
    """Let the house answer with a model that plays these scripts."""
    model = MemoryLanguageModel(scripts, context=16_384)
    home.model = model
    return model


async def outcome(home: House, text: str) -> Finished:
    last = await home.ask(text)
    assert isinstance(last, Finished), last
    return last


# --- answers -----------------------------------------------------------------


async def test_a_file_answers_a_japanese_question_without_a_model(
    home: House, folder: Path
) -> None:
    await home.sync(reading(folder, "https://files.example.jp/{path}"))
    answer = (await outcome(home, "経費の締め日はいつですか？")).answer

    assert answer.kind is AnswerKind.EXTRACTIVE
    assert answer.reason is Reason.NO_MODEL
    assert "経費の締め日は毎月25日です[1]。" in answer.text
    [citation] = answer.citations
    assert citation.title == "経費精算"
    assert citation.heading_path[-1] == "締め日"
    assert citation.quote == "経費の締め日は毎月25日です。"
    assert citation.url is not None
    assert citation.url.startswith("https://files.example.jp/")


async def test_a_model_answers_in_the_language_of_the_question(
    home: House, folder: Path
) -> None:
    await home.sync(reading(folder))
    told(home, "A new certificate is issued every 90 days [1].")
    english = (await outcome(home, VPN)).answer
    told(home, "VPNの証明書は90日ごとに発行されます[1]。")
    japanese = (await outcome(home, "VPNの証明書（certificate）の有効期間は？")).answer

    assert english.text == "A new certificate is issued every 90 days [1]."
    assert japanese.text == "VPNの証明書は90日ごとに発行されます[1]。"
    assert english.citations[0].title == japanese.citations[0].title == "VPN guide"
    assert english.citations[0].url is None


async def test_of_two_versions_the_newer_one_is_followed_and_named(
    home: House, folder: Path
) -> None:
    await home.sync(reading(folder))
    model = told(home, "年次有給休暇は20日です[1]。")
    answer = (await outcome(home, LEAVE)).answer

    prompt = model.prompts[0][-1].text
    assert prompt.index("2025年度") < prompt.index("2024年度")
    assert answer.citations[0].title == "休暇規程 2025年度"
    assert "休暇規程 2024年度" in answer.notes[0]
    home.model = None
    assert "10日" not in (await outcome(home, LEAVE)).answer.text


async def test_what_no_file_says_is_not_found(home: House, folder: Path) -> None:
    await home.sync(reading(folder))
    declined = await home.ask("社長の誕生日はいつですか？")

    assert isinstance(declined, Declined)
    assert declined.reason is Reason.NOT_FOUND
    assert declined.text == phrases.NOT_FOUND.ja


async def test_before_the_first_sync_nothing_is_indexed(home: House) -> None:
    declined = await home.ask(VPN)

    assert isinstance(declined, Declined)
    assert declined.reason is Reason.NOTHING_INDEXED


# --- access ------------------------------------------------------------------

HR = frozenset({"grp:hr"})
SECRET = Page("役員規程", "## 報酬\n\n役員報酬は月額200万円とする。", layers=(HR,))
PUBLIC = Page("給与規程", "## 支給日\n\n給与は毎月25日に支給する。")


async def test_a_restricted_page_answers_only_those_who_hold_its_right(
    home: House,
) -> None:
    await home.sync(MemorySource({"役員.md": SECRET, "給与.md": PUBLIC}))
    question = "役員報酬は月額いくらですか"
    outside, inside = (
        await home.ask(question),
        await home.ask(question, holding=("pub", "grp:hr")),
    )

    assert isinstance(outside, Declined)
    assert outside.text == phrases.NOT_FOUND.ja
    assert isinstance(inside, Finished)
    assert "200万円" in inside.answer.text


# --- what changes meanwhile --------------------------------------------------


def asked(home: House, text: str, *, history: tuple[Turn, ...] = ()) -> Question:
    return Question(
        id=text,
        text=text,
        language=detect(text),
        audience=Audience(principals=frozenset({PUB})),
        asked_at=home.now,
        conversation=ConversationId("c1"),
        history=history,
    )


def answering(home: House) -> Answering:
    retrieval = Retrieval(
        index=home.index, catalogue=home.state.catalogue, embedder=None
    )
    return Answering(
        generations=home.state.generations,
        catalogue=home.state.catalogue,
        index=home.index,
        retrieval=retrieval,
        model=home.model,
    )


async def after_the_first_sentence(
    home: House, text: str, source: MemorySource
) -> Sequence[AnswerEvent]:
    """Ask, and sync the source once something was shown."""
    events: list[AnswerEvent] = []
    async with aclosing(answering(home).answer(asked(home, text))) as stream:
        async for event in stream:
            first = isinstance(event, Sentence) and not any(
                isinstance(e, Sentence) for e in events
            )
            events.append(event)
            if first:
                await home.sync(source)
    return events


def removed(source: MemorySource) -> None:
    del source.pages["給与.md"]


def restricted(source: MemorySource) -> None:
    source.pages["給与.md"] = replace(PUBLIC, layers=(HR,))


@pytest.mark.parametrize("change", [removed, restricted])
async def test_a_sync_that_hides_a_page_withdraws_what_it_said(
    home: House, change: Callable[[MemorySource], None]
) -> None:
    source = MemorySource({"給与.md": PUBLIC, "役員.md": SECRET})
    await home.sync(source)
    told(home, "給与は毎月25日に支給されます[1]。ご確認ください。")
    change(source)
    events = await after_the_first_sentence(home, "給与の支給日は？", source)

    assert any(isinstance(event, Sentence) for event in events)
    assert isinstance(events[-1], Declined)
    assert events[-1].reason is Reason.WITHDRAWN


async def test_a_sync_that_changes_a_page_does_not_withdraw_what_it_said(
    home: House,
) -> None:
    source = MemorySource({"給与.md": PUBLIC})
    await home.sync(source)
    told(home, "給与は毎月25日に支給されます[1]。ご確認ください。")
    changed = "## 支給日\n\n給与は毎月末日に支給する。"
    source.pages["給与.md"] = replace(PUBLIC, markdown=changed)
    events = await after_the_first_sentence(home, "給与の支給日は？", source)

    assert isinstance(events[-1], Finished)
    assert "25日" in events[-1].answer.text


# --- conversations -----------------------------------------------------------


async def test_a_follow_up_remembers_the_answer_until_its_page_is_gone(
    home: House,
) -> None:
    source = MemorySource({"給与.md": PUBLIC, "役員.md": SECRET})
    await home.sync(source)
    told(home, "給与は毎月25日に支給されます[1]。")
    first = (await outcome(home, "給与の支給日は？")).answer
    conversation = ConversationId("c1")
    turn = Turn(
        question="給与の支給日は？",
        answer=first.text,
        documents=tuple(citation.document for citation in first.citations),
        asked_at=NOW,
    )
    await record(home.state, turn, conversation=conversation)

    async def remembered() -> list[str]:
        model = told(home, "給与は毎月25日に支給されます[1]。")
        turns = await home.state.conversations.turns(conversation, limit=5)
        question = asked(home, "給与の支給が休日なら？", history=turns)
        async with aclosing(answering(home).answer(question)) as events:
            [_ async for _ in events]
        prompts = model.prompts[:1] or [()]
        return [m.text for m in prompts[0] if m.role is Role.ASSISTANT]

    assert await remembered() == ["給与は毎月25日に支給されます。"]
    source.pages["福利.md"] = Page("福利厚生", "給与の支給が休日なら前日に支給する。")
    removed(source)
    await home.sync(source)
    assert await remembered() == []
    assert Principal("grp:hr") in await home.state.catalogue.principals()
