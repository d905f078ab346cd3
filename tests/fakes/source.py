"""A source in memory: documents that a test sets, and what was asked of it."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from types import TracebackType
from typing import Self

from connectors.api import Document, Entry, Failed, Layers, Link, Problem
from connectors.errors import SourceUnavailable

EVERYBODY: Layers = (frozenset({"pub"}),)


@dataclass(slots=True)
class Page:
    """One document of the source."""

    title: str
    markdown: str
    layers: Layers = EVERYBODY
    broken: bool = False
    url: str | None = None
    author: str | None = None


@dataclass(slots=True)
class MemorySource:
    """A connector over `pages`; `fetched` keeps every id that was fetched."""

    pages: dict[str, Page] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    breaks_after: int | None = None
    unlisted: list[str] = field(default_factory=list)

    def check(self) -> list[Problem]:
        return []

    def samples(self) -> list[str]:
        return []

    def open(
        self, checkpoint: str | None, /, *, stop: threading.Event
    ) -> "MemorySnapshot":
        del checkpoint, stop
        return MemorySnapshot(self)


@dataclass(slots=True)
class MemorySnapshot:
    source: MemorySource

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None

    def entries(self) -> Iterator[Entry | Failed]:
        for place in self.source.unlisted:
            yield Failed(what=place, reason="denied", detail="no permission")
        for number, (name, page) in enumerate(self.source.pages.items()):
            if number == self.source.breaks_after:
                raise SourceUnavailable("the export is truncated; export it again")
            state = f"{page.title}\0{page.markdown}\0{page.broken}"
            version = sha256(state.encode(errors="surrogatepass")).hexdigest()
            yield Entry(id=name, version=version, title=page.title, layers=page.layers)

    def fetch(self, entry: Entry, /) -> Document | Failed:
        self.source.fetched.append(entry.id)
        page = self.source.pages[entry.id]
        if page.broken:
            return Failed(
                what=entry.id, reason="unreadable", detail="cannot be read", id=entry.id
            )
        return Document(
            title=page.title,
            markdown=page.markdown,
            path=(entry.id,),
            link=Link(page=page.url),
            author=page.author,
        )

    def checkpoint(self) -> str | None:
        return None
