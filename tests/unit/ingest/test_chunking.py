"""Sections become chunks; nothing is lost, torn apart or too large."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.model import Chunk, Language, document_id
from bot.ingest.chunking import SIZES, chunks, searched, tokens_of
from bot.ingest.parsing import blocks, sections
from bot.text.size import estimate
from bot.text.tokens import analyse

JAPANESE = "経費精算の締め日は毎月二十五日です。遅れたときは上長に連絡してください。"
ENGLISH = "Expense reports close on the 25th. Tell your manager when you are late. "


def cut(markdown: str, title: str = "経費規程") -> list[Chunk]:
    return chunks(
        document_id("handbook", "規程/経費"),
        3,
        title,
        sections(markdown, title=title),
        language=Language.JA,
    )


WORDS = st.sampled_from(
    [
        "経費",
        "精算",
        "締め日",
        "申請",
        "VPN",
        "token",
        "休暇は20日",
        "v1.2.3",
        "👨‍👩‍👧",
        "。",
        "、",
    ]
)
SENTENCE = st.lists(WORDS, min_size=1, max_size=60).map(" ".join)
PARAGRAPH = st.one_of(
    st.lists(SENTENCE, min_size=1, max_size=12).map("。".join),
    st.integers(1, 1500).map(lambda size: "あ" * size),
)
LIST = st.lists(SENTENCE.map("- {}".format), min_size=1, max_size=8).map("\n".join)
TABLE = st.lists(SENTENCE.map("| {} | 値 |".format), min_size=1, max_size=12).map(
    lambda rows: "\n".join(["| 項目     | 内容 |", "| -------- | ---- |", *rows])
)
CODE = st.lists(st.one_of(SENTENCE, st.just("")), min_size=1, max_size=20).map(
    lambda lines: "\n".join(["```sh", *lines, "```"])
)
ITEM_WITH_CODE = CODE.map(lambda code: "1. 手順\n\n" + re.sub("(?m)^", "   ", code))
HEADING = st.tuples(st.integers(1, 4), WORDS).map(
    lambda heading: f"{'#' * heading[0]} {heading[1]}"
)
BLOCK = st.one_of(HEADING, PARAGRAPH, LIST, TABLE, CODE, ITEM_WITH_CODE)
DOCUMENTS = st.lists(BLOCK, max_size=12).map("\n\n".join)


def words(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", text) if len(word) < 100}


@given(DOCUMENTS)
@settings(deadline=None)
def test_every_word_is_in_some_chunk(markdown: str) -> None:
    found = cut(markdown)
    shown = "\n".join(f"{' '.join(each.heading_path)}\n{each.text}" for each in found)

    assert words(markdown) <= words(shown)
    assert markdown.count("あ") == shown.count("あ")


@given(DOCUMENTS)
@settings(deadline=None)
def test_no_chunk_is_empty_or_above_the_limit(markdown: str) -> None:
    for found in cut(markdown):
        assert found.text.strip()
        assert estimate(found.text) <= SIZES.limit


@given(DOCUMENTS)
@settings(deadline=None)
def test_code_is_closed_in_every_chunk(markdown: str) -> None:
    for found in cut(markdown):
        lines = found.text.split("\n")
        assert sum("```" in line for line in lines) % 2 == 0
        for token in blocks(found.text):
            if token.type == "fence" and token.map:
                assert lines[token.map[1] - 1].strip() == "```"


@given(DOCUMENTS)
@settings(deadline=None)
def test_lines_of_chunks_are_in_order_and_hold_their_text(markdown: str) -> None:
    lines = markdown.split("\n")
    found = cut(markdown)
    for each in found:
        assert 1 <= each.lines.first <= each.lines.last <= len(lines)
        source = "\n".join(lines[each.lines.first - 1 : each.lines.last])
        body = re.sub(r"(?m)^\*\*.*\*\*$|^\|.*\|$|^\s*```.*$", "", each.text)
        assert words(body) - {"あ"} <= words(source) | {"あ" * n for n in range(1501)}
    for one, other in pairwise(found):
        assert one.lines.first <= other.lines.first
        assert one.lines.last <= other.lines.last


@given(DOCUMENTS)
@settings(deadline=None)
def test_cutting_twice_gives_the_same_chunks(markdown: str) -> None:
    found = cut(markdown)

    assert found == cut(markdown)
    assert list(range(len(found))) == [each.ordinal for each in found]
    assert len(found) == len({each.id for each in found})


def test_a_section_within_the_limit_stays_whole() -> None:
    text = f"{JAPANESE * 8}\n\n{JAPANESE * 8}"
    (found,) = cut(f"# 締め日\n\n{text}")

    assert text == found.text
    assert found.heading_path == ("締め日",)
    assert (found.lines.first, found.lines.last) == (1, 5)
    assert found.language is Language.JA


def test_long_prose_is_cut_at_sentence_ends_without_overlap() -> None:
    text = JAPANESE * 60
    found = cut(text)

    assert len(found) > 3
    assert text == "".join(each.text for each in found)
    assert all(each.text.endswith("。") for each in found)
    assert all(estimate(each.text) > SIZES.target / 2 for each in found)


def test_a_long_table_repeats_its_header_in_every_part() -> None:
    rows = [f"| {number} | {JAPANESE} |" for number in range(40)]
    found = cut("\n".join(["前書き", "", "| 番号 | 規則 |", "| --- | --- |", *rows]))

    assert len(found) > 3
    for each in found:
        assert "| 番号 | 規則 |\n| --- | --- |\n| " in each.text
    assert rows == [
        line for each in found for line in each.text.split("\n") if JAPANESE in line
    ]


def test_the_alignment_of_a_table_takes_no_room() -> None:
    (found,) = cut(f"| 名前{' ' * 900} | 値 |\n| {'-' * 900} | :-: |\n| 甲 | 乙 |")

    assert found.text == "| 名前 | 値 |\n| --- | :-: |\n| 甲 | 乙 |"


def test_long_code_is_cut_at_empty_lines_with_its_language() -> None:
    stanza = "\n".join(f"echo step {number} of the deployment" for number in range(12))
    found = cut("```bash\n" + "\n\n".join([stanza] * 9) + "\n```")

    assert len(found) > 2
    for each in found:
        assert each.text.startswith(f"```bash\n{stanza}")
        assert each.text.endswith(f"{stanza}\n```")


def test_code_that_the_document_left_open_is_closed() -> None:
    (found,) = cut("```\necho 開始")

    assert found.text == "```\necho 開始\n```"


def test_tiny_neighbours_go_together_and_keep_their_headings() -> None:
    (found,) = cut("# 経費\n\n概要\n\n## 締め日\n\n25日\n\n## 上限\n\n3万円\n")

    assert found.heading_path == ("経費",)
    assert found.text == "概要\n\n**締め日**\n\n25日\n\n**上限**\n\n3万円"
    assert (found.lines.first, found.lines.last) == (1, 11)


def test_tiny_sections_of_different_parents_stay_apart() -> None:
    found = cut("# 甲\n\n## 締め日\n\n25日\n\n# 乙\n\n## 締め日\n\n月末\n")

    assert [each.heading_path for each in found] == [("甲", "締め日"), ("乙", "締め日")]


def test_a_heading_without_text_is_still_found() -> None:
    (found,) = cut("# 経費\n\n## 未定\n")

    assert found.text == "**未定**"
    assert found.heading_path == ("経費", "未定")


def test_a_line_that_announces_a_list_stays_with_it() -> None:
    items = "\n".join(f"- {JAPANESE}" for _ in range(9))
    found = cut(f"{JAPANESE * 6}\n\n手順は次の通り：\n\n{items}")

    assert "次の通り：\n\n- " in "\n=\n".join(each.text for each in found)


def test_pages_without_sections_have_no_chunks() -> None:
    assert not cut("")


@pytest.mark.parametrize(
    ("text", "language"),
    [(JAPANESE, Language.JA), (ENGLISH, Language.EN), ("```\nls\n```", Language.JA)],
)
def test_a_chunk_has_its_own_language_or_the_documents(
    text: str, language: Language
) -> None:
    (found,) = cut(text)

    assert found.language is language


def test_the_way_to_a_chunk_is_searched_with_it() -> None:
    (found,) = cut("# 規則\n\n## 締め日\n\n25日")

    assert searched(found) == "経費規程 › 規則 › 締め日\n25日"
    assert list(tokens_of(found, analyse)) == [
        *analyse("経費規程") * 2,
        *analyse("規則"),
        *analyse("締め日"),
        *analyse("25日"),
    ]
