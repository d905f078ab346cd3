"""Real exports and real pages: what is in them comes out of them."""

import html
import re
import threading
import zipfile
from collections import Counter
from dataclasses import astuple, dataclass
from pathlib import Path

import pytest

from connectors.api import Context, Document, Entry, Failed
from connectors.confluence import connect
from connectors.confluence.storage import convert

_SAMPLES = Path(__file__).parents[4].parent / "shared" / "samples"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(
        not _SAMPLES.is_dir(), reason="no samples beside the checkout (../shared)"
    ),
]
_EXPORTS = _SAMPLES / "confluence"
_PAIRS = _SAMPLES / "storage-pairs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What is in an export."""

    pages: int
    history: int = 0
    drafts: int = 0
    without_body: int = 0
    attachments: int = 0
    unknown_access: int = 0
    restricted: int = 0
    degraded: int = 0
    macros: int = 0


_EXPECTED = {
    "3.4.7.zip": Counts(pages=2, degraded=2),
    "5.9.zip": Counts(pages=11, attachments=22),
    "attachhist": Counts(pages=2, history=2, drafts=1, attachments=2, unknown_access=2),
    "blogs": Counts(pages=2, drafts=1, restricted=1, macros=1),
    "codett": Counts(pages=1, unknown_access=1),
    "emoji": Counts(pages=1, unknown_access=1),
    "fixcdata": Counts(pages=1, unknown_access=1),
    "history": Counts(pages=1, history=2, without_body=1, unknown_access=1),
    "include": Counts(pages=2, without_body=1, unknown_access=2),
    "inlinecomments": Counts(pages=2, history=1, unknown_access=2),
    "links": Counts(pages=4, without_body=1, unknown_access=4, degraded=2, macros=1),
    "lists": Counts(pages=1, unknown_access=1, macros=5),
    "multilingual": Counts(pages=2, history=2, unknown_access=2, macros=1),
    "table": Counts(pages=1, unknown_access=1),
    "users": Counts(pages=1, unknown_access=1),
}


def _read(name: str, cache: Path) -> tuple[Counts, dict[str, Document]]:
    context = Context(
        source="sample",
        options={"path": str(_EXPORTS / name), "base_url": "https://wiki.example"},
        base=Path("/"),
        cache=cache,
        layers=(),
    )
    with connect(context).open(None, stop=threading.Event()) as snapshot:
        entries = [item for item in snapshot.entries() if isinstance(item, Entry)]
        fetched = [snapshot.fetch(entry) for entry in entries]
        seen = snapshot._listing._content.counts
    documents = [item for item in fetched if isinstance(item, Document)]
    warnings = Counter(w.partition(":")[0] for d in documents for w in d.warnings)
    counts = Counts(
        pages=len(entries),
        history=seen["history"],
        drafts=seen["draft"],
        without_body=sum(isinstance(item, Failed) for item in fetched),
        attachments=sum(len(document.attachments) for document in documents),
        unknown_access=sum(entry.layers == () for entry in entries),
        restricted=sum(len(entry.layers) > 1 for entry in entries),
        degraded=warnings["degraded"],
        macros=warnings["macro"],
    )
    return counts, {document.title: document for document in documents}


@pytest.mark.parametrize("name", sorted(_EXPECTED))
def test_a_real_export_holds_what_was_counted(name: str, tmp_path: Path) -> None:
    counts, _ = _read(name, tmp_path)

    assert astuple(_EXPECTED[name]) == astuple(counts)


def test_every_sample_is_counted() -> None:
    assert {path.name for path in _EXPORTS.iterdir()} == set(_EXPECTED)


def test_a_site_backup_has_its_pages_links_and_files(tmp_path: Path) -> None:
    _, documents = _read("5.9.zip", tmp_path)
    home = documents["Welcome to Confluence"]
    with zipfile.ZipFile(_EXPORTS / "5.9.zip") as archive:
        names = archive.namelist()

    assert sum(bool(re.fullmatch(r"attachments(/\d+){3}", n)) for n in names) == 25
    assert home.path == ("Demonstration Space",)
    assert home.link.page == "https://wiki.example/pages/viewpage.action?pageId=196614"
    assert "[What is Confluence?](https://wiki.example/pages/" in home.markdown
    assert "confluence:" not in "".join(d.markdown for d in documents.values())


