"""The Git connector: a repository, and one commit of it as a snapshot."""

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Self

from connectors.api import Context, Document, Entry, Failed, Link, Problem
from connectors.errors import SourceError, SourceUnavailable
from connectors.formats import RELEASE, is_readable, read_file, title_of
from connectors.git.history import History
from connectors.git.mirror import Mirror, Origin, refreshed, tip
from connectors.git.options import (
    EXCLUDED,
    GitOptions,
    access_of,
    location_of,
)
from connectors.git.runner import Git
from connectors.git.tree import (
    Blobs,
    File,
    attributes_of,
    distinct,
    is_pointer,
    listed,
)
from connectors.git.web import Web
from connectors.links import LinkTemplate, link_template, sample_links
from connectors.options import missing_access, problem, read_options
from connectors.selection import selection

_OLDEST = (2, 31)


def connect(context: Context, /) -> "Repository":
    """Make the connector; raises `OptionsError`."""
    options = read_options(GitOptions, context)
    return Repository(context, options, link_template(context, extra={"commit"}))


class Repository:
    """A repository, a bundle or an address; access is the operator's setting alone."""

    def __init__(
        self, context: Context, options: GitOptions, template: LinkTemplate | None
    ) -> None:
        self.context = context
        self.options = options
        self.template = template
        self.web = options.web_page()

    def check(self) -> list[Problem]:
        """Look for git, for the branch, and for the access setting."""
        problems = missing_access(self.context)
        try:
            with self._git(threading.Event()) as git:
                if _version(git.run("version")) < _OLDEST:
                    what = f"source '{self.context.source}': git is too old"
                    problems.append(Problem(what=what, fix="install git 2.31 or newer"))
                tip(git, self._origin())
        except SourceError as error:
            problems.append(problem(error, fix="change the source's options"))
        return problems

    def samples(self) -> list[str]:
        """Return links of the first documents.

        There are none before the first sync of a remote repository, which may be
        too large to be fetched by the way.
        """
        is_here = self.options.path is not None or self.context.cache.exists()
        if not is_here or (self.template is None and self.web is None):
            return []
        with self.open(None, stop=threading.Event()) as snapshot:
            return sample_links(snapshot)

    def open(self, _: str | None, /, *, stop: threading.Event) -> "Commit":
        """Fetch what is new and pin the commit; nothing is needed of a checkpoint."""
        with ExitStack() as stack:
            git = stack.enter_context(self._git(stop))
            cache = self.context.cache.absolute()
            mirror = refreshed(git, cache, self._origin(), stop=stop)
            return Commit(self, git, mirror, stack.pop_all())

    def _git(self, stop: threading.Event) -> Git:
        access = access_of(self.context, self.options)
        trusted: list[Path] = []
        if self.options.path is not None:
            # Only what the operator configured; git wants the real name of it.
            location = Path(location_of(self.context, self.options)).resolve()
            trusted = [location, location / ".git"]
            if not location.exists():
                raise SourceUnavailable(
                    f"source '{self.context.source}': {location} does not exist; set "
                    "options.path to a repository or a bundle"
                )
        return Git(self.context.source, access, stop=stop, trusted=trusted)

    def _origin(self) -> Origin:
        return Origin(
            location=location_of(self.context, self.options),
            branch=self.options.branch,
            seconds=self.options.timeout,
        )


class Commit:
    """The files of one commit."""

    def __init__(
        self, repository: Repository, git: Git, mirror: Mirror, stack: ExitStack
    ) -> None:
        self._context = repository.context
        self._options = repository.options
        self._template = repository.template
        self._web = repository.web
        self._git = git
        self._mirror = mirror
        self._stack = stack
        self._blobs = Blobs(git, mirror)
        self._history = History(git, mirror)
        self._links = _fingerprint(self._context.link, self._web)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @cached_property
    def _items(self) -> list[File | Failed]:
        items, attributes_file = listed(self._git, self._mirror)
        attributes = attributes_of(
            self._blobs, attributes_file, self._options.max_bytes
        )
        chosen = selection(self._options.include, (*EXCLUDED, *self._options.exclude))

        def is_ours(item: File | Failed) -> bool:
            if isinstance(item, Failed):
                return not chosen.excludes(item.what)
            is_document = is_readable(item.id) and chosen.chooses(item.id)
            return is_document and not attributes.leave_out(item.id)

        return [*distinct(filter(is_ours, items))]

    @cached_property
    def _files(self) -> dict[str, File]:
        return {item.id: item for item in self._items if isinstance(item, File)}

    def entries(self) -> Iterator[Entry | Failed]:
        """List the files of the commit."""
        for item in self._items:
            self._git.check_stop()
            yield item if isinstance(item, Failed) else self._entry(item)

    def _entry(self, file: File) -> Entry | Failed:
        if file.size > self._options.max_bytes:
            detail = f"'{file.id}' has {file.size} bytes; raise options.max_bytes"
            return Failed(what=file.id, reason="too_large", detail=detail, id=file.id)
        path = PurePosixPath(file.id)
        return Entry(
            id=file.id,
            version=f"{file.blob}-{RELEASE}-{self._links}",
            title=title_of(file.id),
            layers=self._context.layers,
            path=path.parts[:-1],
        )

    def fetch(self, entry: Entry, /) -> Document | Failed:
        """Read one file as it is in the commit."""
        file = self._files.get(entry.id)
        content = self._blobs.read(file.blob) if file else None
        if file is None or content is None:
            detail = f"'{entry.id}' is not in commit {self._mirror.commit[:12]}"
            return Failed(what=entry.id, reason="missing", detail=detail, id=entry.id)
        if is_pointer(content):
            detail = f"'{file.id}' is kept in Git LFS, which is not read; exclude it"
            return Failed(what=file.id, reason="lfs", detail=detail, id=file.id)
        return self._document(file, content)

    def _document(self, file: File, content: bytes) -> Document | Failed:
        text = read_file(file.id, content)
        if isinstance(text, Failed):
            return text
        change = self._history.last(file.raw)
        return Document(
            title=text.title,
            markdown=text.markdown,
            path=PurePosixPath(file.id).parts[:-1],
            link=self._link(file, text.title, lines=text.faithful),
            updated_at=text.updated_at or (change.at if change else None),
            reviewed=text.reviewed,
            author=change.author if change else None,
            labels=text.labels,
            warnings=text.warnings,
        )

    def _link(self, file: File, title: str, *, lines: bool) -> Link:
        commit = self._mirror.commit
        if self._template is not None:
            values = {"id": file.id, "space": "", "title": title, "commit": commit}
            return self._template.link({**values, "path": file.raw}, lines=lines)
        if self._web is not None:
            return self._web.link(commit, file.raw, lines=lines)
        return Link()

    def checkpoint(self) -> None:
        """Return nothing: the bare copy in the cache is all that helps."""


def _fingerprint(template: str | None, web: Web | None) -> str:
    """Return a short text that changes with how links are made."""
    text = "\n".join([template or "", web.kind if web else "", web.base if web else ""])
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _version(output: bytes) -> tuple[int, ...]:
    found = re.search(rb"(\d+)\.(\d+)", output)
    return (int(found[1]), int(found[2])) if found else (0, 0)
