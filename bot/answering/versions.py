"""Finds sources that are versions of one rule, and says which one was followed."""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from bot.core.model import DocumentId, Language, LiveDocument, Passage
from bot.text.normalise import search_form
from bot.text.phrases import NEWER_CHOSEN, SOURCES_DISAGREE, UNDATED
from bot.text.tokens import analyse

_EDITIONS_OVERLAP: Final = 0.3
"""Of titles that differ in their edition only; last year's plan is another thing."""

_COPIES_OVERLAP: Final = 0.6
"""Of any two titles: nearly the same text, with other numbers in it."""

_TELLING: Final = 6
"""Words; a shorter text is like many others."""

_YEAR: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
_ERA: Final = re.compile(r"(令和|平成)\s*(元|\d{1,2})")
_ERA_BEGINS: Final = {"令和": 2018, "平成": 1988}
_EDITION: Final = re.compile(
    r"\b(?:v|ver\.?|version|rev\.?)\s*(\d+(?:\.\d+)*)|第\s*(\d+)\s*版"
)
_OLD: Final = re.compile(
    r"旧(?!姓|字|暦|居|正月)|廃止|失効|\b(?:old|archived?|obsolete|deprecated|superseded)\b"
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
class Versions:
    """Two sources about the same thing, of which one is newer."""

    newer: Passage
    older: Passage


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What of a passage tells which version of what it is."""

    passage: Passage
    subject: str
    words: frozenset[str]
    numbers: frozenset[str]
    year: int | None
    edition: tuple[int, ...] | None
    old: bool


def find(passages: Sequence[Passage], question: str, /) -> tuple[Versions, ...]:
    """Return the pairs of passages of different documents that are such versions.

    None for a question about what used to be, or about the year of an older one.
    """
    asked = search_form(question)
    if _ASKS_FOR_OLD.search(asked):
        return ()
    readings = [_read(passage) for passage in passages]
    pairs = (
        _ordered(one, other)
        for one, other in combinations(readings, 2)
        if _same_thing(one, other) and not _wanted(asked, one, other)
    )
    return tuple(pair for pair in pairs if pair is not None)


def newest_first(
    passages: Sequence[Passage], versions: Sequence[Versions], /
) -> tuple[Passage, ...]:
    """Return the passages with every newer version before the older one."""
    ordered = list(passages)
    for pair in versions:
        newer, older = ordered.index(pair.newer), ordered.index(pair.older)
        if older < newer:
            ordered.insert(older, ordered.pop(newer))
    return tuple(ordered)


def without_older(
    passages: Sequence[Passage], versions: Sequence[Versions], /
) -> tuple[Passage, ...]:
    """Return the passages that no newer one of them replaces."""
    replaced = [pair.older.chunk.id for pair in versions]
    return tuple(passage for passage in passages if passage.chunk.id not in replaced)


def documents(versions: Sequence[Versions], /) -> frozenset[DocumentId]:
    """Return the documents of both versions of every pair."""
    return frozenset(
        passage.document.id for pair in versions for passage in (pair.newer, pair.older)
    )


def notes(
    versions: Sequence[Versions],
    /,
    *,
    cited: AbstractSet[DocumentId],
    permitted: AbstractSet[DocumentId],
    language: Language,
) -> tuple[str, ...]:
    """Say of every cited document that has versions which one was followed."""
    found: dict[str, None] = {}
    for pair in versions:
        newer, older = pair.newer.document, pair.older.document
        if not {newer.id, older.id} <= permitted or cited.isdisjoint(
            {newer.id, older.id}
        ):
            continue
        phrase = SOURCES_DISAGREE if older.id in cited else NEWER_CHOSEN
        text = phrase.say(
            language,
            newer=newer.title,
            newer_date=_dated(newer, language),
            older=older.title,
            older_date=_dated(older, language),
        )
        found[text] = None
    return tuple(found)


def _read(passage: Passage) -> _Reading:
    document = passage.document
    label = search_form(" ".join((*document.path, document.title)))
    tokens = frozenset(analyse(passage.chunk.text))
    numbers = frozenset(token for token in tokens if token.isdigit())
    return _Reading(
        passage=passage,
        subject=_subject(document.title),
        words=tokens - numbers,
        numbers=numbers,
        year=max(_years(label), default=None),
        edition=_edition(label),
        old=_OLD.search(label) is not None,
    )


def _subject(title: str) -> str:
    """Return a title without its year, edition and age."""
    text = search_form(title)
    for pattern in (_ERA, _YEAR, _EDITION, _OLD, _WORDS_OF_EDITIONS):
        text = pattern.sub(" ", text)
    return re.sub(r"[\W\d_]+", "", text)


def _years(text: str) -> set[int]:
    years = {int(year) for year in _YEAR.findall(text)}
    for era, count in _ERA.findall(text):
        years.add(_ERA_BEGINS[era] + (1 if count == "元" else int(count)))
    return years


def _edition(label: str) -> tuple[int, ...] | None:
    match = _EDITION.search(label)
    if match is None:
        return None
    return tuple(int(part) for part in (match[1] or match[2]).split("."))


def _same_thing(one: _Reading, other: _Reading) -> bool:
    mine, theirs = one.passage, other.passage
    if mine.document.id == theirs.document.id or mine.chunk.text == theirs.chunk.text:
        return False
    overlap = _overlap(one.words, other.words)
    editions = one.subject == other.subject and _edition_of(one) != _edition_of(other)
    if one.subject and editions:
        return overlap >= _EDITIONS_OVERLAP
    return overlap >= _COPIES_OVERLAP and one.numbers != other.numbers


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller >= _TELLING else 0.0


def _edition_of(reading: _Reading) -> tuple[object, ...]:
    return reading.year, reading.edition, reading.old


def _wanted(asked: str, one: _Reading, other: _Reading) -> bool:
    """Whether the question names the year of the older of the two."""
    known = [year for year in (one.year, other.year) if year is not None]
    return bool(known) and min(known) in _years(asked)


def _ordered(one: _Reading, other: _Reading) -> Versions | None:
    """Tell the newer from the older, None where nothing tells."""
    for mine, theirs in zip(_ages(one), _ages(other), strict=True):
        if mine is None or theirs is None or mine == theirs:
            continue
        newer, older = (one, other) if mine > theirs else (other, one)
        return Versions(newer=newer.passage, older=older.passage)
    return None


def _ages(reading: _Reading) -> tuple[tuple[int, ...] | None, ...]:
    """Return what orders versions: names first, because old pages are edited too."""
    updated = reading.passage.document.updated_at
    return (
        None if reading.year is None else (reading.year,),
        (0 if reading.old else 1,),
        reading.edition,
        None if updated is None else (updated.toordinal(),),
    )


def _dated(document: LiveDocument, language: Language) -> str:
    if document.updated_at is None:
        return UNDATED.say(language)
    return document.updated_at.date().isoformat()
