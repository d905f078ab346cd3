"""Reads XML exports of Confluence: spaces, or a whole site."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Self

from connectors.api import Context, Document, Entry, Failed, Problem
from connectors.archives import Limits
from connectors.confluence.checkpoints import check_age, checkpoint_of
from connectors.confluence.listing import Listing
from connectors.confluence.options import ConfluenceOptions
from connectors.confluence.reading import Reading, read_export
from connectors.confluence.spool import NoSpool, Spool
from connectors.errors import SourceDenied, SourceError, SourceUnavailable
from connectors.links import LinkTemplate, link_template
from connectors.options import problem, read_options


def connect(context: Context, /) -> "Confluence":
    """Make the connector; raises `OptionsError`."""
    options = read_options(ConfluenceOptions, context)
    return Confluence(context, options, link_template(context))


class Confluence:
    """An export of Confluence, with the rights that it holds."""

    def __init__(
        self,
        context: Context,
        options: ConfluenceOptions,
        template: LinkTemplate | None,
    ) -> None:
        self.context = context
        self.options = options
        self.template = template
        self.path = context.base / options.path

    def check(self) -> list[Problem]:
        """Read the whole export once, and look for what readers would miss."""
        try:
            return list(self._listing(self._read(NoSpool())).problems())
        except SourceError as error:
            return [problem(error, fix="change the source's options")]

    def samples(self) -> list[str]:
        """Return the links of the first pages."""
        if self.template is None and self.options.base_url is None:
            return []
        return self._listing(self._read(NoSpool())).samples()

    def open(self, checkpoint: str | None, /, *, stop: threading.Event) -> "Snapshot":
        """Read the export; its bodies wait in a nameless file in the cache folder."""
        with ExitStack() as stack:
            with self._plainly():
                spool = stack.enter_context(Spool(self.context.cache))
            reading = self._read(spool, stop)
            written_at = reading.content.written_at
            with self._plainly():
                if not self.options.allow_older:
                    check_age(written_at, checkpoint)
            stack.pop_all()
        return Snapshot(
            self._listing(reading), spool, checkpoint_of(written_at, checkpoint)
        )

    def _read(
        self, spool: Spool | NoSpool, stop: threading.Event | None = None
    ) -> Reading:
        limits = Limits(total=self.options.max_bytes, entries=self.options.max_files)
        with self._plainly():
            return read_export(self.path, limits, spool, stop or threading.Event())

    def _listing(self, reading: Reading) -> Listing:
        return Listing(reading, self.options, self.template, self.context.layers)

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        """Name the source in whatever goes wrong."""
        source = f"source '{self.context.source}'"
        try:
            yield
        except SourceDenied as error:
            raise SourceDenied(f"{source}: {error}") from error
        except SourceUnavailable as error:
            raise SourceUnavailable(f"{source}: {error}") from error
        except OSError as error:
            raise SourceUnavailable(
                f"{source}: cannot keep the pages in {self.context.cache} ({error}); "
                "make room on the disk"
            ) from error


class Snapshot:
    """One export, as it was when it was opened."""

    def __init__(self, listing: Listing, spool: Spool, checkpoint: str | None) -> None:
        self._listing = listing
        self._spool = spool
        self._checkpoint = checkpoint

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._spool.close()

    def entries(self) -> Iterator[Entry | Failed]:
        """List the current pages with their access."""
        return self._listing.entries()

    def fetch(self, entry: Entry, /) -> Document | Failed:
        """Convert one page to Markdown."""
        page = self._listing.pages.get(entry.id)
        if page is None:
            return Failed(
                what=entry.title,
                reason="not_found",
                detail="it is not in this export; sync again",
                id=entry.id,
            )
        body = self._listing.body(page)
        if body is None:
            return Failed(
                what=page.title,
                reason="no_body",
                detail="the export holds no body for this page; export again",
                id=page.id,
            )
        return self._listing.document(page, body.type, self._spool.read(body))

    def checkpoint(self) -> str | None:
        """Return the date of the export, to notice an older one."""
        return self._checkpoint
