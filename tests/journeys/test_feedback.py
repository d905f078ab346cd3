"""What people think of answers, and asked in vain, as an operator reads it."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from bot import settings
from bot.app import App, now, opened
from bot.chat.desk import Desk
from bot.core.feedback import Complaint, Judgement, Verdict
from bot.core.inbox import Incoming, Kind, Origin, QuestionId
from bot.core.model import ConversationId, Language
from bot.evaluation.files import read_queries
from bot.text.language import detect
from tests.fakes.terminal import ALONE, Terminal
from tests.unit.chat.test_desk import Board, seen_through

SETTINGS = """\
    [[sources]]
    name = "notes"
    connector = "folder"
    access = ["pub"]
    options = { path = "文書" }
    """
LEAVE = """\
    # 休暇規程

    ## 年次有給休暇

    年次有給休暇は、入社6か月後に20日を付与します。
    """
ASKED = "年次有給休暇は何日付与されますか？"
NOWHERE = ("社員寮の家賃は？", "社員寮はどこですか", "社員寮に入りたい")


@pytest.fixture
def synced(tmp_path: Path) -> Terminal:
    return read(Terminal(tmp_path))


def read(terminal: Terminal) -> Terminal:
    """Have the documents read in a folder."""
    terminal.configure(SETTINGS)
    terminal.write("文書/休暇.md", LEAVE)
    assert terminal.run("sync").code == 0
    return terminal


def in_japanese(terminal: Terminal) -> Terminal:
    return replace(
        terminal, environment={**terminal.environment, "LANG": "ja_JP.UTF-8"}
    )


def configured(terminal: Terminal, more: str) -> None:
    terminal.configure(f"{SETTINGS}\n{more}")


def a_question(
    text: str, *, asker: str = "U山田", kind: Kind = Kind.MENTION
) -> Incoming:
    moment, message = now(), uuid4().hex
    return Incoming(
        event=f"Ev{message}",
        kind=kind,
        origin=Origin(surface="chat", channel="C総務", message=message),
        asker=asker,
        conversation=ConversationId(f"chat:C総務:{message}"),
        text=text,
        language=detect(text, default=Language.JA),
        asked_at=moment,
        expires_at=moment + timedelta(minutes=15),
    )


def ask(
    terminal: Terminal,
    *questions: Incoming,
    then: Callable[[App, Sequence[QuestionId]], Awaitable[None]] | None = None,
) -> None:
    """Have these answered in a chat, by the desk and the documents there are."""

    async def main() -> None:
        async with opened(settings.load(terminal.folder / "shirube.toml")) as app:
            board = Board()
            desk = Desk(
                surface=board,
                answer=app.answering.answer,
                claims=app.state.questions,
                conversations=app.state.conversations,
                worker="甲",
                clock=app.clock,
            )
            accepted = [
                await app.state.questions.accept(each, now=app.clock())
                for each in questions
            ]
            running = asyncio.ensure_future(desk.run())
            await seen_through(desk, board, questions=len(questions))
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            if then is not None:
                await then(app, [each.question for each in accepted])

    with pytest.MonkeyPatch.context() as patch:
        for name, value in terminal.environment.items():
            patch.setenv(name, value)
        asyncio.run(main())


async def liked(app: App, questions: Sequence[QuestionId]) -> None:
    for question in questions:
        good = Judgement(
            question=question,
            person="U山田",
            verdict=Verdict.GOOD,
            given_at=app.clock(),
        )
        assert await app.state.feedback.record(good)


async def disliked(app: App, questions: Sequence[QuestionId]) -> None:
    for question in questions:
        bad = Judgement(
            question=question,
            person="U佐藤",
            verdict=Verdict.BAD,
            complaint=Complaint.OUTDATED,
            note="今年から22日です",
            given_at=app.clock(),
        )
        assert await app.state.feedback.record(bad)


def test_judged_answers_are_exported_and_read_by_eval(synced: Terminal) -> None:
    ask(synced, a_question(ASKED), then=liked)

    ran = synced.run("feedback", "export")

    assert ran.code == 0, ran.all
    assert "with a verdict: 1." in ran.err
    row = json.loads(ran.out)
    assert (row["question"], row["verdict"]) == (ASKED, "good")
    assert "20日" in row["answer"]
    assert row["citations"] == ["notes:休暇.md"]
    assert row["contexts"][0].startswith("休暇規程 › 年次有給休暇\n")
    assert row["written_by"] == "extractive"
    file = synced.write("評価.jsonl", ran.out)
    [query] = read_queries(file)
    assert (query.question, query.gold_ids) == (ASKED, ("notes:休暇.md",))


def test_eval_takes_what_was_exported(synced: Terminal) -> None:
    ask(synced, a_question(ASKED), then=liked)
    synced.write("問い.jsonl", synced.run("feedback", "export").out)
    document = {"id": "notes:休暇.md", "title": "休暇規程", "text": LEAVE}
    synced.write("文集.jsonl", json.dumps(document, ensure_ascii=False))
    files = ("--corpus", "文集.jsonl", "--queries", "問い.jsonl", "--out", "結果.jsonl")

    ran = synced.run("eval", "retrieval", *files)

    assert ran.code == 0, ran.all
    result = json.loads((synced.folder / "結果.jsonl").read_text("utf-8"))
    assert result["ranked"] == ["notes:休暇.md"]


def test_what_rests_on_a_removed_document_is_not_exported(synced: Terminal) -> None:
    """The question and the verdict are; they say what people miss now."""
    synced.write("文書/旅費.md", "# 旅費規程\n\n出張の宿泊費は1泊12,000円までです。")
    assert synced.run("sync").code == 0
    ask(synced, a_question(ASKED), a_question("出張の宿泊費の上限は？"), then=liked)
    (synced.folder / "文書" / "休暇.md").unlink()
    assert synced.run("sync").code == 0

    ran = synced.run("feedback", "export")

    rows = {row["question"]: row for row in map(json.loads, ran.out.splitlines())}
    assert (rows[ASKED]["answer"], rows[ASKED]["contexts"]) == ("", [])
    assert "12,000円" in rows["出張の宿泊費の上限は？"]["answer"]
    assert "20日" not in ran.out


def test_an_export_is_narrowed_by_verdict_and_time(synced: Terminal) -> None:
    ask(synced, a_question(ASKED), then=disliked)
    other = a_question(ASKED, asker="U佐藤")
    ask(synced, other, then=liked)

    bad = synced.run("feedback", "export", "--verdict", "bad")
    later = synced.run("feedback", "export", "--since", "2999-01-01")

    [row] = map(json.loads, bad.out.splitlines())
    assert (row["reason"], row["opinions"][0]["by"]) == ("outdated", "reader")
    assert row["opinions"][0]["note"] == "今年から22日です"
    assert "U佐藤" not in bad.out
    assert (later.code, later.out) == (0, "")
    assert len(synced.run("feedback", "export").out.splitlines()) == 2


def test_what_three_people_asked_in_vain_is_listed_in_both_languages(
    synced: Terminal,
) -> None:
    """Also what was asked everybody, and the bot had nothing to say to."""
    people = ("U山田", "U佐藤", "U鈴木")
    kinds = (Kind.MENTION, Kind.FOLLOW_UP, Kind.OVERHEARD)
    ask(
        synced,
        *(
            a_question(text, asker=who, kind=kind)
            for text, who, kind in zip(NOWHERE, people, kinds, strict=True)
        ),
    )

    english = synced.run("feedback", "gaps")
    japanese = in_japanese(synced).run("feedback", "gaps")
    [gap] = json.loads(synced.run("feedback", "gaps", "--json").out)["gaps"]

    assert (english.code, japanese.code) == (0, 0), english.all + japanese.all
    assert "askers" in english.out
    assert "人数" in japanese.out
    assert "社員寮" in japanese.out
    assert "feedback.private" in english.err
    assert (gap["askers"], gap["questions"], gap["language"]) == (3, 3, "ja")
    assert gap["question"] in NOWHERE
    assert not set(gap) & {"asker", "person"}


def test_what_two_people_asked_is_not_told(synced: Terminal) -> None:
    people = ("U山田", "U佐藤", "U山田")
    ask(
        synced,
        *(
            a_question(text, asker=who)
            for text, who in zip(NOWHERE, people, strict=True)
        ),
    )

    english = synced.run("feedback", "gaps")
    japanese = in_japanese(synced).run("feedback", "gaps")

    assert "nothing was asked in vain by 3 people or more" in english.err
    assert "3人以上が尋ねて見つからなかったことはありません" in japanese.err
    assert "社員寮" not in english.all + japanese.all


def test_private_questions_are_used_by_opt_in_only(synced: Terminal) -> None:
    people = ("U山田", "U佐藤", "U鈴木")
    kinds = (Kind.DIRECT, Kind.COMMAND, Kind.SHORTCUT)
    ask(
        synced,
        *(
            a_question(text, asker=who, kind=kind)
            for text, who, kind in zip(NOWHERE, people, kinds, strict=True)
        ),
        then=liked,
    )
    for command in (("feedback", "gaps"), ("feedback", "export")):
        assert "社員寮" not in synced.run(*command).all

    configured(synced, "[feedback]\n    private = true")

    assert "社員寮" in synced.run("feedback", "gaps").out
    assert synced.run("feedback", "export").out.count("社員寮") >= 3


def test_without_retention_there_is_nothing_to_read(synced: Terminal) -> None:
    configured(synced, "[retention]\n    text_days = 0")
    ask(synced, a_question(ASKED), then=liked)

    export = synced.run("feedback", "export")
    gaps = in_japanese(synced).run("feedback", "gaps")

    assert (export.code, export.out) == (0, "")
    assert "text_days is 0" in export.err
    assert "text_days が 0" in gaps.err


def test_a_sync_forgets_what_is_old_enough(synced: Terminal) -> None:
    """For teams that never run `serve`; `0` takes what was kept before as well."""
    ask(synced, a_question(ASKED), then=disliked)
    database = synced.folder / ".shirube" / "state.db"
    assert "今年から22日です".encode() in database.read_bytes()
    configured(synced, "[retention]\n    text_days = 0")

    assert synced.run("sync").code == 0

    assert "今年から22日です".encode() not in database.read_bytes()
    assert ASKED.encode() not in database.read_bytes()
    assert synced.run("db", "check").code == 0


def test_a_setting_that_cannot_be_is_named(synced: Terminal) -> None:
    configured(synced, "[retention]\n    text_day = 3")
    typo = synced.run("feedback", "gaps")
    configured(synced, "[retention]\n    text_days = -1")
    negative = synced.run("feedback", "gaps")

    assert (typo.code, negative.code) == (2, 2)
    assert "did you mean text_days?" in typo.err
    assert "retention.text_days" in negative.err


def test_on_a_server_the_same_is_read_and_forgotten(
    tmp_path: Path, postgres_url: str
) -> None:
    environment = {**ALONE, "SHIRUBE_STATE__URL": postgres_url}
    terminal = read(Terminal(tmp_path, environment))
    people = ("U山田", "U佐藤", "U鈴木")
    asked = [
        a_question(text, asker=who) for text, who in zip(NOWHERE, people, strict=True)
    ]
    ask(terminal, a_question(ASKED), then=disliked)
    ask(terminal, *asked)

    row = json.loads(terminal.run("feedback", "export").out)
    [gap] = json.loads(terminal.run("feedback", "gaps", "--json").out)["gaps"]
    configured(terminal, "[retention]\n    text_days = 0")
    assert terminal.run("sync").code == 0
    configured(terminal, "")

    assert (row["question"], row["reason"]) == (ASKED, "outdated")
    assert gap["askers"] == 3
    assert terminal.run("feedback", "export").out == ""
    assert json.loads(terminal.run("feedback", "gaps", "--json").out) == {"gaps": []}
