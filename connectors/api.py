"""What a connector is, and the values it hands over.

A connector is plain synchronous code; the engine runs it off its loop. It is
found through the entry point group `shirube.connectors`, whose objects are
`Connect` functions.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeAlias
from urllib.parse import quote

Layers: TypeAlias = tuple[frozenset[str], ...]
"""Who may read: one principal of every layer is needed. `()` means unknown: nobody."""

PUB = "pub"
"""Held by everybody inside the team."""


def principal(kind: str, *names: str) -> str:
    """Return `kind:name:…` with every name percent-encoded; mail in lower case."""
    return ":".join([kind, *(quote(name, safe="@%~+") for name in names)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where a person opens a document.

    `page` opens it as a whole. `lines` is a template with `{first}` and `{last}`,
    given only where the lines of `Document.markdown` are those of the source file.
    `heading` is a template with `{anchor}`.
    """

    page: str | None = None
    lines: str | None = None
    heading: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that hangs on a document; size in bytes."""

    name: str
    media_type: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing a source lists, cheaply.

    `id` is the source's own and survives renames and moves where the source has
    such an id. `version` changes whenever the document that `fetch` gives would
    change, for a new release of the connector too. `layers` is who may read it.
    """

    id: str
    version: str
    title: str
    layers: Layers
    path: tuple[str, ...] = ()
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """An entry, fetched. `markdown` does not repeat the title as its first heading
    unless the source does.

    `path` leads to the document: spaces, folders, parent pages. `reviewed` says that
    `updated_at` is when somebody looked through it, and not when it changed.
    `warnings` name what was lost on the way, one short kind each, for counting.
    """

    title: str
    markdown: str
    path: tuple[str, ...] = ()
    link: Link = field(default_factory=Link)
    updated_at: datetime | None = None
    reviewed: bool = False
    author: str | None = None
    labels: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Something that could not be read; everything else goes on.

    `reason` is a short kind such as `encoding_unknown`, `detail` says what
    happened and what to do. With an `id` it is an entry, and what is published of
    it stays; without one it is a place in the source.
    """

    what: str
    reason: str
    detail: str
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that `check` found: what is wrong, and what to do about it."""

    what: str
    fix: str


class Snapshot(AbstractContextManager["Snapshot"], Protocol):
    """One pinned state of a source; listing and fetching agree with each other."""

    def entries(self) -> Iterator[Entry | Failed]:
        """List everything; complete only if it ends without raising."""

    def fetch(self, entry: Entry, /) -> Document | Failed:
        """Read one entry; any order, twice if asked."""

    def checkpoint(self) -> str | None:
        """Return what the next `open` should be given; None if nothing helps."""


class Connector(Protocol):
    """Reads one source."""

    def check(self) -> list[Problem]:
        """Look for problems of options, credentials, reach; change nothing."""

    def samples(self) -> list[str]:
        """Return up to three page links for a person to try out.

        Empty where the documents have no addresses, or none is known before the
        first `open`. Changes nothing outside the cache. Raises `SourceError`.
        """

    def open(self, checkpoint: str | None, /, *, stop: threading.Event) -> Snapshot:
        """Pin one state of the source.

        `checkpoint` may be from an older release and may be ignored. Long work
        looks at `stop` and raises `SourceUnavailable` once it is set. Raises
        `SourceError`.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a connector is given.

    Relative paths in `options` are relative to `base`. `cache` is a folder of the
    source's own that lives on between runs; it may not exist yet. `layers` is the
    operator's `access` setting: the only access of a source that has none of its
    own, one more layer for a source that has. `link` is the operator's link template.
    """

    source: str
    options: Mapping[str, object]
    base: Path
    cache: Path
    layers: Layers
    link: str | None = None


class Connect(Protocol):
    """Makes a connector; raises `OptionsError` for options it cannot take."""

    def __call__(self, context: Context, /) -> Connector:
        """Read and check the options; no other side effects."""
