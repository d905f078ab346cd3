"""What chat platforms are given of each source: all of it, its titles, or nothing.

A platform gets answers and a catalogue from here and no others, so that nothing below
it has to know of the setting.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TypeAlias

from bot.answering.discretion import Books, Shown, ShownBooks, ShownIndex
from bot.answering.pointing import Pointing
from bot.answering.retrieval import Retrieval
from bot.app.answers import answering
from bot.app.running import App
from bot.chat.desk import Answers
from bot.core.ports import ActiveGeneration, Catalogue, Embedder, PassageIndex
from bot.settings import SourceSettings

_Sources: TypeAlias = Collection[SourceSettings]


@dataclass(frozen=True, slots=True, kw_only=True)
class Discreet:
    """What a chat platform is given.

    `books` knows what may be named there, `quotable` what may be quoted.
    """

    answer: Answers
    books: Books
    quotable: Catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """Some of the documents."""

    index: PassageIndex
    catalogue: Catalogue
    generations: ActiveGeneration
    embedder: Embedder | None


def discreet(app: App, /) -> Discreet:
    """Return what chat platforms are given, by the `chat_text` of each source.

    Where any source is kept from them, so is what no table names: nothing says any
    more how that was meant.
    """
    sources = app.settings.sources
    books: Books = app.state.catalogue
    if all(source.chat_text == "full" for source in sources):
        return Discreet(answer=app.answering.answer, books=books, quotable=books)
    full = _view(app, _among(sources, "full"))
    linked = _view(app, _among(sources, "link-only"))
    pointing = Pointing(
        answering=replace(answering(full, app.model), lost=app.engine.lost),
        retrieval=Retrieval(
            index=linked.index, catalogue=linked.catalogue, embedder=linked.embedder
        ),
        catalogue=linked.catalogue,
        generations=linked.generations,
    )
    return Discreet(
        answer=pointing.answer,
        books=ShownBooks(books, _among(sources, "full", "link-only")),
        quotable=full.catalogue,
    )


def _among(sources: _Sources, *kinds: str) -> Shown:
    names = {source.name for source in sources if source.chat_text in kinds}
    return names.__contains__


def _view(app: App, shown: Shown) -> _View:
    return _View(
        index=ShownIndex(app.index, shown),
        catalogue=ShownBooks(app.state.catalogue, shown),
        generations=app.state.generations,
        embedder=app.models.questions,
    )
