"""Markdown becomes sections; no line is lost and none is counted wrong."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.model import Lines, Section
from bot.ingest.parsing import sections

SCRAPS = [
    *["# 概要", "## 手順 {#steps}", "### `code` *強調*", "見出し\n===", "Sub\n---"],
    *[
        "本文です。",
        "続き",
        "",
        "",
        "- 項目",
        "  - 子",
        "1. 一",
        "> # 引用",
        "| a | b |",
    ],
    *[
        "| --- | --- |",
        "| 一 | 二 |",
        "```py",
        "# not a heading",
        "```",
        "~~~",
        "    code",
    ],
    *[
        "***",
        "[a]: https://example.jp",
        "<div>",
        "</div>",
        "::: tip",
        "タブ\tと\u3000空白",
    ],
]
DOCUMENTS = st.lists(st.sampled_from(SCRAPS), max_size=30).map("\n".join)


def section(path: tuple[str, ...], text: str, first: int, last: int) -> Section:
    return Section(heading_path=path, text=text, lines=Lines(first=first, last=last))


def test_headings_lead_to_their_text() -> None:
    expenses = "# 経費\n\n## 締め日\n\n25日です。\n\n## 申請\n画面から\n"
    markdown = f"前書き\n\n{expenses}\n# 休暇\n20日\n"

    assert sections(markdown) == [
        section((), "前書き", 1, 1),
        section(("経費",), "", 3, 3),
        section(("経費", "締め日"), "25日です。", 5, 7),
        section(("経費", "申請"), "画面から", 9, 10),
        section(("休暇",), "20日", 12, 13),
    ]


def test_a_document_without_headings_is_one_section() -> None:
    assert sections("一行\n\n二行\n\n") == [section((), "一行\n\n二行", 1, 3)]


@pytest.mark.parametrize("markdown", ["", "\n\n", "\ufeff", "<!-- 空 -->"])
def test_a_document_without_text_has_no_sections(markdown: str) -> None:
    assert not sections(markdown)


def test_front_matter_is_no_text_and_lines_stay_right() -> None:
    markdown = "---\ntitle: 経費\ndate: 2026-04-01\n---\n\n# 経費\n本文"

    assert sections(markdown) == [section(("経費",), "本文", 6, 7)]


def test_a_rule_at_the_beginning_is_no_front_matter() -> None:
    assert sections("---\n\n本文\n\n---\n") == [section((), "---\n\n本文\n\n---", 1, 5)]


@pytest.mark.parametrize("title", ["経費精算", "経費 精算", "ＶＰＮ"])
def test_a_first_heading_that_repeats_the_title_is_not_in_the_paths(title: str) -> None:
    heading = title.replace("ＶＰＮ", "VPN")

    assert sections(f"# {heading}\n概要\n## 締め日\n25日", title=title) == [
        section((), "概要", 1, 2),
        section(("締め日",), "25日", 3, 4),
    ]


def test_a_later_heading_that_repeats_the_title_stays() -> None:
    found = sections("# 前\na\n# 経費\nb", title="経費")

    assert [each.heading_path for each in found] == [("前",), ("経費",)]


def test_headings_inside_other_blocks_are_text() -> None:
    markdown = "# 本物\n> # 引用\n\n- # 項目\n\n```sh\n# コメント\n```\n\n    # コード"

    assert [each.heading_path for each in sections(markdown)] == [("本物",)]


def test_underlined_headings_are_headings() -> None:
    assert sections("経費\n====\n本文\n\n締め日\n---\n25日") == [
        section(("経費",), "本文", 1, 3),
        section(("経費", "締め日"), "25日", 5, 7),
    ]


def test_comments_are_dropped_outside_code() -> None:
    markdown = "a <!-- x --> b `<!-- y -->`\n<!--\n# 隠し\n-->\nc\n```\n<!-- z -->\n```"

    assert sections(markdown) == [
        section((), "a  b `<!-- y -->`\n\n\n\nc\n```\n<!-- z -->\n```", 1, 8)
    ]


def test_an_open_comment_hides_nothing() -> None:
    assert sections("前\n\n<!-- 閉じない\n後") == [
        section((), "前\n\n<!-- 閉じない\n後", 1, 4)
    ]


def test_a_path_holds_what_a_reader_sees_of_a_heading() -> None:
    markdown = "# `npm` の *使い方* と [設定](https://example.jp) {#npm}\nx"

    assert [each.heading_path for each in sections(markdown)] == [
        ("npm の 使い方 と 設定",)
    ]


def test_a_skipped_level_does_not_matter() -> None:
    found = sections("# A\n#### B\nb\n## C\nc")

    assert [each.heading_path for each in found] == [("A",), ("A", "B"), ("A", "C")]


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_all_line_ends_count_alike(end: str) -> None:
    assert sections(end.join(["# 見出し", "", "本文"])) == [
        section(("見出し",), "本文", 1, 3)
    ]


@given(st.text(st.characters(codec=None)))
@settings(deadline=None)
def test_any_text_can_be_parsed_and_lines_lie_inside_it(text: str) -> None:
    total = text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    for found in sections(text):
        assert 1 <= found.lines.first <= found.lines.last <= total


@given(DOCUMENTS)
@settings(deadline=None)
def test_every_line_with_text_is_in_exactly_one_section(markdown: str) -> None:
    lines = markdown.split("\n")
    covered: list[int] = []
    for found in sections(markdown):
        covered += range(found.lines.first, found.lines.last + 1)
        text = found.text.split("\n") if found.text else []
        assert (
            lines[found.lines.last - len(text) : found.lines.last] == text or not text
        )

    assert len(covered) == len(set(covered))
    assert {n for n, line in enumerate(lines, 1) if line.strip()} <= set(covered)
