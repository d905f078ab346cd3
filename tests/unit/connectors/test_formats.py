"""Formats: titles, heads and headings, with the lines of the file left as they are."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.api import Failed
from connectors.formats import Text, is_readable, read_file, title_of
from connectors.frontmatter import read_head


def text_of(path: str, content: str) -> Text:
    read = read_file(path, content.encode())
    assert isinstance(read, Text)
    return read


def reason_of(path: str, content: bytes) -> str:
    read = read_file(path, content)
    assert isinstance(read, Failed)
    assert read.id == path
    return read.reason


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("---\ntitle: 休暇の規程\n---\n# 別の見出し\n", "休暇の規程"),
        ('---\ntitle: "引用: 付き" # 注\n---\n', "引用: 付き"),
        ('+++\ntitle = "Hugo の頁"\n+++\n', "Hugo の頁"),
        ("前文\n\n# 最初の **見出し** {#top}\n", "最初の 見出し"),
        ("見出し二\n========\n", "見出し二"),
        ("# [リンク](https://x.example) と `code` #\n", "リンク と code"),
        ("```\n# comment\n```\n\n# 本物\n", "本物"),
        ("~~~\n```\n# x\n~~~\n## 小\n# 大\n", "大"),
        ("本文だけ。\n", "休暇"),
        ("#タグ\n", "休暇"),
        ("", "休暇"),
        ("# \n", "休暇"),
    ],
)
def test_the_title_is_the_heads_or_the_first_headings_or_the_name(
    content: str, title: str
) -> None:
    assert text_of("規程/休暇.md", content).title == title


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("規程/休暇 規程.md", "休暇 規程"),
        ("規程/index.md", "規程"),
        ("規程/README.md", "規程"),
        ("README.md", "README"),
        (".hidden", ".hidden"),
        ("改\n行.md", "改 行"),
    ],
)
def test_a_file_that_stands_for_its_folder_is_called_as_it(
    path: str, title: str
) -> None:
    assert title_of(path) == title


def test_a_head_is_emptied_and_the_lines_keep_their_numbers() -> None:
    content = "---\ntitle: 休暇\nupdated: 2026-04-01\n---\n# 休暇\n\n本文 \t\n"
    text = text_of("休暇.md", content)

    assert text.markdown == "\n\n\n\n# 休暇\n\n本文 \t\n"
    assert text.faithful
    assert text.updated_at == datetime(2026, 4, 1, tzinfo=UTC)


def test_tags_become_labels_in_both_spellings() -> None:
    assert read_head("---\ntags: [人事, '休暇']\n---\n").labels == ("人事", "休暇")
    assert read_head("---\ntags:\n  - 人事\n  - 休暇\n---\n").labels == (
        "人事",
        "休暇",
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("reviewed: 2026-04-01T09:00:00+09:00", datetime(2026, 4, 1, tzinfo=UTC)),
        (
            "reviewed: 2026-06-30\nupdated: 2024-01-15",
            datetime(2026, 6, 30, tzinfo=UTC),
        ),
        (
            "reviewed: 2023-06-30\nupdated: 2024-01-15",
            datetime(2024, 1, 15, tzinfo=UTC),
        ),
        ("date: 2026/04/01", datetime(2026, 4, 1, tzinfo=UTC)),
        ("date: 来月", None),
    ],
)
def test_dates_of_the_head_are_read(line: str, expected: datetime | None) -> None:
    assert read_head(f"---\n{line}\n---\n").updated_at == expected


@pytest.mark.parametrize(
    ("lines", "reviewed"),
    [
        ("reviewed: 2026-06-30\nupdated: 2024-01-15", True),
        ("last_reviewed: 2026-06-30", True),
        ("reviewed: 2023-06-30\nupdated: 2024-01-15", False),
        ("reviewed: 2024-01-15\nupdated: 2024-01-15", False),
        ("updated: 2024-01-15", False),
        ("title: 休暇規程", False),
    ],
)
def test_the_head_says_whether_its_date_is_that_of_a_review(
    lines: str, *, reviewed: bool
) -> None:
    assert read_head(f"---\n{lines}\n---\n").reviewed is reviewed
    assert text_of("休暇.md", f"---\n{lines}\n---\n本文\n").reviewed is reviewed


@pytest.mark.parametrize(
    "content",
    [
        "---\n区切り線の下の文章。\n---\n本文\n",
        "---\ntitle: 閉じていない\n本文\n",
        "----\ntitle: x\n----\n",
        "本文\n---\ntitle: x\n---\n",
    ],
)
def test_what_only_looks_like_a_head_stays(content: str) -> None:
    assert text_of("x.md", content).markdown == content


@given(st.text(alphabet="-+:= \nあtitle:[]#\"'`~", max_size=80))
@settings(deadline=None)
def test_no_markdown_file_loses_or_gains_a_line(content: str) -> None:
    for path in ("x.md", "x.mdx", "x.rst", "x.adoc", "x.txt"):
        assert text_of(path, content).markdown.count("\n") == content.count("\n")


def test_code_of_mdx_modules_is_emptied_outside_of_fences() -> None:
    content = "import A from './a'\n\n# 題\n\n```js\nimport b\n```\n<A />\n"

    assert text_of("x.mdx", content).markdown == (
        "\n\n# 題\n\n```js\nimport b\n```\n<A />\n"
    )


def test_headings_of_restructured_text_become_markdown() -> None:
    content = "=====\n規程集\n=====\n\n休暇\n~~~~~~\n本文\n\n申請\n~~~~~~\n"
    text = text_of("規程.rst", content)

    assert text.title == "規程集"
    assert text.markdown == "\n# 規程集\n\n\n## 休暇\n\n本文\n\n## 申請\n\n"


def test_headings_of_asciidoc_become_markdown() -> None:
    text = text_of("規程.adoc", "= 規程集\n\n== 休暇\n本文 == 等号\n")

    assert text.title == "規程集"
    assert text.markdown == "# 規程集\n\n## 休暇\n本文 == 等号\n"


def test_a_notebook_is_its_text_and_code() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# 集計\n", "毎月の集計。"]},
        {"cell_type": "code", "source": "print('a')\x00", "outputs": [{"text": "x"}]},
        {"cell_type": "raw", "source": "捨てる"},
    ]
    text = text_of("集計.ipynb", json.dumps({"cells": cells}))

    assert text.title == "集計"
    assert text.markdown.strip() == (
        "# 集計\n毎月の集計。\n\n```python\nprint('a')\n```"
    )
    assert not text.faithful


def test_code_is_fenced_with_its_language() -> None:
    text = text_of("src/計算.py", '"""```"""\nprint(1)\n')

    assert text.title == "計算.py"
    assert text.markdown == '````python\n"""```"""\nprint(1)\n````\n'
    assert not text.faithful


def test_html_is_converted() -> None:
    text = text_of("案内.html", "<title>案内 - 社内</title><p>本文")

    assert text.title == "案内 - 社内"
    assert text.markdown == "本文\n"
    assert not text.faithful


@pytest.mark.parametrize(
    ("path", "content", "reason"),
    [
        ("a.md", b"\x00\x01", "binary"),
        ("a.md", b"\x82\xff\xfe\x80", "encoding_unknown"),
        ("a.html", b"<div>" * 6_000, "too_deep"),
        ("a.ipynb", b"[1]", "broken"),
        ("a.ipynb", b"{}", "broken"),
        ("a.ipynb", b'{"cells": [1]}', "broken"),
        ("a.ipynb", b"[" * 100_000, "broken"),
        ("a.js", b"x" * 3_000, "minified"),
    ],
)
def test_what_cannot_be_read_is_a_failure(
    path: str, content: bytes, reason: str
) -> None:
    assert reason_of(path, content) == reason


def test_a_doubtful_encoding_is_a_warning() -> None:
    read = read_file("ﾒﾓ.txt", "ﾊﾝｶｸｶﾅ".encode("cp932"))

    assert isinstance(read, Text)
    assert read.warnings == ("encoding_ambiguous",)


@pytest.mark.parametrize(
    ("path", "readable"),
    [
        ("規程.md", True),
        ("a/b.HTML", True),
        ("README", True),
        ("main.py", True),
        ("Makefile", True),
        ("図.png", False),
        ("data.csv", False),
        ("名前だけ", False),
    ],
)
def test_formats_are_known_by_name(path: str, *, readable: bool) -> None:
    assert is_readable(path) is readable
