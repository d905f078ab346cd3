"""A source leaves the settings: it is named until it is forgotten."""

import json
from pathlib import Path

import pytest

from tests.fakes.terminal import Terminal

NOTES = """\
    [[sources]]
    name = "notes"
    connector = "folder"
    access = ["pub"]
    options = { path = "文書" }
    """
OLD = """\
    [[sources]]
    name = "old"
    connector = "folder"
    access = ["pub"]
    options = { path = "古い文書" }
    """
QUESTION = "社長室は何階にありますか"


@pytest.fixture
def left(tmp_path: Path) -> Terminal:
    """Two sources were synced; then one was taken out of the settings."""
    terminal = Terminal(tmp_path)
    terminal.configure(NOTES + OLD)
    terminal.write(
        "文書/休暇.md", "# 休暇規程\n\n有給休暇は入社6か月後に10日を付与する。\n"
    )
    terminal.write("古い文書/案内.md", "# 案内\n\n社長室は5階にある。\n")
    assert terminal.run("sync").code == 0
    terminal.configure(NOTES)
    return terminal


def test_what_is_still_answered_from_is_said_with_what_to_do(left: Terminal) -> None:
    assert "5階" in left.run("ask", QUESTION).out
    for command in ("sync", "check", "status"):
        ran = left.run(command)
        assert (ran.code, "shirube forget --source old" in ran.all) == (0, True)

    rows = json.loads(left.run("status", "--json").out)["sources"]
    assert [(row["source"], row["configured"]) for row in rows] == [
        ("notes", True),
        ("old", False),
    ]


def test_a_source_that_is_forgotten_is_gone_at_once(left: Terminal) -> None:
    row = json.loads(left.run("forget", "--source", "old", "--json").out)
    assert row == {"source": "old", "removed": 1}

    assert left.run("ask", QUESTION).code == 3
    assert left.run("ask", "有給休暇は何日ですか").code == 0
    assert "old" not in left.run("status").out
    check = left.run("check")
    assert (check.code, "chunks 1." in check.out) == (0, True)


def test_a_forgotten_source_comes_back_with_its_settings(left: Terminal) -> None:
    assert left.run("forget", "--source", "old").code == 0
    left.configure(NOTES + OLD)
    assert left.run("sync").code == 0

    assert "5階" in left.run("ask", QUESTION).out


@pytest.mark.parametrize(
    ("source", "said"),
    [("notes", "take it out of them first"), ("odl", "did you mean old?")],
)
def test_only_what_left_the_settings_can_be_forgotten(
    left: Terminal, source: str, said: str
) -> None:
    ran = left.run("forget", "--source", source)

    assert (ran.code, said in ran.err) == (2, True)
    assert "5階" in left.run("ask", QUESTION).out


def test_a_source_is_forgotten_although_the_index_is_gone(left: Terminal) -> None:
    (left.folder / ".shirube" / "index").rename(left.folder / "moved")
    assert left.run("forget", "--source", "old").code == 0
    (left.folder / "moved").rename(left.folder / ".shirube" / "index")

    assert left.run("ask", QUESTION).code == 3
