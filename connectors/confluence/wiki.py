"""Wiki markup, which Confluence stored before version 4, as Markdown.

Headings, lists, links and code become what they are; all else stays as text.
"""

import re
from collections.abc import Iterator

from connectors.confluence import macros, marks
from connectors.confluence.references import (
    Kind,
    Reference,
    Resolver,
    Unresolved,
    destination,
    is_script,
)

_VERBATIM = re.compile(
    r"\{(?P<name>code|noformat)(?P<options>:[^}\n]*)?\}(?P<text>.*?)(?:\{(?P=name)\}|\Z)",
    re.DOTALL,
)
_HEADING = re.compile(r"\s*h([1-6])\.\s+(.*)")
_ITEM = re.compile(r"\s*([*#-]+)\s+(.*)")
_LINK = re.compile(
    r"\[(?:(?P<text>[^\[\]|\n]*)\|)?(?P<target>[^\[\]|\n]+)(?:\|[^\]\n]*)?\]"
)
_URL = re.compile(r"(?:https?|ftp|mailto|file):\S+")
_LAYOUT = re.compile(
    r"\{(?:section|column|toc|anchor|children|pagetree|pagetreesearch"
    r"|recently-updated)(?::[^}\n]*)?\}"
)
_LANGUAGE = re.compile(r"(?:^|\|)(?:language=)?([A-Za-z0-9_+#.-]+)(?=\||$)")
_INDENT = "    "


def convert_wiki(text: str, /, resolver: Resolver | None = None) -> str:
    """Convert wiki markup; the result is a document that lost some of its shape."""
    resolver = resolver or Unresolved()
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    blocks: list[str] = []
    position = 0
    for match in _VERBATIM.finditer(text):
        blocks += _blocks(text[position : match.start()], resolver)
        blocks.append(marks.fence(match["text"].strip("\n"), _language(match)))
        position = match.end()
    blocks += _blocks(text[position:], resolver)
    return "\n\n".join(blocks) + "\n" if blocks else ""


def _language(match: re.Match[str]) -> str:
    named = _LANGUAGE.search((match["options"] or "").removeprefix(":"))
    return named[1].lower() if named and match["name"] in macros.CODE else ""


def _blocks(text: str, resolver: Resolver) -> Iterator[str]:
    """Yield headings alone, and lines that follow each other together."""
    lines: list[str] = []
    for raw in _LAYOUT.sub("", text).split("\n"):
        heading = _HEADING.fullmatch(raw)
        if (heading or not raw.strip()) and lines:
            yield "\n".join(lines)
            lines = []
        if heading:
            yield marks.heading(int(heading[1]), _linked(heading[2].strip(), resolver))
        elif raw.strip():
            lines.append(_line(raw, resolver))
    if lines:
        yield "\n".join(lines)


def _line(raw: str, resolver: Resolver) -> str:
    item = _ITEM.fullmatch(raw)
    if item is None or (set(item[1]) == {"-"} and len(item[1]) > 1):
        return _linked(raw.strip(), resolver)
    marker = "1. " if item[1][-1] == "#" else "- "
    return _INDENT * (len(item[1]) - 1) + marker + _linked(item[2].strip(), resolver)


def _linked(text: str, resolver: Resolver) -> str:
    return _LINK.sub(lambda match: _link(match, resolver), text)


def _link(match: re.Match[str], resolver: Resolver) -> str:
    target = match["target"].strip()
    text = (match["text"] or target).strip()
    if is_script(target):
        return text
    if _URL.fullmatch(target):
        return f"<{destination(target)}>" if text == target else _to(text, target)
    if target.startswith("~"):
        return f"@{resolver.person(target[1:]) or 'user'}"
    if target.startswith("^"):
        reference = Reference(kind=Kind.ATTACHMENT, file=target[1:])
    else:
        reference = _page(target)
    text = text if match["text"] else reference.name
    return _to(text, resolver.url(reference) or reference.uri)


def _page(target: str) -> Reference:
    page, _, anchor = target.partition("#")
    space, colon, title = page.rpartition(":")
    return Reference(
        kind=Kind.PAGE,
        space=space if colon else None,
        title=title or None,
        anchor=anchor or None,
    )


def _to(text: str, url: str) -> str:
    return f"[{text}]({destination(url)})"
