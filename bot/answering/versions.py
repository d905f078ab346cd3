"""Finds sources that are versions of one rule, and says which one was followed."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from bot.answering.ages import Age, age_of, asks_for_old, banner, subject, years
from bot.core.model import DocumentId, Language, LiveDocument, Passage
from bot.text.normalise import search_form
from bot.text.phrases import NEWER_CHOSEN, SOURCES_DISAGREE, UNDATED
from bot.text.tokens import analyse

_EDITIONS_OVERLAP: Final = 0.3
"""Of titles that differ in their edition only; last year's plan is another thing."""

_COPIES_OVERLAP: Final = 0.6
"""Of any two titles: nearly the same text, with other numbers in it."""

_NAMED_OVERLAP: Final = 0.15
"""Where one says that it is old and is named like the other, with words left out."""

_TELLING: Final = 6
"""Words; a shorter text is like many others."""

_NAMED: Final = 2
"""Words; a shorter name is part of many others."""


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
    name: frozenset[str]
    words: frozenset[str]
    numbers: frozenset[str]
    age: Age


def find(passages: Sequence[Passage], question: str, /) -> tuple[Versions, ...]:
    """Return the pairs of passages of different documents that are such versions.

    None for a question about what used to be, or about the year of an older one.
    """
    asked = search_form(question)
    if asks_for_old(asked):
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


def late(
    passages: Sequence[Passage], versions: Sequence[Versions], question: str, /
) -> frozenset[DocumentId]:
    """Return the documents that an answer should not begin with.

    They say that they are old, or another one is newer; for a question about a year
    they are those of other years, and for one about what used to be there are none.
    """
    asked = search_form(question)
    if asks_for_old(asked):
        return frozenset()
    ages = [(passage.document.id, age_of(passage)) for passage in passages]
    wanted = years(asked)
    if wanted & {age.year for _, age in ages}:
        return frozenset(
            name
            for name, age in ages
            if age.year is not None and age.year not in wanted
        )
    replaced = {pair.older.document.id for pair in versions}
    return frozenset(replaced | {name for name, age in ages if age.old})


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
            newer_date=dated(newer, language),
            older=older.title,
            older_date=dated(older, language),
        )
        found[text] = None
    return tuple(found)


def _read(passage: Passage) -> _Reading:
    named = subject(passage.document.title)
    tokens = frozenset(analyse(passage.chunk.text))
    numbers = frozenset(token for token in tokens if token.isdigit())
    return _Reading(
        passage=passage,
        subject=named.replace(" ", ""),
        name=frozenset(analyse(named)),
        words=tokens - numbers,
        numbers=numbers,
        age=age_of(passage),
    )


def _same_thing(one: _Reading, other: _Reading) -> bool:
    mine, theirs = one.passage, other.passage
    if mine.document.id == theirs.document.id or mine.chunk.text == theirs.chunk.text:
        return False
    overlap = _overlap(one.words, other.words)
    if one.subject and one.subject == other.subject and one.age != other.age:
        return overlap >= _EDITIONS_OVERLAP
    if _names_old(one, other) or _names_old(other, one):
        return overlap >= _NAMED_OVERLAP
    return overlap >= _COPIES_OVERLAP and one.numbers != other.numbers


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller >= _TELLING else 0.0


def _names_old(one: _Reading, other: _Reading) -> bool:
    """Whether `one` says that it is old, and is named like `other` or names it."""
    if not one.age.old or other.age.old:
        return False
    said = banner(one.passage)
    names = (other.subject, _file(other.passage.document.id))
    if said and any(len(name) >= _TELLING and name in said for name in names):
        return True
    return len(one.name) >= _NAMED and one.name <= other.name


def _file(document: DocumentId) -> str:
    return search_form(document.rpartition("/")[2].rpartition(":")[2])


def _wanted(asked: str, one: _Reading, other: _Reading) -> bool:
    """Whether the question names the year of the older of the two."""
    known = [age.year for age in (one.age, other.age) if age.year is not None]
    return bool(known) and min(known) in years(asked)


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
    age = reading.age
    return (
        None if age.year is None else (age.year,),
        (0 if age.old else 1,),
        age.edition,
        None if updated is None else (updated.toordinal(),),
    )


def dated(document: LiveDocument, language: Language, /) -> str:
    """Return the day a document was last changed, or that it is not known."""
    if document.updated_at is None:
        return UNDATED.say(language)
    return document.updated_at.date().isoformat()
