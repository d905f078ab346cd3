"""What a model or a source wrote can only be read."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.answering.addresses import addresses
from bot.answering.safety import REMOVED, inert

LIVE = re.compile(
    r"[a-z][a-z0-9+.-]*://|\]\(|!\[(?!\d{1,2}\])|<[a-z@#!/?:]|\]:"
    r"|[@＠](?:here|everyone|channel|all)(?![a-z0-9])|(?<![\w.-])www\.\w"
    r"|(?<![a-z0-9])(?:(?:mailto|javascript):\w|data:text)"
    r"|(?<![\w.-])evil\.(?:com|example\.org)(?![\w.-])",
    re.IGNORECASE,
)
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060"
    "\u2066-\u2069\ufeff\U000e0000-\U000e007f]"
)

PIECES = [
    *("http", "https", "://", ":", "//", "evil.com", "evil.example.org", "/x?q=秘密"),
    *("[", "]", "](", ")", "(", "![", "[1]", "[ref]", "]: ", "<", ">", "|", "!", "@"),
    *("everyone", "here", "channel", "<@U123>", "<!channel>", "<!subteam^S1|team>"),
    *("<a href=", '"', "'", "</a>", "<img src=x>", "<b>", "</b>", "<script>", "<!--"),
    *("-->", "mailto:", "a@evil.com", "data:text/html,", "javascript:alert(1)", "www."),
    *("`", "```", "\n", " ", "。", "年休は20日", "です", "word", "\u202e", "\u200b"),
    *("\U000e0041", "\x1b", "例え.jp", "README.md", "ok.jp/x", "葛\U000e0100飾"),
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


@given(TEXTS)
@settings(deadline=None, max_examples=600)
def test_nothing_live_comes_out_whatever_goes_in(text: str) -> None:
    plain = inert(text)

    assert not LIVE.search(re.sub("`[^`\n]+`|```.*", "¬", plain, flags=re.DOTALL))
    assert "://" not in plain
    assert not INVISIBLE.search(plain)


@given(TEXTS)
@example("a@evil.comwww.a@evil.comhttp")
@settings(deadline=None, max_examples=400)
def test_making_a_text_inert_twice_changes_nothing(text: str) -> None:
    once = inert(text, allowed={"https://ok.jp/x"})

    assert once == inert(once, allowed={"https://ok.jp/x"})


@given(st.text(max_size=200))
@settings(deadline=None)
def test_any_text_can_be_made_inert(text: str) -> None:
    inert(text).encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("詳細は[こちら](https://evil.com/?q=x)を参照[1]。", "詳細はこちらを参照[1]。"),
        ("![](https://evil.com/a.png)図です。", "図です。"),
        (
            "[申請][form]です。\n[form]: https://evil.com",
            f"申請です。\n[form] : {REMOVED}",
        ),
        ("<https://evil.com>を開く", f"{REMOVED}を開く"),
        ("<https://evil.com|社内規程>を見る", "社内規程を見る"),
        ("See [1](https://evil.com).", f"See [1] ({REMOVED})."),
        ("help@evil.com まで", f"{REMOVED} まで"),
        ("evil.comへアクセス", f"{REMOVED}へアクセス"),
        ("ht<b>tps://evil.com/x</b>", REMOVED),
        ("http://10.0.0.1/admin を開く", f"{REMOVED} を開く"),
        ("例え.jp を見る", f"{REMOVED} を見る"),
        ("画像は data:image/png;base64,AAAA です", f"画像は {REMOVED} です"),
    ],
)
def test_links_of_every_form_are_taken_out(text: str, shown: str) -> None:
    assert shown == inert(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@here 至急ご確認ください。", "here 至急ご確認ください。"),
        ("＠everyone", "everyone"),
        ("<!channel> 注意", " 注意"),
        ("<@U0123ABC> さんへ", " さんへ"),
        ("<@&99> and <#C1>", " and "),
        ("<!subteam^S1|総務> へ", "総務 へ"),
        ("@tanaka に聞く", "＠tanaka に聞く"),
        ("`@everyone`", "`everyone`"),
    ],
)
def test_nobody_is_mentioned(text: str, shown: str) -> None:
    assert shown == inert(text)


def test_tags_go_and_their_text_stays() -> None:
    assert inert("<b>太字</b>と<br/>改行<!-- 秘密 -->") == "太字と改行"


@pytest.mark.parametrize(
    "text",
    [
        "年次有給休暇は20日です[1]。申請は3日前までです[1][2]。",
        "a < b && c > d, 100.5.3, v1.2.3, 3.5%, 10.0.0.1/24, e.g. this.",
        "`Vec<String>` と `matrix[i][j]` を使う。",
        "Take 20 days. It is done! [1]",
        "人事部（内線1234）へ: 書式3号",
        "葛\U000e0100飾区 👨‍👩‍👧 ☎️",
        "Great![1]",
    ],
)
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    assert text == inert(text)


def test_an_address_of_a_cited_source_is_shown_as_code() -> None:
    allowed = addresses("申請は[フォーム](https://intra.example.jp/a?b=1)から。")

    assert allowed == {"https://intra.example.jp/a?b=1"}
    assert (
        inert("https://intra.example.jp/a?b=1から申請します[1]。", allowed=allowed)
        == "`https://intra.example.jp/a?b=1`から申請します[1]。"
    )


def test_an_address_that_differs_in_one_byte_is_taken_out() -> None:
    allowed = {"https://intra.example.jp/a"}

    assert inert("https://intra.example.jp/a?leak=1", allowed=allowed) == REMOVED
    assert inert("https://intra.example.jp.evil.com/a", allowed=allowed) == REMOVED


def test_a_name_that_may_be_a_file_is_shown_as_code() -> None:
    assert inert("README.mdとsetup.shを読む。") == "`README.md`と`setup.sh`を読む。"