def test_broken_sections_of_a_real_export_are_code_again(tmp_path: Path) -> None:
    _, documents = _read("codett", tmp_path)
    markdown = documents["Test"].markdown

    assert "```\n  int main() {\n      return EXIT_SUCCESS;\n  }\n  ```" in markdown
    assert "```sql\nselect 1\n```" in markdown
    assert "```java\nclass Simple{\n    public static void main" in markdown


def test_the_wiki_markup_of_an_old_export_is_text(tmp_path: Path) -> None:
    _, documents = _read("3.4.7.zip", tmp_path)
    markdown = "".join(document.markdown for document in documents.values())

    assert "#### Project: Test demo" in markdown
    assert "[TICKET-1](http://www.aspose.com)" in markdown
    assert "{pagetree" not in markdown


def test_nothing_secret_of_a_site_backup_comes_out(tmp_path: Path) -> None:
    with zipfile.ZipFile(_EXPORTS / "5.9.zip") as archive:
        entities = archive.read("entities.xml").decode()
    secrets = re.findall(r"\{PKCS5S2\}[\w+/=]+", entities)
    _, documents = _read("5.9.zip", tmp_path)

    assert secrets
    assert not any(secret in repr(documents) for secret in secrets)


# --- storage format beside the Markdown it belongs to ------------------------

_QUERYPIE = sorted((_PAIRS / "querypie").glob("*/page.xhtml"))
_TEXT2CONFL = sorted((_PAIRS / "text2confl").glob("*.html"))
_NOT_IN_THE_TEXT = {
    "544211126": {"로그인하기", "사용자"},  # the anchors of links, decoded
    "544375741": {"paperclip"},  # a sign in front of file names
    "code": {"title", "collpase", "true"},  # attributes behind the fence
    "links": {"200", "png", "sample"},  # attributes and definitions of images
    "user-refs": {"example", "org"},  # addresses of people are not shown
}
_FENCE = re.compile(r"^( *)(`{3,})[^\n`]*\n(.*?)\n\1\2$", re.MULTILINE | re.DOTALL)


def _name(path: Path) -> str:
    return path.parent.name if path.name == "page.xhtml" else path.stem


def _expected(path: Path) -> str:
    if path.name != "page.xhtml":
        return path.with_suffix(".md").read_text()
    text = path.with_name("expected.mdx").read_text()
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    return re.sub(r"^(import|# ).*$", "", text, flags=re.MULTILINE)


def _words(markdown: str) -> set[str]:
    """Return the words that a reader sees, without syntax and addresses."""
    text = re.sub(r"^!!! \w+|\[TOC\]|<[^<>]*>", " ", markdown, flags=re.MULTILINE)
    text = re.sub(r"\]\((?:[^()]|\([^()]*\))*\)", " ", text)
    return set(re.findall(r"[^\W_]+", html.unescape(text)))


def _headings(markdown: str) -> list[str]:
    text = _FENCE.sub("", markdown)
    return re.findall(r"^#+ +(.*?) *$", text, flags=re.MULTILINE)


def _code(markdown: str) -> list[str]:
    return [match[3].strip("\n") for match in _FENCE.finditer(markdown)]


def _rows(markdown: str) -> list[list[str]]:
    rows = re.findall(r"^\|(.*)\|$", _FENCE.sub("", markdown), flags=re.MULTILINE)
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)] for row in rows]
    return [row for row in cells if not all(re.fullmatch(r"-*", c) for c in row)]


@pytest.mark.parametrize("path", _QUERYPIE + _TEXT2CONFL, ids=_name)
def test_a_real_page_gives_the_words_and_headings_of_its_markdown(path: Path) -> None:
    expected = _expected(path)
    converted = convert(path.read_text())
    missing = _words(expected) - _words(converted.markdown)

    assert not converted.degraded
    assert missing == _NOT_IN_THE_TEXT.get(_name(path), set())
    assert _headings(converted.markdown) == _headings(expected)


@pytest.mark.parametrize(
    "path", [path for path in _TEXT2CONFL if path.stem != "tables"], ids=_name
)
def test_a_real_page_gives_the_code_of_its_markdown(path: Path) -> None:
    assert _code(convert(path.read_text()).markdown) == _code(_expected(path))


@pytest.mark.parametrize("name", ["tables", "basic"])
def test_a_real_page_gives_the_tables_of_its_markdown(name: str) -> None:
    path = _PAIRS / "text2confl" / f"{name}.html"
    ours = _rows(convert(path.read_text()).markdown)

    for row in _rows(_expected(path)):
        assert row in ours


def test_the_pairs_were_all_found() -> None:
    assert len(_QUERYPIE) == 8
    assert len(_TEXT2CONFL) == 6
