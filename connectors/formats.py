"""Turns the files of folders and repositories into Markdown, by their names."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePosixPath

from connectors import html
from connectors.api import Failed
from connectors.encodings import decode, is_binary
from connectors.frontmatter import read_head, without_head
from connectors.headings import first_heading, without_markup
from connectors.languages import LANGUAGES
from connectors.rst import with_markdown_headings

RELEASE = "2"
"""Part of every version: raise it when the same file gives another document."""

_MARKDOWN = ("md", "markdown", "mdx")
_OTHER = ("html", "htm", "xhtml", "txt", "text", "rst", "adoc", "asciidoc", "ipynb")
_NAMED = ("readme", "changelog", "contributing", "security", "license", "notice")

DOCUMENTS = (*(f"*.{suffix}" for suffix in (*_MARKDOWN, *_OTHER)), *_NAMED)
"""The patterns of everything that is meant to be read by people."""

_STANDS_FOR_FOLDER = frozenset({"index", "readme"})
_DEEPEST = 5_000
_MINIFIED = 2_000
_MODULE = re.compile(r"(?:import|export)\s")
_FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})")
_SECTION = re.compile(r"^(={1,6})(?=\s+\S)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A file as Markdown; `faithful` where its lines are those of the file."""

    title: str
    markdown: str
    updated_at: datetime | None = None
    reviewed: bool = False
    labels: tuple[str, ...] = ()
    faithful: bool = True
    warnings: tuple[str, ...] = ()


class _Unreadable(Exception):
    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def is_readable(path: str, /) -> bool:
    """Whether a file of this name has a format that is read at all."""
    name = _suffix(path)
    return name in {*_MARKDOWN, *_OTHER, *_NAMED} or name in LANGUAGES


def read_file(path: str, data: bytes, /) -> Text | Failed:
    """Return a file as Markdown; what cannot be read is a failure of `path`."""
    try:
        return _read(path, data)
    except _Unreadable as error:
        return Failed(what=path, reason=error.reason, detail=error.detail, id=path)


def _read(path: str, data: bytes) -> Text:
    if is_binary(data):
        raise _Unreadable("binary", f"'{path}' is no text file; exclude it")
    decoded = decode(data)
    if decoded is None:
        raise _Unreadable(
            "encoding_unknown", f"'{path}' is in no known encoding; save it as UTF-8"
        )
    text = _reader(path)(path, decoded.text)
    if not decoded.ambiguous:
        return text
    return replace(text, warnings=(*text.warnings, "encoding_ambiguous"))


def _suffix(path: str) -> str:
    pure = PurePosixPath(path.lower())
    return pure.suffix.removeprefix(".") or pure.name


def title_of(path: str, /) -> str:
    """Return what a file is called when its content does not say: its own name.

    A file that stands for its folder is called as the folder.
    """
    pure = PurePosixPath(path)
    names = [pure.stem, pure.parent.name]
    if pure.stem.lower() in _STANDS_FOR_FOLDER and pure.parent.name:
        names.reverse()
    return " ".join(names[0].split()) or path


def _reader(path: str) -> Callable[[str, str], Text]:
    suffix = _suffix(path)
    readers: Mapping[str, Callable[[str, str], Text]] = {
        "mdx": _mdx,
        "html": _html,
        "htm": _html,
        "xhtml": _html,
        "adoc": _asciidoc,
        "asciidoc": _asciidoc,
        "rst": _rst,
        "ipynb": _notebook,
    }
    return readers.get(suffix, _code if suffix in LANGUAGES else _markdown)


def _markdown(path: str, text: str) -> Text:
    head = read_head(text)
    body = without_head(text, head)
    return Text(
        title=head.title or first_heading(body) or title_of(path),
        markdown=body,
        updated_at=head.updated_at,
        reviewed=head.reviewed,
        labels=head.labels,
    )


def _mdx(path: str, text: str) -> Text:
    """Empty the lines of imports and exports, which are code and nobody reads."""
    lines = text.split("\n")
    fence = ""
    for number, line in enumerate(lines):
        if found := _FENCE.match(line):
            fence = "" if fence and found[1].startswith(fence) else fence or found[1]
        elif not fence and _MODULE.match(line):
            lines[number] = ""
    return _markdown(path, "\n".join(lines))


def _asciidoc(path: str, text: str) -> Text:
    return _markdown(path, _SECTION.sub(lambda found: "#" * len(found[1]), text))


def _rst(path: str, text: str) -> Text:
    return _markdown(path, with_markdown_headings(text))


def _html(path: str, text: str) -> Text:
    if html.nesting(text) > _DEEPEST:
        told = f"'{path}' nests its elements without end; exclude it"
        raise _Unreadable("too_deep", told)
    page = html.convert(text)
    return Text(
        title=without_markup(page.title or "") or title_of(path),
        markdown=page.markdown,
        faithful=False,
    )


def _code(path: str, text: str) -> Text:
    if any(len(line) > _MINIFIED for line in text.split("\n")):
        raise _Unreadable("minified", f"'{path}' is written for machines; exclude it")
    return Text(
        title=PurePosixPath(path).name,
        markdown=_fenced(text, LANGUAGES[_suffix(path)]),
        faithful=False,
    )


def _notebook(path: str, text: str) -> Text:
    try:
        notebook = json.loads(text)
        language = notebook.get("metadata", {}).get("kernelspec", {}).get("language")
        cells = [_cell(cell, str(language or "python")) for cell in notebook["cells"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _Unreadable("broken", f"'{path}' is no notebook; save it again") from None
    markdown = "\n\n".join(filter(None, cells)) + "\n"
    title = first_heading(markdown) or title_of(path)
    return Text(title=title, markdown=markdown, faithful=False)


def _cell(cell: Mapping[str, object], language: str) -> str:
    source = cell["source"]
    text = "".join(source) if isinstance(source, list) else str(source)
    # JSON can spell what no text may hold.
    text = text.encode("utf-8", "ignore").decode().replace("\x00", "")
    if cell["cell_type"] == "code" and text.strip():
        return _fenced(text, language)
    return text.strip() if cell["cell_type"] == "markdown" else ""


def _fenced(text: str, language: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.strip(chr(10))}\n{fence}\n"
