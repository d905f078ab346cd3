"""What chat platforms are given of each source: all of it, its titles, or nothing.

A platform gets answers and a catalogue from here and no others, so that nothing below
it has to know of the setting.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from bot.answering.discretion import Books, Shown, ShownBooks, ShownIndex
from bot.answering.pointing import Pointing
from bot.app.running import App
from bot.app.sources import leftovers
from bot.chat.desk import Answers
from bot.core.ports import Catalogue
from bot.core.sync import SourceStatus
from bot.settings import SourceSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Discreet:
    """What a chat platform is given.

    `books` knows what may be named there, `quotable` what may be quoted.
    """

    answer: Answers
    books: Books
    quotable: Catalogue


def discreet(app: App, /) -> Discreet:
    """Return what chat platforms are given, by the `chat_text` of each source.

    Where any source is kept from them, so is what no table names: nothing says any
    more how that was meant.
    """
    sources, written = app.settings.sources, app.answering
    books: Books = app.state.catalogue
    if not _restricts(sources):
        return Discreet(answer=written.answer, books=books, quotable=books)
    full, linked = _among(sources, "full"), _among(sources, "link-only")
    quotable, pointed = ShownBooks(books, full), ShownBooks(books, linked)
    index = ShownIndex(app.index, full)
    pointing = Pointing(
        answering=replace(
            written,
            index=index,
            catalogue=quotable,
            retrieval=written.retrieval.over(index, quotable),
        ),
        retrieval=written.retrieval.over(ShownIndex(app.index, linked), pointed),
        catalogue=pointed,
        generations=app.state.generations,
    )
    return Discreet(
        answer=pointing.answer,
        books=ShownBooks(books, _among(sources, "full", "link-only")),
        quotable=quotable,
    )


def kept_back(
    rows: Iterable[SourceStatus], sources: Collection[SourceSettings], /
) -> Sequence[SourceStatus]:
    """Return what chat platforms do not get though no table says so."""
    return leftovers(rows, sources) if _restricts(sources) else ()


def _restricts(sources: Iterable[SourceSettings]) -> bool:
    return any(source.chat_text != "full" for source in sources)


def _among(sources: Collection[SourceSettings], *kinds: str) -> Shown:
    names = {source.name for source in sources if source.chat_text in kinds}
    return names.__contains__
