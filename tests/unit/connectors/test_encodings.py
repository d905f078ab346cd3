"""Encodings: Japanese files of the last forty years, decided file by file."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.encodings import Decoded, decode, is_binary

TEXT = "年次有給休暇は、前日までに申請してください。①髙橋～ﾊﾝｶｸ\n"
PLAIN = "年次有給休暇は、前日までに申請してください。\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932"])
def test_modern_files_are_read(encoding: str) -> None:
    assert decode(TEXT.encode(encoding)) == Decoded(text=TEXT, encoding=encoding)


@pytest.mark.parametrize("encoding", ["euc_jp", "iso2022_jp"])
def test_old_files_are_read(encoding: str) -> None:
    assert decode(PLAIN.encode(encoding)) == Decoded(text=PLAIN, encoding=encoding)


@pytest.mark.parametrize("encoding", ["utf-32", "utf-16-le", "utf-16-be"])
def test_wide_encodings_need_their_mark(encoding: str) -> None:
    marked = ("" if encoding == "utf-32" else "\ufeff") + PLAIN
    decoded = decode(marked.encode(encoding))

    assert decoded is not None
    assert decoded.text == PLAIN
    if encoding != "utf-32":
        assert decode(PLAIN.encode(encoding)) is None


def test_half_width_katakana_are_not_taken_for_kanji() -> None:
    decoded = decode("ﾊﾝｶｸｶﾅ\n".encode("cp932"))

    assert decoded == Decoded(text="ﾊﾝｶｸｶﾅ\n", encoding="cp932", ambiguous=True)


def test_half_width_katakana_in_jis_are_read() -> None:
    decoded = decode("ﾃｽﾄ".encode("iso2022_jp_ext"))

    assert decoded is not None
    assert decoded.text == "ﾃｽﾄ"


def test_an_escape_in_plain_text_is_no_encoding() -> None:
    assert decode(b"\x1b[31mred\x1b[0m") == Decoded(
        text="\x1b[31mred\x1b[0m", encoding="utf-8"
    )


@pytest.mark.parametrize(
    "data", [b"\x82\xff\xfe\x80", b"\xff\xfea", b"\xef\xbb\xbf\xff"]
)
def test_what_fits_no_encoding_is_given_up(data: bytes) -> None:
    assert decode(data) is None


def test_a_nul_makes_a_file_binary() -> None:
    assert is_binary(b"\x89PNG\x00")
    assert not is_binary("資料\n".encode("utf-16"))
    assert decode("資\x00料".encode()) is None


def test_line_ends_are_made_equal() -> None:
    decoded = decode("一\r\n二\r三\n".encode())

    assert decoded is not None
    assert decoded.text == "一\n二\n三\n"


KANA = st.text(
    st.characters(min_codepoint=0x3041, max_codepoint=0x3093)
    | st.characters(min_codepoint=0x30A1, max_codepoint=0x30F3)
    | st.sampled_from("日本語資料規程、。（）「」\n ")
)


@given(KANA)
@settings(deadline=None)
def test_utf8_always_comes_back(text: str) -> None:
    decoded = decode(text.encode())

    assert decoded == Decoded(text=text, encoding="utf-8")


@given(KANA)
@settings(deadline=None)
def test_cp932_prose_is_never_taken_for_another_encoding(text: str) -> None:
    decoded = decode(("これは" + text).encode("cp932"))

    assert decoded is not None
    assert decoded.text == "これは" + text


@given(st.binary())
@settings(deadline=None)
def test_whatever_comes_out_can_be_stored(data: bytes) -> None:
    decoded = decode(data)

    if decoded is not None:
        assert decoded.text.encode("utf-8").count(b"\x00") == 0
