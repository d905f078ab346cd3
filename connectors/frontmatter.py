"""Reads the head of a Markdown file: the simple `key: value` lines of YAML or TOML."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

_FENCES = {"---": ":", "+++": "="}
_KEY = re.compile(r"([A-Za-z_][\w-]*)[ \t]*[:=][ \t]*(.*)")
_ITEM = re.compile(r"[ \t]*-[ \t]+(.*)")
_COMMENT = re.compile(r"[ \t]+#.*$")
_FAR = 200
_DATES = ("updated", "last_updated", "lastmod", "date")
_REVIEWED = ("reviewed", "last_reviewed")
_LABELS = ("tags", "labels", "keywords")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What the head says, and how many lines it takes.

    `updated_at` is the latest of its dates; `reviewed` says that somebody looked
    through the text then, and changed nothing.
    """

    title: str | None = None
    updated_at: datetime | None = None
    reviewed: bool = False
    labels: tuple[str, ...] = ()
    lines: int = 0


def read_head(text: str, /) -> Head:
    """Read the head of a text; one that is not closed or not simple says nothing."""
    lines = text.split("\n", _FAR + 1)[: _FAR + 1]
    fence = lines[0].rstrip()
    if fence not in _FENCES:
        return Head()
    ends = (n for n, line in enumerate(lines[1:], 1) if line.rstrip() in {fence, "..."})
    end = next(ends, None)
    if end is None or not all(map(_plausible, lines[1:end])):
        return Head()
    fields = _fields(lines[1:end])
    changed = _date(fields, _DATES)
    latest = _latest(changed, _date(fields, _REVIEWED))
    return Head(
        title=next(iter(fields.get("title", ())), None),
        updated_at=latest,
        reviewed=latest is not None and latest != changed,
        labels=tuple(label for name in _LABELS for label in fields.get(name, ())),
        lines=end + 1,
    )


def without_head(text: str, head: Head, /) -> str:
    """Return the text with empty lines for its head: lines keep their numbers."""
    return "\n" * head.lines + text.split("\n", head.lines)[-1] if head.lines else text


def _plausible(line: str) -> bool:
    """Keep a thematic break with prose between two of them from being a head."""
    return not line.strip() or line[0] in " \t-#]}" or bool(_KEY.match(line))


def _fields(lines: list[str]) -> Mapping[str, tuple[str, ...]]:
    fields: dict[str, tuple[str, ...]] = {}
    name = ""
    for line in lines:
        if found := _KEY.match(line):
            name = found[1].lower()
            fields[name] = _values(found[2])
        elif name and (item := _ITEM.match(line)):
            fields[name] = (*fields[name], *_values(item[1]))
    return MappingProxyType(fields)


def _values(text: str) -> tuple[str, ...]:
    text = text.strip()
    if text.startswith("["):
        return tuple(
            _plain(part) for part in text.strip("[]").split(",") if part.strip()
        )
    plain = _plain(text)
    return (plain,) if plain and plain not in {"|", ">", "|-", ">-"} else ()


def _plain(text: str) -> str:
    text = text.strip()
    for quote in "\"'":
        if text.startswith(quote) and (end := text.find(quote, 1)) > 0:
            return text[1:end].strip()
    return "" if text.startswith("#") else _COMMENT.sub("", text).strip()


def _latest(*dates: datetime | None) -> datetime | None:
    """Return the later date: what was looked through and found right is no older."""
    return max(filter(None, dates), default=None)


def _date(
    fields: Mapping[str, tuple[str, ...]], names: Iterable[str]
) -> datetime | None:
    for name in names:
        for value in fields.get(name, ()):
            if date := _parsed(value):
                return date
    return None


def _parsed(text: str) -> datetime | None:
    try:
        date = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
