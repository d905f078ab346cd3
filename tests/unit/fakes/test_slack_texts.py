"""How the fake Slack keeps texts and time."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.slack import Clock
from tests.fakes.slack.limits import escape, size, stored, unescape
from tests.fakes.slack.workspace import small_firm
from tests.fakes.slack.writing import rich_text, typed

# -- texts


@given(st.text(alphabet="あア漢👨‍👩‍👧&<>;amplgt a", max_size=40))
def test_what_was_typed_comes_back_whole(text: str) -> None:
    assert unescape(escape(text)) == text
    assert stored(escape(text)) == escape(text)


@given(st.text(max_size=40))
@settings(deadline=None)
def test_what_is_stored_is_stored_the_same_again(text: str) -> None:
    assert stored(stored(text)) == stored(text)
    assert size(text) == len(stored(text).encode())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("休暇", 6),
        ("👨‍👩‍👧‍👦", 25),
        ("か\u3099", 6),
        ("A&B", 7),
        ("<@U1> & <https://x.jp|社内>", 33),
        ("3 < 5", 8),
    ],
)
def test_sizes_are_bytes_as_stored(text: str, expected: int) -> None:
    assert size(text) == expected


def test_what_is_typed_becomes_mentions_links_and_rich_text() -> None:
    firm = small_firm("A1")
    text = typed(firm, "@shirube @soumu-team @channel #総務 @誰か A&B")
    [block] = rich_text(text, "b1")
    kinds = [item["type"] for item in block["elements"][0]["elements"]]

    assert text == (
        "<@USHIRUBE> <!subteam^SSOUMUTEAM> <!channel> <#CSOUMU|総務> @誰か A&amp;B"
    )
    assert [kind for kind in kinds if kind != "text"] == [
        "user",
        "usergroup",
        "broadcast",
        "channel",
    ]


async def test_a_clock_does_what_falls_due_in_its_order_and_time() -> None:
    clock = Clock(start=1_000.0)
    done: list[tuple[str, float]] = []

    async def note(name: str) -> None:
        done.append((name, clock.now()))

    clock.after(5, lambda: note("後"))
    clock.after(3, lambda: note("先"))
    clock.after(4, lambda: note("なし")).cancel()
    await clock.advance(4)
    await clock.advance(6)

    assert done == [("先", 1_003.0), ("後", 1_005.0)]
    assert clock.now() == 1_010.0
    assert clock.datetime().timestamp() == 1_010.0
