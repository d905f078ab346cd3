"""Reads from names and first lines how old a document says it is."""

import re
from dataclasses import dataclass
from typing import Final

from bot.core.model import LiveDocument, Passage
from bot.text.normalise import search_form

_BANNER: Final = 200
"""Characters at the beginning of a passage that may say that it is outdated."""

_YEAR: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
_ERA: Final = re.compile(r"(令和|平成)\s*(元|\d{1,2})")
_ERA_BEGINS: Final = {"令和": 2018, "平成": 1988}
_EDITION: Final = re.compile(
    r"\b(?:v|ver\.?|version|rev\.?)\s*(\d+(?:\.\d+)*)|第\s*(\d+)\s*版"
)
_OLD: Final = re.compile(
    r"旧(?!姓|字|暦|居|正月)|廃止|失効|アーカイブ"
    r"|\b(?:old|archived?|obsolete|deprecated|outdated|superseded)\b"
)
_REPLACED: Final = re.compile(
    r"\b(?:replaced|superseded) by\b|\bdo not (?:follow|use) this (?:page|document)"
    r"|\bthis (?:page|document) is (?:outdated|obsolete|out of date|no longer)"
    r"|この(?:ページ|文書|資料)は[^。]{0,20}(?:古い|使いません|使わない|廃止|更新されません)"
    r"|効力を失い"
)
_ASKS_FOR_OLD: Final = re.compile(
    r"旧|昨年|去年|前年|以前|従来|これまで|改[定訂正]前|前の(?:版|年|規)"
    r"|\b(?:old|older|previous|previously|former|formerly|last year|used to)\b"
)
_WORDS_OF_EDITIONS: Final = re.compile(
    r"改[定訂]版?|最新版?|現行版?|新版|新(?=[^\W\d_])|コピー|\b(?:copy|new|latest|current)\b"
    r"|年度版?|年版?|\d{1,2}月(?:\d{1,2}日)?|\bfy|\b(?:january|february|march|april|may|june"
    r"|july|august|september|october|november|december)\b|\b(?:of|the|for)\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """What tells versions of one thing apart."""

    year: int | None
    edition: tuple[int, ...] | None
    old: bool


def age_of(passage: Passage, /) -> Age:
    """Read title, path and labels, and the first lines of the passage."""
    label = _label(passage.document)
    return Age(
        year=max(years(label), default=None),
        edition=_edition(label),
        old=_OLD.search(label) is not None or bool(banner(passage)),
    )


def banner(passage: Passage, /) -> str:
    """Return the first lines where they say that something else holds now."""
    begin = search_form(passage.text[:_BANNER])
    return begin if _REPLACED.search(begin) else ""


def years(text: str, /) -> frozenset[int]:
    """Return the years that a text in search form names."""
    found = {int(year) for year in _YEAR.findall(text)}
    for era, count in _ERA.findall(text):
        found.add(_ERA_BEGINS[era] + (1 if count == "元" else int(count)))
    return frozenset(found)


def asks_for_old(question: str, /) -> bool:
    """Whether a question in search form is about what used to be."""
    return _ASKS_FOR_OLD.search(question) is not None


def subject(title: str, /) -> str:
    """Return a title without its year, edition and age; words stay apart."""
    text = search_form(title)
    for pattern in (_ERA, _YEAR, _EDITION, _OLD, _WORDS_OF_EDITIONS):
        text = pattern.sub(" ", text)
    return " ".join(re.findall(r"[^\W\d_]+", text))


def _label(document: LiveDocument) -> str:
    return search_form(" ".join((*document.path, document.title, *document.labels)))


def _edition(label: str) -> tuple[int, ...] | None:
    match = _EDITION.search(label)
    if match is None:
        return None
    return tuple(int(part) for part in (match[1] or match[2]).split("."))
