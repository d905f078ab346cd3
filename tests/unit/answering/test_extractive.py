"""Without a model the documents themselves answer, in their own words."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answering.citing import numbers_shown
from bot.answering.extractive import SHOWN, quotable
from bot.answering.fences import LINES
from bot.answering.overlap import Weights
from bot.answering.units import Kind, units
from bot.core.access import OPEN
from bot.core.model import Language, LiveDocument, Passage
from bot.text import phrases
from bot.text.language import detect
from tests.unit.answering.scene import a_scene
from tests.unit.answering.shelf import a_chunk

LEAVE = """\
# 休暇

年次有給休暇は、入社6か月後に**20日**を付与します。申請は[勤怠システム](https://kintai.example.jp/a)で行います。
残った日数は翌年度に繰り越せます。

| 種類 | 日数 | 給与 |
|---|---|---|
| 慶弔休暇 | 5日 | 有給 |
| 介護休暇 | 10日 | 無給 |

申請の手順は次のとおりです。

1. 勤怠システムを開く
2. 休暇の種類と日付を選ぶ
3. 上長の承認を待つ

承認されると通知が届きます。
"""
VPN = """\
Connect with the client from the software centre. A certificate is valid for 90
days and is renewed automatically when the client starts.

To install it, do the following:

- Open the software centre
- Search for "VPN client" and press Install
- Restart the computer

```sh
vpn connect --profile office
```
"""


def a_passage(
    text: str,
    *,
    title: str = "休暇規程",
    heading: tuple[str, ...] = (),
    score: float = 1.0,
    vector: float | None = None,
) -> Passage:
    chunk = a_chunk(text, document=f"h:{title}", title=title, heading=heading)
    document = LiveDocument(id=chunk.document, revision=1, access=OPEN, title=title)
    return Passage(
        chunk=chunk,
        document=document,
        text=text,
        score=score,
        lexical=1.0,
        vector=vector,
    )


def quoted(
    question: str,
    *passages: Passage,
    queries: tuple[str, ...] = (),
    late: tuple[Passage, ...] = (),
    confidence: float = 1.0,
) -> list[str]:
    """Return the quotations without the header."""
    language = detect(question)
    pieces = quotable(
        passages,
        (question, *queries),
        language,
        confidence=confidence,
        late={passage.document.id for passage in late},
    ).brief()
    header = phrases.EXTRACTIVE_HEADER.say(language)
    texts = [piece.text for piece in pieces]
    if texts:
        assert texts[0].startswith(header)
        texts[0] = texts[0].removeprefix(header)
    return [text.strip() for text in texts]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("年次有給休暇は何日？", "年次有給休暇は、入社6か月後に20日を付与します。"),
        ("残った日数は繰り越せる？", "残った日数は翌年度に繰り越せます"),
        ("介護休暇は何日", "種類: 介護休暇 / 日数: 10日 / 給与: 無給[1]"),
    ],
)
def test_the_sentence_that_answers_comes_first_word_for_word(
    question: str, answer: str
) -> None:
    [text] = quoted(question, a_passage(LEAVE))

    assert text.startswith(answer)


def test_what_stands_under_a_small_heading_answers_questions_about_it() -> None:
    text = (
        "対象は全社員です。\n\n**締め日と振り込み**\n\n毎月末日です。"
        "翌月15日に振り込みます。15日が休日のときは次の営業日です。\n\n"
        "**承認**\n\n| 順 | 誰が |\n|---|---|\n| 1 | 上長 |\n| 2 | 経理部長 |"
    )
    [closing] = quoted("経費の締め日は？", a_passage(text, title="経費精算"))
    [approval] = quoted("経費精算の承認は誰？", a_passage(text, title="経費精算"))

    assert closing.startswith("締め日と振り込み：毎月末日です。翌月15日")
    assert "順: 2 / 誰が: 経理部長" in approval


def test_steps_are_quoted_from_the_first_one_with_their_code() -> None:
    text = (
        "Both keys work for a day.\n\n**Steps**\n\n1. Create the new key:\n\n"
        "   ```sh\n   keys create\n   ```\n\n2. Revoke the old key:\n\n"
        "   ```sh\n   keys revoke\n   ```\n\n**Check**\n\nOne key is left."
    )
    [steps] = quoted("How do I rotate the keys?", a_passage(text, title="Keys"))

    assert steps.startswith(
        "1. Create the new key:\n```sh\nkeys create\n```\n2. Revoke"
    )
    assert "One key" not in steps


def test_a_table_that_a_short_sentence_announces_comes_along() -> None:
    text = (
        "年次有給休暇は合わせて12日です。その後は次のとおり付与します。\n\n"
        "| 勤続 | 日数 |\n|---|---|\n| 2年 | 13日 |\n| 4年 | 16日 |"
    )
    [table] = quoted("年次有給休暇は何日？", a_passage(text))

    assert table.startswith("年次有給休暇は合わせて12日です。その後は次のとおり")
    assert "勤続: 4年 / 日数: 16日" in table


def test_a_page_that_says_that_it_was_replaced_comes_last() -> None:
    old = a_passage(
        "> Replaced by the new page.\n\nRotate the keys every 30 days.", title="Keys"
    )
    new = a_passage("Rotate the keys every 90 days.", title="API keys", score=0.9)
    first, last = quoted("How often to rotate the keys?", old, new, late=(old,))

    assert first == "Rotate the keys every 90 days [2]."
    assert last == (
        "From “Keys” (no date), which may be outdated:\n"
        "Rotate the keys every 30 days [1]."
    )


def test_what_names_an_earlier_year_comes_last_with_its_date() -> None:
    memo = a_passage("- 試用期間は6か月です。", title="入社メモ（2025年）")
    rule = a_passage("試用期間は3か月です。", title="就業規則 2026", score=0.97)
    first, last = quoted("試用期間は何か月？", memo, rule)

    assert first == "試用期間は3か月です[2]。"
    assert last == (
        "古くなっている可能性のある資料「入社メモ（2025年）」（日付不明）より:\n"
        "- 試用期間は6か月です[1]。"
    )


def test_whoever_names_a_year_gets_it_first() -> None:
    new = a_passage("試用期間は3か月です。", title="就業規則 2026")
    old = a_passage("試用期間は6か月です。", title="就業規則 2025", score=0.97)
    [asked_for] = quoted("2025年度の試用期間は何か月？", new, old, late=(new,))
    [other] = quoted("2025年度の試用期間は何か月？", new, late=(new,))

    assert "6か月" in asked_for
    assert other.startswith("別の年の資料「就業規則 2026」（日付不明）より:\n")


def test_the_row_of_the_thing_that_is_named_answers_what_it_is() -> None:
    text = (
        "Name an incident by what people notice.\n\n| Level | Meaning |\n|---|---|\n"
        "| SEV1 | More than 5 % of payments fail |\n| SEV2 | A part is slow |\n\n"
        "For a SEV1 incident a commander is named within ten minutes."
    )
    [row] = quoted(
        "What counts as a SEV1 incident?", a_passage(text, title="Incidents")
    )

    assert "Level: SEV1 / Meaning: More than 5 % of payments fail" in row


def test_a_short_answer_in_the_words_of_the_question_is_one() -> None:
    text = (
        "4. Compare the totals. They must be equal.\n\n"
        "If the totals differ, do not send the file. Call the owner."
    )
    [answer] = quoted("What if the totals differ?", a_passage(text, title="Runs"))

    assert answer.startswith("If the totals differ, do not send the file.")


def test_a_sentence_that_points_elsewhere_is_no_answer() -> None:
    text = (
        "障害報告書の承認については「報告書の書き方」にあります。\n\n"
        "障害報告書は法務担当が承認します。"
    )
    [answer] = quoted("障害報告書は誰が承認しますか", a_passage(text, title="連絡"))

    assert answer == "障害報告書は法務担当が承認します[1]。"


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("犬を連れて出社してもよいですか", "火曜日は全員が出社してください。"),
        (
            "Does the service support wallets on mobile phones?",
            "For a SEV1 the head of support is told by phone.",
        ),
    ],
)
def test_what_shares_only_common_words_is_not_quoted(question: str, text: str) -> None:
    noise = a_passage(text, title="Notes")

    assert quoted(question, noise, confidence=0.3) == []


def test_a_passage_without_what_the_question_names_is_not_quoted() -> None:
    other = "OpenAPIのディレクトリ構成は次のとおりです。例を挙げます。"

    assert quoted("Terraformのディレクトリ構成", a_passage(other, title="API")) == []
    assert quoted("Terraformのディレクトリ構成", a_passage(other, title="Terraform"))


def test_mere_code_answers_a_vague_question_less() -> None:
    code = a_passage("```yaml\nexample: validation error\n```", title="API rules")
    asked = "What is the API status code of a validation error?"

    assert quoted(asked, code, confidence=0.4) == []
    assert quoted("validation error", code, confidence=0.4)


def test_what_was_found_by_meaning_needs_no_words_in_common() -> None:
    passage = a_passage("宿泊費は1泊12,000円までです。", vector=0.8)

    assert len(quoted("ホテル代の上限額は？", passage, confidence=0.1)) == 1


def test_a_list_of_links_is_no_answer() -> None:
    portal = a_passage("- 経費精算の手順\n- 出張旅費規程", title="総務の入口")
    rule = a_passage("締め日は毎月末日です。", title="経費精算の手順", score=0.8)

    assert "末日" in quoted("経費精算の手順の締め日は？", portal, rule)[0]


@pytest.mark.parametrize(
    "announcement",
    [
        "バケットの命名は以下の制約である。",
        "バケットの命名は以下。",
        "バケットの命名に次の決まりがあります。",
    ],
)
def test_what_announces_a_list_brings_it_along(announcement: str) -> None:
    text = f"{announcement}\n\n- 3文字以上\n- 小文字のみ\n\n別の話です。"
    [rule] = quoted("バケットの命名", a_passage(text, title="S3"))

    assert rule == f"{announcement}\n- 3文字以上\n- 小文字のみ[1]"


def test_a_list_is_quoted_with_its_announcement() -> None:
    [text] = quoted("休暇の申請の手順は？", a_passage(LEAVE))

    assert text == (
        "申請の手順は次のとおりです。\n1. 勤怠システムを開く\n"
        "2. 休暇の種類と日付を選ぶ\n3. 上長の承認を待つ[1]"
    )


def test_steps_are_quoted_to_the_last_one_and_not_lists_of_links() -> None:
    steps = "**手順**\n\n" + "\n".join(
        f"{n}. 精算の画面{n}に経費を入力します。" for n in "123456"
    )
    links = (
        "- [経費精算の手順](https://a.example/1)：立て替えたとき\n"
        "- [旅費](https://a.example/2)"
    )
    texts = quoted(
        "経費精算の手順",
        a_passage(links, title="総務の入口"),
        a_passage(steps, title="経費精算の手順", score=0.8),
    )

    assert len(texts) == 1
    assert texts[0].startswith("経費精算の手順 › 手順\n1. 精算の画面1")
    assert texts[0].endswith("6. 精算の画面6に経費を入力します[2]。")


def test_steps_about_something_else_are_not_taken_for_the_answer() -> None:
    text = (
        "## 貸与\n\n1. 暗号化を確かめます。\n2. 受領書に署名します。\n\n"
        "## 返却\n\n退職する人は最終出社日に返します。"
    )
    [text] = quoted("PCを返却するときの手順", a_passage(text, title="PCの貸与と返却"))

    assert text.startswith("返却：退職する人は最終出社日に返します")


def test_english_lists_and_wrapped_lines_are_quoted_whole() -> None:
    [steps] = quoted("How do I install the VPN client?", a_passage(VPN, title="VPN"))
    [days] = quoted("How long is a certificate valid?", a_passage(VPN, title="VPN"))

    assert "Restart the computer" in steps
    assert steps.endswith("[1]")
    assert "is valid for 90 days and is renewed automatically" in days


def test_code_is_quoted_as_a_block() -> None:
    [text] = quoted("vpn connect profile office", a_passage(VPN, title="VPN"))

    assert "```sh\nvpn connect --profile office\n```" in text


LONG_CODE = "\n".join(f"  key_{n}: 値{n}" for n in range(60))


@pytest.mark.parametrize("fence", ["```yaml", "~~~yaml", "````yaml", "   ```yaml"])
@pytest.mark.parametrize("closed", [True, False], ids=["closed", "open"])
def test_long_code_is_cut_inside_its_fence(fence: str, *, closed: bool) -> None:
    end = "\n" + fence.removesuffix("yaml") if closed else ""
    [text] = quoted("key_41 の値は？", a_passage(f"{fence}\n{LONG_CODE}{end}"))
    lines = text.split("\n")

    assert lines[0] == "```yaml"
    assert lines[-2:] == ["```", "[1]"]
    assert "key_41: 値41" in text
    assert len(lines) <= LINES + 5  # the fences, both cuts and the mark


def test_code_that_holds_fences_and_brackets_closes_none_and_cites_none() -> None:
    code = "````md\nmarker\n```sh\nargv[2] = xs[1]\n```\n````"
    [text] = quoted("marker", a_passage(code))

    assert text == "```md\nmarker\n~~~sh\nargv[2] = xs[1]\n~~~\n```\n[1]"


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *("```", "~~~", "````", "`", "[2]", "  ", "- ", "1. ", "| a | b |"),
                *(
                    "\n",
                    "\n\n",
                    "> ",
                    "休暇は20日です。",
                    "`x` ",
                    "**休暇**",
                    "休" * 450,
                ),
            ]
        ),
        max_size=30,
    )
)
def test_whatever_a_passage_holds_each_quotation_cites_its_source(
    parts: list[str],
) -> None:
    passages = [a_passage("".join(parts), title="休暇"), a_passage(LEAVE, title="規程")]
    pieces = quotable(passages, ("休暇は何日", "leave"), Language.JA).brief()

    for piece in pieces:
        assert len(numbers_shown(piece.text)) == 1
    whole = "".join(piece.text for piece in pieces)
    assert len(numbers_shown(whole)) == len(pieces)


def test_links_of_a_source_are_inert_in_a_quotation() -> None:
    [text] = quoted("申請は勤怠システムで行う？", a_passage(LEAVE))

    assert "申請は勤怠システムで行います" in text
    assert "](" not in text


def test_bracketed_numbers_of_a_source_do_not_read_as_citations() -> None:
    text = "第3条【2】により、sys.argv[1]に休暇の種類を渡します。"
    [quotation] = quoted("休暇の種類はどう渡す？", a_passage(text))

    assert quotation == "第3条（2）により、sys.argv⟦1⟧に休暇の種類を渡します[1]。"


def test_the_heading_is_added_where_the_sentence_does_not_say_what_it_is_about() -> (
    None
):
    passage = a_passage(
        "1泊12,000円までです。領収書を添付してください。",
        heading=("旅費", "宿泊費の上限"),
    )

    assert quoted("宿泊費の上限は？", passage) == [
        "宿泊費の上限：1泊12,000円までです。領収書を添付してください[1]。"
    ]


def test_the_best_passage_comes_first_whatever_its_rank() -> None:
    other = a_passage("休暇の予定は早めに共有しましょう。", title="お知らせ", score=1.0)
    texts = quoted("介護休暇は何日", other, a_passage(LEAVE, score=0.8))

    assert texts[0].endswith("[2]")
    assert "10日" in texts[0]


def test_at_most_three_passages_are_quoted() -> None:
    passages = [
        a_passage(f"介護休暇は{n}日です。部署{'ABCDEF'[n]}の規程。", title=f"規程{n}")
        for n in range(6)
    ]

    assert len(quoted("介護休暇は何日", *passages)) == SHOWN


def test_what_was_said_is_not_said_again() -> None:
    same = [a_passage(LEAVE, title=f"写し{n}") for n in range(3)]

    assert len(quoted("年次有給休暇は何日？", *same)) == 1


def test_another_number_is_not_the_same_thing_said_again() -> None:
    texts = ["介護休暇は10日です。", "介護休暇は93日です。"]
    passages = [a_passage(text, title=f"規程{n}") for n, text in enumerate(texts)]

    assert len(quoted("介護休暇は何日", *passages)) == 2


def test_passages_that_have_nothing_to_do_with_the_question_are_not_quoted() -> None:
    assert quoted("火星の首都は？", a_passage("宿泊費は1泊12,000円までです。")) == []
    assert quoted("火星の首都は？") == []


def test_what_was_found_by_meaning_is_quoted_without_common_words() -> None:
    passage = a_passage("宿泊費は1泊12,000円までです。", vector=0.8)

    assert len(quoted("ホテル代はどのぐらい？", passage)) == 1


def test_a_japanese_question_is_answered_from_an_english_page() -> None:
    [text] = quoted("VPNの証明書の有効期間は？", a_passage(VPN, title="VPN"))

    assert "is valid for 90 days" in text


def test_a_follow_up_is_understood_from_the_question_before() -> None:
    text = (
        "慶弔休暇は5日です。申請は翌日までです。\n\n"
        "介護休暇は10日です。申請は3日前までです。"
    )
    [quotation] = quoted(
        "申請はいつまで？", a_passage(text), queries=("介護休暇\n申請はいつまで？",)
    )

    assert "申請は3日前まで" in quotation


def test_a_header_in_the_language_of_the_question_comes_first() -> None:
    found = quotable([a_passage(LEAVE)], ("介護休暇",), Language.EN)
    [piece] = found.brief()

    assert piece.text.startswith(phrases.EXTRACTIVE_HEADER.en)


def test_a_huge_paragraph_is_cut() -> None:
    [text] = quoted(
        "介護休暇は何日", a_passage("介護休暇は" + "長く" * 5_000 + "続きます。")
    )

    assert len(text) < 500


async def test_an_answer_of_long_code_is_not_withdrawn() -> None:
    code = a_chunk(f"```yaml\n{LONG_CODE}\n```", title="設定", document="h:config")
    scene = await a_scene(library=(code,), model=False)
    answer = await scene.answered("key_3 の設定は？")

    assert answer.text.endswith("\n```\n[1]")
    assert [citation.number for citation in answer.citations] == [1]


def test_what_words_are_worth_does_not_depend_on_their_order() -> None:
    worth = Weights(worth={"large": 1e16, "one": 1.0, "two": 1.0})

    assert worth.of(("large", "one", "two")) == 1e16 + 2


# --- units -------------------------------------------------------------------


def test_a_passage_is_cut_into_sentences_rows_items_and_code() -> None:
    kinds = [unit.kind for unit in units(LEAVE)]

    assert kinds == [Kind.SENTENCE] * 3 + [Kind.ROW] * 2 + [Kind.SENTENCE] + [
        Kind.ITEM
    ] * 3 + [Kind.SENTENCE]
    assert units(VPN)[-1].kind == Kind.CODE


def test_emphasis_and_boxes_of_site_generators_leave_no_marks() -> None:
    text = "::: tip\n必須です。**SMSは使えません。**\n:::\n\n次の行です。"

    assert [unit.text for unit in units(text)] == [
        "必須です。",
        "SMSは使えません。",
        "次の行です。",
    ]


def test_a_glossary_in_plain_text_is_cut_at_its_terms() -> None:
    text = (
        "capture         The merchant asks for the money. It is paid\n"
        "                out in a week. Japanese: 売上確定\n"
        "reconciliation  Comparing what was paid."
    )

    capture, reconciliation = units(text)

    assert (capture.key, reconciliation.key) == ("capture", "reconciliation")
    assert capture.text.startswith("capture: The merchant asks for the money. It is")
    assert capture.text.endswith("paid out in a week. Japanese: 売上確定")


def test_headings_and_rules_of_tables_are_not_quoted() -> None:
    texts = "\n".join(unit.text for unit in units(LEAVE))

    assert "# 休暇" not in texts
    assert "---" not in texts


def test_short_lines_stay_lines() -> None:
    assert [unit.text for unit in units("締め日: 25日\n提出先: 経理部")] == [
        "締め日: 25日",
        "提出先: 経理部",
    ]


def test_a_table_without_a_head_keeps_its_cells() -> None:
    assert [unit.text for unit in units("| 年休 | 20日 |")] == ["年休 / 20日"]


def test_every_word_of_a_passage_is_in_some_unit() -> None:
    text = "".join(unit.text for unit in units(VPN))

    for word in re.findall(r"\w+", VPN.replace("sh\n", "")):
        assert word in text
