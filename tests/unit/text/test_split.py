"""Cutting text at sentences, characters and bytes; nothing is ever lost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.text.split import SentenceSplitter, bytes_cut, sentences, truncate

SCRAPS = [
    *"。！？!?.．「」『』（）()[]【】〔〕［］ \n\t`~あ漢ーaZ1３-、,・と🎉",
    *["[1]", "【2】", "[資料1、2]", "[1](", "```", "```py\n", "\n```\n", "e.g.", "3.5"],
    *[
        "v1.2.3",
        "https://example.jp/?q=1",
        "https://",
        "U.S. ",
        "\n1. ",
        "です。",
        "👨‍👩‍👧",
        "🇯🇵",
    ],
    *["が\u3099", "葛\U000e0100", "👍🏽", "\ud800", "approx. ", "No. 5", "...", "…"],
]
TEXT = st.lists(st.sampled_from(SCRAPS), max_size=40).map("".join)


@pytest.mark.parametrize(
    "pieces",
    [
        ["締め日は25日です。", "遅れないでください。"],
        ["「行きます。」と言った。", "次です。"],
        ["（詳細は別紙。）を見る。"],
        ["本当？！", "はい。"],
        ["本当?", "はい。"],
        ["期限は25日です。[1] ", "さらに【2】。", "終わり。[資料1、資料3]"],
        ["値は３．５です．", "次．"],
        ["一行目\n", "二行目\n\n", "三行目"],
        ["- 項目一\n", "- 項目二\n"],
        ["手順:\n\n", "```sh\nrm -rf x. Y\n\n消す。残す\n```\n", "後。"],
        ["`a! b。c` を使う。", "次。"],
        ["https://example.jp/?q=1。", "次"],
        ["See e.g. the guide, i.e. v1.2.3 or 3.5. ", "Then stop. ", "Really? ", "Yes!"],
        ['He said "Stop." ', "Then he left."],
        ["The U.S. Government and Dr. Smith agree (see p. 5, No. 7). ", "Next."],
        ["1. Do this. ", "Then that.\n", "2. Rest."],
        ["It works. [1] ", "So does this.[2][3] ", "End."],
        ["終わりです。", "[10:30] 開始です。"],
        ["図です。", "![図](a.png)"],
    ],
)
def test_text_is_cut_into_these_sentences(pieces: list[str]) -> None:
    assert pieces == sentences("".join(pieces))


@given(TEXT)
@settings(deadline=None)
def test_sentences_put_together_are_the_text(text: str) -> None:
    pieces = sentences(text)

    assert text == "".join(pieces)
    assert all(pieces)
    assert all(piece.strip() for piece in pieces) or len(pieces) == 1


@given(TEXT, st.data())
@settings(deadline=None)
def test_a_stream_is_cut_like_the_whole(text: str, data: st.DataObject) -> None:
    splitter = SentenceSplitter()
    pieces: list[str] = []
    rest = text
    while rest:
        size = data.draw(st.integers(1, 7))
        pieces += splitter.feed(rest[:size])
        rest = rest[size:]
    pieces += splitter.flush()

    assert sentences(text) == pieces


def test_a_sentence_is_given_out_as_soon_as_the_next_begins() -> None:
    splitter = SentenceSplitter()

    assert not splitter.feed("締め日は25日です。")
    assert not splitter.feed("[")
    assert not splitter.feed("1]")
    assert splitter.feed("次") == ["締め日は25日です。[1]"]
    assert splitter.flush() == ["次"]
    assert not splitter.flush()


@pytest.mark.parametrize(
    "text", ["。」" * 20000, "." * 50000 + "x", "[1 " * 20000, "`" * 50001]
)
def test_hostile_text_is_cut_in_reasonable_time(text: str) -> None:
    assert text == "".join(sentences(text))


@given(TEXT, st.integers(0, 60))
@settings(deadline=None)
def test_truncated_text_is_a_beginning_of_the_text(text: str, characters: int) -> None:
    short = truncate(text, characters=characters)

    assert len(short) <= characters or short == text
    assert text.startswith(short.removesuffix("…"))


@pytest.mark.parametrize(
    ("text", "characters", "short"),
    [
        ("経費精算の締め日", 5, "経費精算…"),
        ("家族👨‍👩‍👧です", 5, "家族…"),
        ("旗🇯🇵です", 3, "旗…"),
        ("市葛\U000e0100城です", 3, "市…"),
        ("か\u3099き", 2, "…"),
        ("短い", 2, "短い"),
        ("短い", 1, "…"),
        ("短い", 0, ""),
    ],
)
def test_no_character_is_torn_apart(text: str, characters: int, short: str) -> None:
    assert short == truncate(text, characters=characters)


@given(TEXT, st.integers(0, 40))
@settings(deadline=None)
def test_a_cut_at_bytes_fits_and_always_gets_on(text: str, limit: int) -> None:
    taken = bytes_cut(text, limit=limit)

    assert taken <= len(text)
    assert taken > 0 or not text
    assert taken == 1 or len(text[:taken].encode(errors="replace")) <= limit


def test_bytes_are_cut_between_characters() -> None:
    assert bytes_cut("あいう", limit=7) == 2
    assert bytes_cut("あ👨‍👩‍👧", limit=12) == 1
