"""Versions of one rule are recognised, ordered, and named to the reader."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.answering.versions import (
    Versions,
    documents,
    find,
    late,
    newest_first,
    notes,
    without_older,
)
from bot.core.access import OPEN
from bot.core.model import AnswerKind, DocumentId, Language, LiveDocument, Passage
from bot.text import phrases
from tests.unit.answering.scene import LEAVE, LIBRARY, VPN, a_scene
from tests.unit.answering.shelf import a_chunk, a_question

ASKED = "年次有給休暇は何日付与されますか？"
RULE_JA = "年次有給休暇は、入社{}か月後に{}日を付与します。申請は3日前までに行います。"
RULE_EN = "Employees get {} days of paid leave a year; requests are due {} days before."


def a_passage(
    text: str,
    title: str,
    *,
    name: str = "",
    updated: str | None = None,
    path: tuple[str, ...] = (),
) -> Passage:
    chunk = a_chunk(text, document=f"handbook:{name or title}", title=title)
    document = LiveDocument(
        id=chunk.document,
        revision=1,
        access=OPEN,
        title=title,
        path=path,
        updated_at=datetime.fromisoformat(updated).replace(tzinfo=UTC)
        if updated
        else None,
    )
    return Passage(chunk=chunk, document=document, text=text, score=1.0)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("休暇規程 2024年度", "休暇規程 2025年度"),
        ("休暇規程（令和6年）", "休暇規程（令和7年）"),
        ("休暇規程 平成30年", "休暇規程 令和元年度版"),
        ("旧・休暇規程", "休暇規程"),
        ("【廃止】休暇規程", "休暇規程（現行）"),
        ("休暇規程 第2版", "休暇規程 第10版"),
        ("休暇規程 v1.9", "休暇規程 v1.10"),
        ("Leave policy 2024", "Leave policy 2025"),
        ("Leave policy (old)", "Leave policy"),
        ("[ARCHIVED] Leave policy", "Leave policy"),
        ("Leave policy v1", "Leave policy v2"),
        ("Leave (2024, obsolete)", "Leave and absence of the whole company"),
    ],
)
def test_the_name_tells_which_of_two_versions_is_newer(older: str, newer: str) -> None:
    # The older page was edited last: a corrected typo does not make a rule new.
    old = a_passage(RULE_JA.format(6, 10), older, updated="2026-03-01")
    new = a_passage(RULE_JA.format(6, 20), newer, updated="2025-04-01")

    assert (
        (Versions(newer=new, older=old),)
        == find((old, new), ASKED)
        == find((new, old), ASKED)
    )


def test_a_label_tells_it_too() -> None:
    named = a_passage(RULE_JA.format(6, 10), "休暇規程", name="a")
    old = replace(named, document=replace(named.document, labels=("アーカイブ",)))
    new = a_passage(RULE_JA.format(6, 20), "休暇規程", name="b")

    assert (Versions(newer=new, older=old),) == find((new, old), ASKED)


def test_a_page_that_names_the_one_that_replaced_it_is_older() -> None:
    old = a_passage(
        "Replaced by `hr/time-off.md`. Employees get 15 days of paid leave, and "
        "requests are due in January.",
        "Paid leave",
        updated="2026-04-01",
    )
    new = a_passage(RULE_EN.format(20, 5), "Absence", name="hr/time-off.md")

    assert (Versions(newer=new, older=old),) == find((old, new), ASKED)
    assert late((old, new), (), ASKED) == {old.document.id}


def test_other_passages_of_an_older_version_come_late() -> None:
    other = replace(OLD, chunk=replace(OLD.chunk, ordinal=1))

    assert late((OLD, other, NEW, OTHER), PAIR, ASKED) == {OLD.document.id}
    assert late((OLD, NEW), PAIR, "旧規程では何日？") == frozenset()
    assert late((OLD, NEW, OTHER), (), "2024年度の休暇は？") == {NEW.document.id}


def test_the_folder_tells_it_too() -> None:
    old = a_passage(
        RULE_JA.format(6, 10), "休暇規程", name="a", path=("規程", "2024年度")
    )
    new = a_passage(
        RULE_JA.format(6, 20), "休暇規程", name="b", path=("規程", "2025年度")
    )

    assert (Versions(newer=new, older=old),) == find((old, new), ASKED)


def test_of_nearly_equal_texts_with_other_numbers_the_later_one_is_newer() -> None:
    old = a_passage(RULE_EN.format(15, 3), "Leave", updated="2024-04-01")
    new = a_passage(RULE_EN.format(20, 5), "Time off", updated="2026-04-01")

    assert (Versions(newer=new, older=old),) == find((old, new), ASKED)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            ("休暇規程 2024年度", RULE_JA.format(6, 10)),
            ("出張規程 2025年度", "宿泊費は1泊12,000円までです。"),
        ),
        (
            ("休暇規程 2024年度", RULE_JA.format(6, 10)),
            ("休暇規程 2025年度", "育児休業は子が2歳になるまで取得できます。"),
        ),
        (
            ("休暇規程 2024年度", RULE_JA.format(6, 10)),
            ("休暇規程 2025年度", RULE_JA.format(6, 10)),
        ),
        (
            ("FAQ", "How do I reset my password? Ask the desk."),
            ("FAQ", "Where is the canteen? On the 3rd floor."),
        ),
        (("Leave", RULE_EN.format(15, 3)), ("Time off", RULE_EN.format(20, 5))),
    ],
    ids=["other rule", "other section", "same text", "same title", "no dates"],
)
def test_what_is_no_pair_of_versions(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    first = a_passage(one[1], one[0], name="a")
    second = a_passage(other[1], other[0], name="b")

    assert find((first, second), ASKED) == ()


def test_two_passages_of_one_document_are_no_versions() -> None:
    one = a_passage(RULE_JA.format(6, 10), "休暇規程", name="a", updated="2026-04-01")
    other = a_passage(RULE_JA.format(3, 20), "休暇規程", name="a", updated="2026-04-01")

    assert find((one, other), ASKED) == ()


@pytest.mark.parametrize(
    "question",
    [
        "2024年度の有給休暇は何日でしたか？",
        "令和6年度の有給休暇は？",
        "旧規程では何日？",
        "去年までは何日でしたか？",
        "How many days did we get last year?",
        "What was the leave in 2024?",
    ],
)
def test_whoever_asks_for_the_older_version_gets_it(question: str) -> None:
    assert find((OLD, NEW), question) == ()
    assert find((OLD, NEW), "2025年度の有給休暇は何日ですか？") == PAIR


OLD = a_passage(RULE_JA.format(6, 10), "休暇規程 2024年度", updated="2024-04-01")
NEW = a_passage(RULE_JA.format(6, 20), "休暇規程 2025年度", updated="2025-04-01")
OTHER = a_passage("宿泊費は1泊12,000円までです。", "出張旅費規程")
PAIR = (Versions(newer=NEW, older=OLD),)


def test_the_newer_version_stands_before_the_older_one() -> None:
    assert newest_first((OTHER, OLD, NEW), PAIR) == (OTHER, NEW, OLD)
    assert newest_first((NEW, OTHER, OLD), PAIR) == (NEW, OTHER, OLD)


def test_the_older_version_can_be_left_out() -> None:
    assert without_older((OLD, OTHER, NEW), PAIR) == (OTHER, NEW)
    assert {OLD.document.id, NEW.document.id} == documents(PAIR)


def noted(cited: Passage, language: Language, *permitted: Passage) -> tuple[str, ...]:
    return notes(
        PAIR,
        cited={cited.document.id},
        permitted={p.document.id for p in permitted or (OLD, NEW, OTHER)},
        language=language,
    )


def test_the_note_says_which_version_was_chosen_with_titles_and_dates() -> None:
    [ja], [en] = noted(NEW, Language.JA), noted(NEW, Language.EN)

    for note in (ja, en):
        for part in (
            "休暇規程 2025年度",
            "2025-04-01",
            "休暇規程 2024年度",
            "2024-04-01",
        ):
            assert part in note
    values = {
        "newer": "休暇規程 2025年度",
        "newer_date": "2025-04-01",
        "older": "休暇規程 2024年度",
        "older_date": "2024-04-01",
    }
    assert phrases.NEWER_CHOSEN.say(Language.JA, **values) == ja


def test_where_the_older_version_was_cited_the_reader_is_warned() -> None:
    [note] = noted(OLD, Language.JA)

    assert note.startswith("資料によって内容が異なる可能性があります")


def test_versions_of_what_was_not_cited_are_not_mentioned() -> None:
    assert noted(OTHER, Language.JA) == ()


def test_a_document_that_may_not_be_shown_is_not_named() -> None:
    assert noted(NEW, Language.JA, NEW) == ()


# --- through the pipeline ----------------------------------------------------

OLD_CHUNK = a_chunk(
    "年次有給休暇は、入社6か月後に10日を付与します。申請は3日前までに、勤怠システムで行います。",
    document="handbook:leave-2024",
    title="休暇規程 2024年度",
    heading=("年次有給休暇",),
)
NEW_CHUNK = replace(LEAVE, title="休暇規程 2025年度")


@pytest.mark.parametrize("model", [True, False], ids=["generated", "extractive"])
async def test_an_answer_follows_the_newest_version_and_says_so(*, model: bool) -> None:
    scene = await a_scene(
        "年次有給休暇は20日です[1]。", library=(OLD_CHUNK, NEW_CHUNK), model=model
    )
    scene.dated("handbook:leave-2024", "2024-04-01")
    scene.dated("handbook:leave", "2025-04-01")
    answer = await scene.answered(a_question(ASKED))

    assert (AnswerKind.GENERATED if model else AnswerKind.EXTRACTIVE) == answer.kind
    assert "20日" in answer.text
    assert "10日" not in answer.text
    assert [c.document for c in answer.citations] == ["handbook:leave"]
    assert "「休暇規程 2025年度」（2025-04-01）" in answer.notes[0]
    assert "「休暇規程 2024年度」（2024-04-01）" in answer.notes[0]


async def test_an_answer_from_both_versions_carries_a_warning() -> None:
    scene = await a_scene(
        "年次有給休暇は20日です[1]。以前は10日でした[2]。",
        library=(OLD_CHUNK, NEW_CHUNK),
    )
    answer = await scene.answered(a_question(ASKED))

    assert len(answer.citations) == 2
    [note] = answer.notes
    assert note.startswith("資料によって内容が異なる可能性があります")
    assert phrases.UNDATED.ja in note


async def test_without_versions_nothing_is_noted() -> None:
    scene = await a_scene("20日です[1]。", library=LIBRARY)

    assert (await scene.answered(ASKED)).notes == ()
    assert DocumentId("handbook:vpn") == VPN.document
