"""Two forms of a text: the one that is searched and the one that is shown."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.text.normalise import printable, search_form

ANY_TEXT = st.text(st.characters(codec=None))


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("ＶＰＮ ｶﾞ", "vpn ガ"),
        ("㌔㍻²", "キロ平成2"),
        ("か\u3099", "が"),
        ("①②", " 1 2"),
        ("葛\U000e0100城", "葛城"),
        ("a\u200bb\u2060c\ufeffd\U000e0041", "abcd"),
        ("神\ufa19", "神神"),
        ("HELLO", "hello"),
    ],
)
def test_what_looks_alike_is_searched_alike(text: str, form: str) -> None:
    assert form == search_form(text)


@given(ANY_TEXT)
@settings(deadline=None)
def test_the_search_form_of_a_search_form_is_itself(text: str) -> None:
    once = search_form(text)

    assert once == search_form(once)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("改行\r\nと\tタブ\r", "改行\nと\tタブ\n"),
        ("a\x00b\x1b[31mc\x9bd", "ab[31mcd"),
        ("左\u202e右\u2066中\u200f", "左右中"),
        ("見\u200bえ\u2060な\ufeffい\U000e0041", "見えない"),
        ("壊\ud800れ", "壊れ"),
        (
            "👨\u200d👩\u200d👧 ❤\ufe0f 葛\U000e0100",
            "👨\u200d👩\u200d👧 ❤\ufe0f 葛\U000e0100",
        ),
    ],
)
def test_only_what_disturbs_is_dropped(text: str, shown: str) -> None:
    assert shown == printable(text)


@given(ANY_TEXT)
@settings(deadline=None)
def test_printable_text_can_be_sent_and_stays_as_it_is(text: str) -> None:
    shown = printable(text)

    assert shown == shown.encode().decode()
    assert shown == printable(shown)
