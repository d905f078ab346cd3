"""Answers look in Slack as they were written, and every word is literal."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.slack.rich_text import rich_text
from tests.fakes.slack.blocks import check_message


def words(elements: list[dict[str, object]]) -> str:
    """Put everything together that a reader reads."""
    found = ""
    for element in elements:
        inside = element.get("elements")
        found += words(inside) if isinstance(inside, list) else str(element["text"])
    return found


def test_japanese_emphasis_is_bold_and_has_no_asterisks() -> None:
    (section,) = rich_text("締め日は**毎月25日**です。[1]")

    assert section["elements"] == [
        {"type": "text", "text": "締め日は"},
        {"type": "text", "text": "毎月25日", "style": {"bold": True}},
        {"type": "text", "text": "です。[1]"},
    ]


def test_steps_keep_their_numbers_around_code() -> None:
    steps = ["1. 止める", "2. 次を実行する", "", "   ```sh", "   systemctl stop web"]
    text = "\n".join([*steps, "   ```", "3. 確認する"])

    first, code, second = rich_text(text)

    assert first["style"] == "ordered"
    assert len(first["elements"]) == 2
    assert code["type"] == "rich_text_preformatted"
    assert code["elements"][0]["text"] == "systemctl stop web"
    assert second["offset"] == 2


def test_a_nested_list_is_indented() -> None:
    shown = rich_text("- 東京\n  - 品川\n- 大阪")

    assert [block["indent"] for block in shown] == [0, 1, 0]


def test_a_table_is_shown_as_code() -> None:
    (table,) = rich_text("| 品目 | 上限 |\n| --- | --- |\n| 宿泊 | 9,000円 |")

    assert words([table]) == "品目 | 上限\n宿泊 | 9,000円"


def test_no_link_mention_or_image_is_made() -> None:
    text = (
        "<!channel> <@U1> [社内wiki](https://evil.example) "
        "![x](https://evil.example/i.png) <https://evil.example>"
    )

    shown = rich_text(text)

    kinds = {piece["type"] for block in shown for piece in block["elements"]}
    assert kinds == {"text"}
    assert "evil.example/i.png" not in words(shown)


def test_paragraphs_are_apart() -> None:
    assert words(rich_text("一つ目。\n\n二つ目。")) == "一つ目。\n二つ目。"


def test_what_follows_a_list_is_apart_from_it() -> None:
    for point in ("-", "1."):
        shown = rich_text(f"次のとおりです。\n\n{point} 東京\n\n詳しくは人事部まで。")

        assert words(shown) == "次のとおりです。東京\n詳しくは人事部まで。"


def test_a_citation_of_code_stands_behind_what_introduces_it() -> None:
    shown = rich_text("次を実行します。\n\n```sh\nls 一覧\n```\n[1][2]\n\n続きです。")

    assert words(shown) == "次を実行します。[1][2]ls 一覧\n続きです。"


def test_a_citation_of_code_after_a_list_stands_behind_its_last_item() -> None:
    shown = rich_text("- Stop it\n- Start it\n\n```\nrestart\n```\n[1]")

    assert words(shown) == "Stop itStart it [1]restart"


def test_a_citation_stays_below_code_that_nothing_introduces() -> None:
    assert words(rich_text("```\nls\n```\n[1]")) == "ls[1]"
    assert words(rich_text("文。\n\n```\nls\n```\n[1] 続き")) == "文。ls[1] 続き"


MARKS = ["**", "*", "`", "```\n", "\n", "\n\n", "- ", "1. ", "> ", "| a |", "# ", "~~"]
WORDS = ["締め日", "[1]", "[x](y)", "&amp;", "<b>", "\t", " ", "---\n", "👨‍👩‍👧"]


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from([*MARKS, *WORDS]), max_size=25).map("".join))
def test_slack_takes_whatever_comes_out(text: str) -> None:
    shown = rich_text(text)

    if shown:
        check_message([{"type": "rich_text", "elements": shown}])
    for block in shown:
        assert block["elements"]
