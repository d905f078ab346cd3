"""What Slack delivers is read as people wrote it, and what is sent stays literal."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.slack.markup import addresses_other, escaped, mentioned, plain, size

BOT = "U0BOT"


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("<@U0BOT> 休暇は何日？", "休暇は何日？"),
        ("<@U0BOT|shirube> 休暇は何日？", "休暇は何日？"),
        ("<@U1> さんに聞いた？", "@U1 さんに聞いた？"),
        ("A &amp; B は &lt;必須&gt; ？", "A & B は <必須> ？"),
        ("&amp;lt; とは？", "&lt; とは？"),
        ("<https://wiki.example/a?b=1&amp;c=2>", "https://wiki.example/a?b=1&c=2"),
        (
            "<https://wiki.example|手引き> は古い？",
            "手引き https://wiki.example は古い？",
        ),
        ("<mailto:a@example.jp|a@example.jp>", "a@example.jp"),
        ("<#C1|経理> で聞く？", "#経理 で聞く？"),
        ("<!here> 誰か？", "@here 誰か？"),
        ("<!subteam^S1|@keiri> 誰か？", "@keiri 誰か？"),
        ("<!date^1392734382^{date}|2014年2月18日> の件", "2014年2月18日 の件"),
    ],
)
def test_a_message_reads_as_it_was_seen(raw: str, read: str) -> None:
    assert plain(raw, bot=BOT) == read


@pytest.mark.parametrize(
    ("raw", "other"),
    [
        ("<@U1> どう思う？", True),
        ("<@U1> <@U0BOT> どう思う？", False),
        ("田中さん、これ分かりますか？", True),
        ("Ｔａｎａｋａさん、これは？", True),
        ("@tanaka これは？", True),
        ("締め日はいつですか？", False),
        ("田中さんの休暇は何日ですか？", False),
        ("<@U0BOT> 田中に聞いて", False),
        ("田中さーん、分かりますか？", True),
        ("田中さ〜ん！ 分かりますか？", True),
        ("山田部長、締め日はいつですか？", True),
        ("鈴木課長 締め日はいつですか？", True),
        ("先生、締め日はいつですか？", True),
        ("部長の承認は必要ですか？", False),
        ("課長が休みのときは誰に聞く？", False),
        ("Sato-san, can you tell me?", True),
        ("sato-san can you tell me?", True),
        ("John, could you check?", True),
        ("Hi John, could you check?", True),
        ("Also, how many days of leave are left?", False),
        ("Thanks, and how do I apply?", False),
        ("Shirube, how do I apply?", False),
        ("How do I, as a manager, apply?", False),
        ("Leave: how many days?", False),
        ("皆さん、有給休暇は何日ですか？", False),
        ("皆川さん、有給休暇は何日ですか？", True),
        ("お疲れ様！有給休暇は何日ですか？", False),
        ("Shirubeさん、有給休暇は何日ですか？", False),
        ("シルベさん、有給休暇は何日ですか？", False),
        ("Hello Everyone, how many days of leave are there?", False),
        ("Unfortunately, the VPN fails. Why?", False),
        ("Friday, is the office open?", False),
        ("Emily, is the office open?", True),
    ],
)
def test_who_is_spoken_to(raw: str, *, other: bool) -> None:
    assert addresses_other(raw, bot=BOT) is other


def test_who_is_mentioned_may_be_called_by_a_name() -> None:
    said = plain("<@U1> と <@U2> へ", bot=BOT, names={"U1": "田中", "U3": "佐藤"})

    assert said == "田中 と @U2 へ"


def test_nothing_that_is_sent_mentions_or_links() -> None:
    text = "<!channel> <@U1> <https://evil.example|社内wiki> & 続き"

    sent = escaped(text)

    assert "<" not in sent
    assert mentioned(sent) == frozenset()


def test_trap_6_sizes_are_bytes_after_escaping() -> None:
    assert size("締め日") == 9
    assert size("A & B") == 9
    assert size("👨‍👩‍👧") == 18


@settings(deadline=None)
@given(st.text(alphabet="a<>&;|@#!締め日\u202e\x00 amplt", max_size=60))
def test_what_is_sent_is_read_back_as_it_was(text: str) -> None:
    sent = escaped(text)

    assert "<" not in sent
    assert len(sent.encode()) <= size(text)
    assert escaped(plain(sent, bot=BOT)) == sent.strip()
