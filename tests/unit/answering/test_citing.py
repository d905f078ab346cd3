"""Every form of a citation mark is understood, and nothing else is taken for one."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.answering.citing import (
    QUOTE_LENGTH,
    address,
    anchor,
    cite,
    numbers_shown,
    read,
    renumbered,
    unmarked,
    with_mark,
    without_marks,
)
from bot.answering.overlap import weights
from bot.core.access import OPEN
from bot.core.model import Link, LiveDocument, Passage
from tests.unit.answering.shelf import a_chunk


@pytest.mark.parametrize(
    ("mark", "shown"),
    [
        ("[1]", "[1]"),
        ("【1】", "[1]"),
        ("［１］", "[1]"),
        ("〔1〕", "[1]"),
        ("[1][2]", "[1][2]"),
        ("[1,2]", "[1][2]"),
        ("[1, 2]", "[1][2]"),
        ("[1、2]", "[1][2]"),
        ("［1，2］", "[1][2]"),
        ("[1・2]", "[1][2]"),
        ("[1-3]", "[1][2][3]"),
        ("[1〜3]", "[1][2][3]"),
        ("［１～３］", "[1][2][3]"),
        ("[資料1]", "[1]"),
        ("[資料1、資料3]", "[1][3]"),
        ("【出典２】", "[2]"),
        ("[S3]", "[3]"),
        ("[Source 2]", "[2]"),
        ("[Sources 1 and 2]", "[1][2]"),
        ("[資料１と２]", "[1][2]"),
        ("【2†就業規則】", "[2]"),
        ("(Source 1)", "[1]"),
        ("（資料1、2）", "[1][2]"),
        ("[1](https://evil.example.com)", "[1]"),
        ("[2, 9]", "[2]"),
        ("[2][2]", "[2][2]"),
    ],
)
def test_marks_of_every_form_are_understood(mark: str, shown: str) -> None:
    assert f"20日です{shown}。" == read(f"20日です{mark}。", sources=3).text


@pytest.mark.parametrize(
    "mark", ["[4]", "【９】", "[0]", "[2-9]", "(Source 7)", "［４、５］"]
)
def test_marks_of_sources_that_do_not_exist_go(mark: str) -> None:
    marked = read(f"It takes 20 days {mark}.", sources=3)

    assert (marked.text, marked.numbers) == ("It takes 20 days.", ())


@pytest.mark.parametrize(
    "text",
    [
        "[10:30]に開始",
        "[2026]年",
        "[1.5]倍",
        "[-1]",
        "[a]",
        "[^1]",
        "第3条(1)",
        "（1）申請する",
        "`argv[1]`を読む",
        "```\nx = argv[1]\n```",
        "(S3)に置く",
    ],
)
def test_what_is_no_citation_is_left_alone(text: str) -> None:
    marked = read(text, sources=9)

    assert (text, ()) == (marked.text, marked.numbers)


def test_citations_are_numbered_as_they_appear() -> None:
    assert (
        renumbered("年休[5]、出張[2]、年休[5]。`a[5]`", (5, 2))
        == "年休[1]、出張[2]、年休[1]。`a[5]`"
    )


@pytest.mark.parametrize(
    ("source", "given"),
    [
        ("argv[1]を読む", "argv⟦1⟧を読む"),
        ("第3条【1】", "第3条（1）"),
        ("脚注[12]", "脚注(12)"),
        ("x[0][1] = 2", "x⟦0⟧⟦1⟧ = 2"),
        ("`matrix[1][2]`", "`matrix⟦1⟧⟦2⟧`"),
        ("(出典1)", "⟨出典1⟩"),
        (
            "詳細は[こちら](https://intra.example.jp)",
            "詳細は[こちら](https://intra.example.jp)",
        ),
    ],
)
def test_bracketed_numbers_of_a_source_are_rewritten(source: str, given: str) -> None:
    assert given == unmarked(source)


NASTY = st.lists(
    st.sampled_from(
        [
            *"[]()【】［］〔〕（）、,-〜 と`\n1１",
            "12",
            "資料",
            "Source ",
            "S",
            "#",
            "argv",
            "†a",
        ]
    ),
    max_size=16,
).map("".join)


@given(NASTY)
@example("[`1]")
@settings(deadline=None, max_examples=500)
def test_nothing_in_a_source_reads_as_a_citation(text: str) -> None:
    rewritten = unmarked(text)

    assert read(rewritten.replace("`", ""), sources=99).numbers == ()
    assert numbers_shown(rewritten) == ()


@given(NASTY)
@settings(deadline=None, max_examples=500)
def test_reading_leaves_marks_that_are_found_again(text: str) -> None:
    marked = read(text, sources=9)

    assert set(marked.numbers) <= set(numbers_shown(marked.text))
    assert marked.text == read(marked.text, sources=9).text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("20日です。", "20日です[2]。"),
        ("It takes 20 days.", "It takes 20 days [2]."),
        ("- 申請書\n", "- 申請書[2]\n"),
        ("Really?!", "Really [2]?!"),
    ],
)
def test_a_mark_stands_before_the_full_stop(text: str, shown: str) -> None:
    assert shown == with_mark(text, 2)
    assert without_marks(shown) == text


def a_passage(text: str, link: Link | None = None) -> Passage:
    chunk = a_chunk(text, heading=("第3章 休暇", "年次有給休暇（年休）"))
    document = LiveDocument(
        id=chunk.document,
        revision=1,
        access=OPEN,
        title="就業規則",
        link=link or Link(),
    )
    return Passage(chunk=chunk, document=document, text=text, score=1.0)


def test_a_citation_quotes_the_sentence_that_the_claim_leans_on() -> None:
    text = "試用期間は3か月です。年休は20日を付与します。制服は貸与します。"
    citation = cite(1, a_passage(text), claim="年休は20日です。", worth=weights([text]))

    assert citation.quote == "年休は20日を付与します。"
    assert citation.heading_path == ("第3章 休暇", "年次有給休暇（年休）")


def test_a_quotation_is_short_and_inert() -> None:
    text = "年休は[こちら](https://evil.example.com)" + "あ" * 500
    citation = cite(1, a_passage(text), claim="年休", worth=weights([text]))

    assert len(citation.quote) <= QUOTE_LENGTH
    assert "evil" not in citation.quote


def test_a_citation_opens_the_lines_where_the_source_has_lines() -> None:
    passage = a_passage(
        "年休", Link(page="https://g/p", lines="https://g/p#L{first}-L{last}")
    )

    assert address(passage.document, passage.chunk) == "https://g/p#L1-L5"


def test_a_citation_opens_the_heading_where_the_source_has_headings() -> None:
    passage = a_passage(
        "年休", Link(page="https://w/p", heading="https://w/p#{anchor}")
    )

    assert f"https://w/p#{anchor('年次有給休暇（年休）')}" == address(
        passage.document, passage.chunk
    )
    assert anchor("Annual leave (2026)") == "annual-leave-2026"


def test_a_source_without_addresses_gives_none() -> None:
    passage = a_passage("年休")

    assert address(passage.document, passage.chunk) is None


@pytest.mark.parametrize("page", ["javascript:alert(1)", "data:text/html,x", "//x"])
def test_an_address_that_would_run_code_is_not_shown(page: str) -> None:
    passage = a_passage("年休", Link(page=page))

    assert address(passage.document, passage.chunk) is None
