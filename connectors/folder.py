"""Reads a folder of Markdown, HTML and text files."""

import hashlib
import os
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Self, TypeVar

from pydantic import Field

from connectors.api import Context, Document, Entry, Failed, Link, Problem
from connectors.digests import Digests
from connectors.errors import SourceDenied, SourceUnavailable
from connectors.files import Found, Tree, distinct, unreadable
from connectors.formats import DOCUMENTS, RELEASE, is_readable, read_file, title_of
from connectors.links import LinkTemplate, link_template, sample_links
from connectors.options import Options, missing_access, problem, read_options
from connectors.selection import Patterns, selection

ItemT = TypeVar("ItemT")


class FolderOptions(Options):
    """What a folder source can be told."""

    path: Path
    include: Patterns = DOCUMENTS
    exclude: Patterns = ()
    max_bytes: int = Field(default=5_000_000, gt=0)


def connect(context: Context, /) -> "Folder":
    """Make the connector; raises `OptionsError`."""
    return Folder(context, read_options(FolderOptions, context), link_template(context))


class Folder:
    """A folder on this machine; access is the operator's setting alone."""

    def __init__(
        self, context: Context, options: FolderOptions, template: LinkTemplate | None
    ) -> None:
        self.context = context
        self.options = options
        self.template = template
        self.root = context.base / options.path

    def check(self) -> list[Problem]:
        """Look for the folder, for files in it, and for the access setting."""
        problems = missing_access(self.context)
        try:
            with self.open(None, stop=threading.Event()) as snapshot:
                if next(snapshot.entries(), None) is None:
                    what = f"source '{self.context.source}': nothing to read"
                    fix = f"put files into '{self.root}', or change options.include"
                    problems.append(Problem(what=what, fix=fix))
        except (SourceUnavailable, SourceDenied) as error:
            problems.append(problem(error, fix="change options.path"))
        return problems

    def samples(self) -> list[str]:
        """Return links of the first documents, by the operator's template."""
        if self.template is None:
            return []
        with self.open(None, stop=threading.Event()) as snapshot:
            return sample_links(snapshot)

    def open(self, checkpoint: str | None, /, *, stop: threading.Event) -> "Files":
        """Take the list of files as it is now."""
        source = f"source '{self.context.source}'"
        try:
            tree = Tree(self.root)
        except PermissionError as error:
            raise SourceDenied(
                f"{source}: '{self.root}' may not be read; change its permissions"
            ) from error
        except OSError as error:
            raise SourceUnavailable(
                f"{source}: no folder '{self.root}'; mount it, or change options.path"
            ) from error
        return Files(self, tree, Digests(tree, checkpoint), stop)


class Files:
    """The files of a folder as they were listed first."""

    def __init__(
        self, folder: Folder, tree: Tree, digests: Digests, stop: threading.Event
    ) -> None:
        self._context = folder.context
        self._options = folder.options
        self._template = folder.template
        self._tree = tree
        self._digests = digests
        self._stop = stop

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tree.close()

    @cached_property
    def _items(self) -> list[Found | Failed]:
        chosen = selection(self._options.include, self._options.exclude)

        def is_ours(item: Found | Failed) -> bool:
            if isinstance(item, Failed):
                return not chosen.excludes(item.what)
            return is_readable(item.id) and chosen.chooses(item.id)

        return [*distinct(self._until_stopped(self._tree.walk()), is_ours)]

    @cached_property
    def _found(self) -> dict[str, Found]:
        return {item.id: item for item in self._items if isinstance(item, Found)}

    def _until_stopped(self, items: Iterable[ItemT]) -> Iterator[ItemT]:
        for item in items:
            if self._stop.is_set():
                raise SourceUnavailable(f"source '{self._context.source}': stopped")
            yield item

    def entries(self) -> Iterator[Entry | Failed]:
        """List the files; an unchanged one is not read again."""
        for item in self._until_stopped(self._items):
            yield item if isinstance(item, Failed) else self._entry(item)

    def _entry(self, found: Found) -> Entry | Failed:
        if found.size > self._options.max_bytes:
            detail = f"'{found.id}' has {found.size} bytes; raise options.max_bytes"
            return Failed(what=found.id, reason="too_large", detail=detail, id=found.id)
        try:
            digest = self._digests.of(found)
        except OSError as error:
            return unreadable(found, error)
        path = PurePosixPath(found.id)
        return Entry(
            id=found.id,
            version=self._version(digest),
            title=title_of(found.id),
            layers=self._context.layers,
            path=path.parts[:-1],
        )

    def _version(self, digest: str) -> str:
        parts = (RELEASE, self._context.link or "", digest)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]

    def fetch(self, entry: Entry, /) -> Document | Failed:
        """Read one file; one that changed since it was listed fails this time."""
        found = self._found.get(entry.id)
        if found is None:
            detail = f"'{entry.id}' is gone; the next sync removes it"
            return Failed(what=entry.id, reason="missing", detail=detail, id=entry.id)
        try:
            with self._tree.reading(found.raw) as file:
                data = file.read(self._options.max_bytes + 1)
                changed = os.fstat(file.fileno()).st_mtime
        except OSError as error:
            return unreadable(found, error)
        if self._version(hashlib.sha256(data).hexdigest()) != entry.version:
            detail = f"'{found.id}' changed during the sync; the next one reads it"
            return Failed(what=found.id, reason="changed", detail=detail, id=found.id)
        return self._document(found, data, datetime.fromtimestamp(changed, UTC))

    def _document(
        self, found: Found, data: bytes, changed: datetime
    ) -> Document | Failed:
        text = read_file(found.id, data)
        if isinstance(text, Failed):
            return text
        values = {"id": found.id, "path": found.id, "space": "", "title": text.title}
        link = self._template and self._template.link(values, lines=text.faithful)
        return Document(
            title=text.title,
            markdown=text.markdown,
            path=PurePosixPath(found.id).parts[:-1],
            link=link or Link(),
            updated_at=text.updated_at or changed,
            reviewed=text.reviewed,
            labels=text.labels,
            warnings=text.warnings,
        )

    def checkpoint(self) -> str:
        """Return sizes, times and digests, which spare the next run the reading."""
        return self._digests.checkpoint()
