"""The analyzer: one pure function for the index and for a question."""

import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.errors import ConfigError
from bot.text.tokens import ANALYZER, TOKEN_BYTES, analyse, analyzer

MIXED = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from(
            "経費精算の締め日ーはアプリガ々〆〇・。①②ｶﾞＶＰＮteamsIT's_ 葛󠄀👨‍👩‍👧"
        ),
    ),
    max_size=80,
)

STEMS = [f"{a}{b}ppl" for a in "bcdfgklmnp" for b in "aeiou"]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        ("。・！ 🎉\n", []),
        ("税", ["税"]),
        ("経費精算", ["経費", "費精", "精算", "経", "費", "精", "算"]),
        ("サーバー", ["サー", "ーバ", "バー"]),
        ("締め日は", ["締め", "め日", "日は", "締", "日"]),
        ("人々", ["人々", "人", "々"]),
        ("社内・社外", ["社内", "社", "内", "社外", "社", "外"]),
        ("VPNの設定", ["vpn", "の設", "設定", "設", "定"]),
        ("ＶＰＮ", ["vpn"]),
        ("ｶﾞｲﾄﾞ", ["ガイ", "イド"]),
        ("ガイド", ["ガイ", "イド"]),
        ("㈱標", ["株", "標"]),
        ("①手順②確認", ["1", "手順", "手", "順", "2", "確認", "確", "認"]),
        ("snake_case", ["snake", "case"]),
        ("The teams' policies", ["team", "polici"]),
        ("running IPv6 v1.2.3", ["run", "ipv6", "v1", "2", "3"]),
        ("IT部門", ["it", "部門", "部", "門"]),
        ("don't", ["don"]),
        ("Größe", ["größe"]),
        ("한국어 문서", ["한국어", "문서"]),
        ("葛󠄀城", ["葛城", "葛", "城"]),
        ("ﬁle\u00adname", ["filenam"]),
        ("con\u200bfig", ["config"]),
        ("\ud800", []),
    ],
)
def test_text_gives_these_tokens(text: str, tokens: list[str]) -> None:
    assert tokens == analyse(text)


@given(MIXED)
@settings(deadline=None)
def test_no_token_is_empty_holds_a_space_or_is_too_long(text: str) -> None:
    for token in analyse(text):
        assert token
        assert not any(character.isspace() for character in token)
        assert len(token.encode()) <= TOKEN_BYTES


@given(MIXED)
@settings(deadline=None)
def test_width_and_composition_of_characters_do_not_matter(text: str) -> None:
    plain = text.translate(dict.fromkeys(range(9312, 9472), " "))

    assert analyse(plain) == analyse(unicodedata.normalize("NFKC", plain))
    assert analyse(plain) == analyse(unicodedata.normalize("NFD", plain))


@given(MIXED, MIXED)
@settings(deadline=None)
def test_a_line_end_separates_completely(one: str, other: str) -> None:
    assert analyse(one) + analyse(other) == analyse(f"{one}\n{other}")


def test_long_words_are_cut_at_a_character_border() -> None:
    assert analyse("x" * 100) == ["x" * TOKEN_BYTES]
    assert analyse("é" * 100) == ["é" * (TOKEN_BYTES // 2)]


def test_a_term_of_two_characters_is_found_inside_a_longer_word() -> None:
    assert set(analyse("休暇")) <= set(analyse("年次有給休暇の申請"))


def test_threads_stem_the_same_words_alike() -> None:
    words = [f"{stem}{ending}" for stem in STEMS for ending in ("ing", "ies", "ed")]
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda _: tuple(analyse(" ".join(words))), range(32)))

    assert len(found) == 1


def test_the_analyzer_of_an_index_is_found_by_its_id() -> None:
    assert analyzer(ANALYZER)("休暇") == analyse("休暇")


def test_an_unknown_analyzer_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="'cjk9-v9' is unknown"):
        analyzer("cjk9-v9")
