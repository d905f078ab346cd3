"""Writes the inline parts of Markdown: text, links, images and code spans."""

import re
from collections.abc import Mapping

BREAK = "\x00"
"""Stands for a forced line break until white space is collapsed."""

_CJK = "\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff01-\uffef"
_WRAPPED = re.compile(rf"(?<=[{_CJK}])[ \t]*[\r\n]\s*(?=!?\[?[{_CJK}])")
_SPACE = re.compile(r"[ \t\r\n\f\v\xa0]+")
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff\x01-\x08\x0e-\x1f\x7f]")
_STARTS = re.compile(
    r"^(?:(#{1,6}(?=\s|$)|[-+*](?=\s)|>|```|~~~|=+\s*$|-+\s*$)|(\d{1,9})([.)]\s))",
    re.MULTILINE,
)
_ADDRESS = re.compile(
    r"(?:https?|mailto|ftp):|(?![A-Za-z][\w+.-]*:|#|//)", re.IGNORECASE
)
_ENCODED = {" ": "%20", "(": "%28", ")": "%29", "<": "%3C", ">": "%3E", "\\": "%5C"}


def collapse(text: str, /) -> str:
    """Collapse white space as a browser does, and join wrapped Japanese lines."""
    text = _INVISIBLE.sub("", text)
    text = _SPACE.sub(" ", _WRAPPED.sub("", text))
    return "\n".join(line.strip(" ") for line in text.split(BREAK)).strip("\n ")


def escape_starts(text: str, /) -> str:
    """Keep plain text from being read as a heading, a list or a fence."""
    return _STARTS.sub(
        lambda found: f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}", text
    )


def code_span(text: str, /) -> str:
    """Write code within a line; its own backticks stay."""
    if not text:
        return ""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    ticks = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}".replace("\n", " ")


def link(text: str, given: Mapping[str, str | None], /) -> str:
    """Write a link as text and address; the text alone where nobody could go."""
    url = _url(given.get("href"))
    text = text or collapse(given.get("title") or "")
    if not url or not text:
        return text
    return f"[{_escaped(text)}]({url})"


def image(given: Mapping[str, str | None], /) -> str:
    """Write an image by its description; nothing where it has none."""
    alt = collapse(given.get("alt") or "").replace("\n", " ")
    url = _url(given.get("src"))
    if not alt:
        return ""
    return f"![{_escaped(alt)}]({url})" if url else alt


def _escaped(text: str) -> str:
    if text.startswith("!["):
        return text
    return text.replace("[", "\\[").replace("]", "\\]").replace("\n", " ")


def _url(text: str | None) -> str:
    url = re.sub(r"[\x00-\x1f\x7f]", "", text or "").strip()
    if not url or not _ADDRESS.match(url):
        return ""
    return "".join(_ENCODED.get(character, character) for character in url)
