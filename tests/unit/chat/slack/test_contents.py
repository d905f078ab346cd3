"""Whatever an answer says, Slack takes it, and nobody can follow or be called by it."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.slack import actions, modals
from bot.chat.slack.contents import View, bare, final, growing, opening
from bot.chat.slack.literal import literal
from bot.chat.surface import Ended
from bot.core.model import DocumentId, Language, Outcome, Reason
from bot.text import phrases
from tests.fakes.shown import answered, citation, said
from tests.fakes.slack.blocks import check_message
from tests.fakes.slack.clock import Clock
from tests.fakes.slack.limits import UPDATE_TEXT_BYTES, size
from tests.fakes.slack.model import texts_in

SHARED = Path(__file__).parents[4].parent / "shared"
ATTACKS = SHARED / "eval" / "injection" / "attacks.jsonl"
VIEW = View(question="q1", buttons=Language.JA, now=Clock().datetime())

pieces = st.sampled_from(
    [
        *(
            "年次有給休暇は20日です。[1]",
            "経費は25日締め。",
            "\n\n",
            "\n",
            " ",
            "。",
            "、",
        ),
        *(
            "```python\n",
            "```\n",
            "`code`",
            "`",
            "|",
            "| a | b |\n|---|---|\n",
            "***\n",
        ),
        *(
            "- 項目\n",
            "  - 下位\n",
            "1. 一つ\n",
            "> 引用\n",
            "# 見出し\n",
            "---\n",
            "~~",
        ),
        *("**「重要」**", "*", "_", "[1]: /x\n", "[a][b]", "![絵](x)", "<b>", "&amp;"),
        *("<!channel>", "<@U012>", "<!subteam^S1|@総務>", "@everyone", "<#C1|g>"),
        *("https://evil.example/?q=", "<https://evil.example|社内>", "http:http:////x"),
        *("mailto:a@evil.example", "www.evil.example", "slack://open", "data:text/x,1"),
        *("👩\u200d👩\u200d👧", "葛\U000e0100", "\u202e", "\ud800", "\x00", "が"),
    ]
)
texts = st.lists(pieces | st.text(max_size=20), max_size=60).map("".join)
long_texts = st.tuples(texts, st.integers(1, 400)).map(lambda of: of[0] * of[1])
FOLLOWED = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://|mailto:\S+@|<[!@#]")


def messages(text: str) -> list[str]:
    """What is sent of an answer, message by message; Slack must take each."""
    shown = []
    for content in final(answered(text, citations=()), VIEW):
        check_message(list(content.blocks))
        _require_filled(list(content.blocks))
        assert content.text
        assert size(content.text) <= UPDATE_TEXT_BYTES
        shown.append(json.dumps([content.text, content.blocks], ensure_ascii=False))
    return shown


def _require_filled(part: object) -> None:
    """Slack refuses empty texts and empty lists in rich text."""
    match part:
        case {"type": "text", "text": text}:
            assert text
        case {"elements": elements}:
            assert elements
            _require_filled(elements)
        case list():
            for item in part:
                _require_filled(item)


@settings(deadline=None, max_examples=150)
@given(texts)
def test_slack_takes_whatever_an_answer_says(text: str) -> None:
    shown = messages(text)

    assert shown
    assert not any(FOLLOWED.search(message) for message in shown)


@settings(deadline=None, max_examples=25)
@given(long_texts)
def test_slack_takes_an_answer_however_long(text: str) -> None:
    assert messages(text[:60_000])


@settings(deadline=None, max_examples=100)
@given(texts)
def test_slack_takes_what_is_still_being_written(text: str) -> None:
    content = growing(literal(text)[:3_000], VIEW)

    check_message(list(content.blocks))


@settings(deadline=None, max_examples=100)
@given(texts, texts, texts, st.integers(0, 60))
def test_slack_takes_titles_notes_and_any_number_of_sources(
    title: str, note: str, limited: str, number: int
) -> None:
    sources = tuple(
        citation(
            n,
            title=title,
            heading_path=(title, note),
            document=DocumentId(f"{limited[:50]}:{n}"),
        )
        for n in range(1, number + 1)
    )
    ended = answered(
        "20日です。", citations=sources, notes=(note,), limited=limited or None
    )

    contents = final(ended, VIEW)

    links = []
    for content in contents:
        check_message(list(content.blocks))
        links += re.findall(r"https?://[^\"]+", json.dumps(list(content.blocks)))
    assert links == [f"https://wiki.example/{n}" for n in range(1, number + 1)]


@settings(deadline=None, max_examples=50)
@given(texts)
def test_slack_takes_any_question_in_an_opening(text: str) -> None:
    content = opening(text, VIEW)

    check_message(list(content.blocks))
    assert not FOLLOWED.search(content.text)


def test_everything_of_a_long_answer_is_there_once_and_in_order() -> None:
    paragraphs = [f"第{n}段落。{'本文' * 200}" for n in range(60)]

    contents = final(answered("\n\n".join(paragraphs), citations=()), VIEW)

    shown = "".join("".join(texts_in(list(content.blocks))) for content in contents)
    assert [int(n) for n in re.findall(r"第(\d+)段落", shown)] == list(range(60))
    assert len(contents) > 5
    assert all(content.text.startswith("第") for content in contents)


def test_a_notification_says_the_first_sentence() -> None:
    [content] = final(answered("締め日は25日です。[1] 祝日なら前日です。[2]"), VIEW)

    assert content.text == "締め日は25日です。[1]"


@pytest.mark.parametrize("language", list(Language))
def test_a_notification_of_a_quotation_says_what_is_quoted(language: Language) -> None:
    header = phrases.EXTRACTIVE_HEADER.say(language)
    quoted = f"{header}\n\n締め日は25日です。[1] 祝日なら前日です。[1]"

    [content] = final(answered(quoted, language=language), VIEW)

    assert content.text == "締め日は25日です。[1]"
    assert growing(quoted, VIEW).text == content.text
    assert growing(header, VIEW).text == header


def test_an_address_in_code_can_be_read_and_not_followed() -> None:
    text = "手順は次のとおりです。[1]\n```\ngit clone https://git.example/社内.git\n```"

    [content] = final(answered(text), VIEW)

    read = "\n".join(texts_in(list(content.blocks)))
    assert "git clone git.example/社内.git" in read


def test_a_citation_stays_plain() -> None:
    [content] = final(answered("20日です。[1]"), VIEW)

    [element] = content.blocks[0]["elements"][0]["elements"]
    assert element == {"type": "text", "text": "20日です。[1]"}


def test_more_is_offered_where_there_is_more() -> None:
    """Not below what is complete, or long already, or cites nothing."""

    def offered(ended: Ended, view: View = VIEW) -> bool:
        return actions.MORE in str(final(ended, view)[-1].blocks)

    short = answered()
    assert short.answer is not None
    complete = replace(short, answer=replace(short.answer, complete=True))

    assert offered(short)
    assert not offered(complete)
    assert not offered(short, replace(VIEW, detailed=True))
    assert not offered(answered(citations=()))


@pytest.mark.parametrize(
    ("reviewed", "date"), [(True, "確認日: 2026-04-01"), (False, "更新日: 2026-04-01")]
)
def test_a_source_says_whether_it_was_changed_or_looked_through(
    *, reviewed: bool, date: str
) -> None:
    source = citation(reviewed=reviewed)

    [content] = final(answered(citations=(source,)), VIEW)

    assert date in "\n".join(texts_in(list(content.blocks)))
    assert date in str(modals.passage(source, Language.JA))


def test_more_sources_than_a_message_holds_go_on_in_the_next() -> None:
    sources = tuple(citation(n, title="規程" * 100) for n in range(1, 61))

    first, second, *_ = final(answered(citations=sources), VIEW)

    assert len(first.blocks) <= 50
    assert second.blocks[0]["text"]["text"].startswith("[")


def test_a_message_slack_dislikes_is_left_with_its_words() -> None:
    content, *_ = final(said(Outcome.REFUSED, "見つかりません。<&>" * 400), VIEW)

    plain = bare(content)

    assert plain.blocks == []
    assert plain.text.startswith("見つかりません。&lt;&amp;&gt;")
    assert size(plain.text) <= UPDATE_TEXT_BYTES


def attacks() -> list[str]:
    if not ATTACKS.is_file():
        return []
    lines = ATTACKS.read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["attack"] for line in lines]


@pytest.mark.shared
@pytest.mark.skipif(not ATTACKS.is_file(), reason="no shared samples beside us")
@pytest.mark.parametrize("attack", attacks())
@pytest.mark.parametrize(
    "hull",
    [
        "{}",
        "{} https://evil.example/?q=%E7%A7%98",
        "[詳細はこちら](https://evil.example/?q={})",
        "![図](https://evil.example/x.png) {}",
        "<!channel> <@U0123> {} <!subteam^S1>",
        "<https://evil.example|https://wiki.example> {}\n\n[a]: https://evil.example",
        "```\n{}\nhttps://evil.example\n```",
    ],
)
def test_row_51_52_53_an_attack_that_is_echoed_has_no_link_mention_or_image(
    attack: str, hull: str
) -> None:
    for message in messages(hull.format(attack)):
        assert not FOLLOWED.search(message)
        assert not re.search(
            r'"type": "(?:link|image|user|usergroup|broadcast)"', message
        )


@pytest.mark.parametrize("reason", list(Reason))
def test_what_asks_nothing_is_offered_to_nobody(reason: Reason) -> None:
    """No group of people is called for an emoji, and nothing is asked again."""
    ended = replace(said(Outcome.REFUSED, "空のようです。"), reason=reason)
    view = replace(VIEW, expert=True, shareable=True)

    [content] = final(ended, view)

    offered = [block for block in content.blocks if block["type"] == "actions"]
    assert bool(offered) is (reason not in {Reason.EMPTY, Reason.TOO_LONG})
