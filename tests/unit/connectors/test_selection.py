"""Patterns choose files as `.gitignore` does, letter case ignored."""

import pytest

from connectors.selection import selection


@pytest.mark.parametrize(
    ("path", "chosen"),
    [
        ("規程.md", True),
        ("深い/所/規程.MD", True),
        ("readme", True),
        ("下書き/規程.md", False),
        ("規程/下書き/案.md", False),
        ("規程/下書き.md", True),
        ("写真.png", False),
        ("docs/old/a.md", False),
        ("x/docs/old/a.md", True),
    ],
)
def test_a_file_is_chosen_by_include_and_not_exclude(
    path: str, *, chosen: bool
) -> None:
    files = selection(["*.md", "README"], ["下書き/", "/docs/old/**"])

    assert files.chooses(path) is chosen


def test_a_later_pattern_takes_back_an_earlier_one() -> None:
    files = selection(["*.md", "!秘密*.md"], [])

    assert files.chooses("公開.md")
    assert not files.chooses("秘密の計画.md")
