"""Long messages are cut where a reader would cut them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.text.parts import parts


def utf8(text: str) -> int:
    return len(text.encode())


def shown(text: str, limit: int) -> list[str]:
    return [part.shown for part in parts(text, limit=limit, size=utf8)]


def test_what_fits_is_one_part() -> None:
    assert shown("締め日は25日です。[1]", 100) == ["締め日は25日です。[1]"]


def test_nothing_is_no_part() -> None:
    assert shown(" \n", 100) == []


def test_a_blank_line_is_the_best_place() -> None:
    text = "経費精算の締め日は毎月25日です。\n\n振込は翌月10日です。"

    assert shown(text, 60) == [
        "経費精算の締め日は毎月25日です。",
        "振込は翌月10日です。",
    ]


def test_japanese_is_cut_after_a_sentence_and_not_after_a_character() -> None:
    text = "申請はポータルから行います。承認は上長が行います。経理が確認します。"

    assert shown(text, 90) == [
        "申請はポータルから行います。承認は上長が行います。",
        "経理が確認します。",
    ]


def test_an_english_decimal_is_not_the_end_of_a_sentence() -> None:
    text = "Upgrade to version 3.5 before Monday. Then restart the host twice."

    assert shown(text, 50) == [
        "Upgrade to version 3.5 before Monday.",
        "Then restart the host twice.",
    ]


def test_no_part_begins_with_a_mark_that_may_not_begin_a_line() -> None:
    text = "あ" * 9 + "、" + "い" * 9 + "ー" + "う" * 9

    for part in shown(text, 30):
        assert part[0] not in "、ー"


def test_a_citation_and_a_link_stay_whole() -> None:
    text = (
        "詳しくは[1]と[経費精算の手引き](https://wiki.example/経費)を見てください" * 3
    )

    for part in shown(text, 120):
        assert part.count("[") == part.count("]")
        assert part.count("](https://wiki.example/") == part.count("経費)")


def test_a_fence_is_closed_and_opened_again_with_its_language() -> None:
    code = "".join(f"echo 手順{number}\n" for number in range(12))
    text = f"次を実行します。\n\n```sh\n{code}```\n以上です。"

    found = shown(text, 90)

    assert len(found) > 2
    assert all(part.count("```") % 2 == 0 for part in found)
    assert all(part.startswith("```sh\n") for part in found[1:-1])
    assert found[-1].endswith("以上です。")


def test_a_table_is_cut_between_rows_and_repeats_its_head() -> None:
    head = "| 品目 | 上限 |\n| --- | --- |\n"
    rows = "".join(f"| 品目{number} | {number}円 |\n" for number in range(20))

    found = shown(head + rows, 200)

    assert len(found) > 2
    assert all(part.startswith("| 品目 | 上限 |\n| --- | --- |\n|") for part in found)
    assert all(line.endswith("|") for part in found for line in part.splitlines())


def test_a_family_of_emoji_is_one_character() -> None:
    family = "👨‍👩‍👧‍👦"

    assert all(set(part) <= set(family) for part in shown(family * 9, 60))
    assert all(len(part) % len(family) == 0 for part in shown(family * 9, 60))


def test_a_link_that_is_too_long_alone_is_cut_and_nothing_is_lost() -> None:
    link = "https://wiki.example/" + "x" * 500

    assert "".join(shown(link, 100)) == link


PIECES = st.sampled_from(
    [
        "経費精算の締め日は毎月25日です。",
        "がぎぐげご",
        "か\u3099",
        "The limit is 3.5 GB. ",
        "[1]",
        "【資料2】",
        "https://wiki.example/a?b=c ",
        "[手引き](https://wiki.example/x)",
        "`shirube sync`",
        "\n",
        "\n\n",
        "\n```sh\necho 手順\necho two\n```\n",
        "\n| 品目 | 上限 |\n| --- | --- |\n| 宿泊 | 9,000円 |\n| 交通 | 実費 |\n",
        "👨‍👩‍👧‍👦",
        "🇯🇵",
        "x" * 40,
        "、",
        "「引用」",
        " ",
        "&amp;",
    ]
)


@settings(deadline=None, max_examples=300)
@given(st.lists(PIECES, max_size=30).map("".join), st.integers(120, 400))
def test_trap_7_parts_are_whole_fit_and_lose_nothing(text: str, limit: int) -> None:
    found = parts(text, limit=limit, size=utf8)

    if text.strip():
        assert "".join(part.text for part in found) == text
    for part in found:
        assert utf8(part.shown) <= limit
        if text.count("```") % 2 == 0:
            assert part.shown.count("```") % 2 == 0
