"""The pages of one export as entries and documents."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property

from connectors.api import Document, Entry, Failed, Layers, Link, Problem
from connectors.confluence.access import UNKNOWN, layers_of
from connectors.confluence.addresses import Addresses, PageResolver
from connectors.confluence.options import ConfluenceOptions
from connectors.confluence.origin import xml_date
from connectors.confluence.reading import Reading
from connectors.confluence.space import Page
from connectors.confluence.spool import Body, BodyType
from connectors.confluence.storage import convert
from connectors.confluence.wiki import convert_wiki
from connectors.links import LinkTemplate
from connectors.options import suggestion

RELEASE = 1
"""Part of every version: raise it when the same page gives another document."""

_SAMPLES = 3
_NOT_A_NAME = re.compile(r"[^a-z0-9]+")


class Listing:
    """What a reader can be shown of an export."""

    def __init__(
        self,
        reading: Reading,
        options: ConfluenceOptions,
        template: LinkTemplate | None,
        layers: Layers,
    ) -> None:
        self._content = reading.content
        self._skipped = reading.skipped
        self._zone = reading.origin.zone
        self._options = options
        self._given = layers
        self._addresses = Addresses.of(
            template, options.base_url, is_cloud=reading.origin.is_cloud
        )

    @cached_property
    def pages(self) -> dict[str, Page]:
        """The pages to read, by id, in the order of their ids."""
        chosen = (
            page for page in self._content.pages.values() if self._is_chosen(page)
        )
        return {p.id: p for p in sorted(chosen, key=lambda p: (len(p.id), p.id))}

    def _is_chosen(self, page: Page) -> bool:
        space = self._content.spaces[page.space]
        if self._options.spaces and space.key not in self._options.spaces:
            return False
        return self._options.archived or not (page.archived or space.archived)

    def entries(self) -> Iterator[Entry | Failed]:
        """List the pages, and the bodies whose page is not there."""
        for page in self.pages.values():
            yield Entry(
                id=page.id,
                version=self._version(page),
                title=page.title,
                layers=self._layers(page),
                path=self._content.path(page),
                updated_at=self._updated_at(page),
            )
        for id_ in self._content.orphans:
            yield Failed(
                what=f"page {id_}",
                reason="page_missing",
                detail="the export holds a body of this page and not the page itself; "
                "export again",
                id=id_,
            )

    def body(self, page: Page, /) -> Body | None:
        """Return where the body of a page is kept."""
        return self._content.bodies.get(page.id)

    def document(self, page: Page, type_: BodyType, text: str, /) -> Document:
        """Convert a page."""
        resolver = PageResolver(
            content=self._content, addresses=self._addresses, page=page
        )
        warnings = [] if text.strip() else ["empty_body"]
        if type_ is BodyType.WIKI:
            markdown = convert_wiki(text, resolver)
            warnings.append("degraded")
        else:
            converted = convert(text, resolver)
            markdown = converted.markdown
            warnings += ["degraded"] if converted.degraded else []
            warnings += sorted({_macro_warning(name) for name in converted.dropped})
        return Document(
            title=page.title,
            markdown=markdown,
            path=self._content.path(page),
            link=self._link(page),
            updated_at=self._updated_at(page),
            author=self._author(page),
            labels=self._content.labels.get(page.id, ()),
            attachments=self._content.attachments.get(page.id, ()),
            warnings=tuple(warnings),
        )

    def samples(self) -> list[str]:
        """Return the links of the first pages."""
        links = (self._link(page).page for page in self.pages.values())
        return [link for link in links if link][:_SAMPLES]

    def problems(self) -> Iterator[Problem]:
        """Say what readers would miss."""
        yield from self._unknown_spaces()
        if not self.pages:
            yield Problem(
                what="the export holds no current page that is to be read",
                fix="export again, or change options.spaces or options.archived",
            )
        yield from self._unreadable()
        unknown = sum(self._layers(page) == UNKNOWN for page in self.pages.values())
        if unknown:
            yield Problem(
                what=f"it is unknown who may read {unknown} of {len(self.pages)} "
                "pages, so nobody can",
                fix="export as an administrator, with the permissions; or set the "
                'source\'s access, such as access = ["pub"], if spaces come without '
                "any; or set options.missing_ancestors for a part of a space",
            )

    def _unknown_spaces(self) -> Iterator[Problem]:
        known = sorted({space.key for space in self._content.spaces.values()})
        for key in self._options.spaces:
            if key not in known:
                yield Problem(
                    what=f"the export has no space '{key}'; {suggestion(key, known)}",
                    fix="change options.spaces",
                )

    def _unreadable(self) -> Iterator[Problem]:
        again = "export again"
        without = sum(self.body(page) is None for page in self.pages.values())
        counts = Counter(
            {
                "pages have no body": without,
                "bodies have no page": len(self._content.orphans),
                "characters are not allowed in XML and were left out": (
                    self._content.removed
                ),
                "files have names or kinds that are not safe": len(self._skipped),
            }
        )
        for what, count in counts.items():
            if count:
                yield Problem(what=f"{count} {what}", fix=again)

    def _layers(self, page: Page) -> Layers:
        return layers_of(
            page,
            self._content,
            given=self._given,
            needs_ancestors=self._options.missing_ancestors == "deny",
        )

    def _link(self, page: Page) -> Link:
        return self._addresses.page(page, self._content)

    def _updated_at(self, page: Page) -> datetime | None:
        date = xml_date(page.modified)
        return date.replace(tzinfo=self._zone) if date else None

    def _author(self, page: Page) -> str | None:
        person = self._content.person(page.modifier)
        return person.display_name if person else None

    def _version(self, page: Page) -> str:
        """Return a digest over everything that makes the document.

        Only the addresses of other pages and the names of people it mentions are
        left out: to find them, every page would have to be converted.
        """
        body = self.body(page)
        attachments = self._content.attachments.get(page.id, ())
        parts = [
            RELEASE,
            page.title,
            page.version,
            page.modified,
            self._author(page),
            self._link(page).page,
            self._content.path(page),
            self._content.labels.get(page.id, ()),
            [(file.name, file.media_type, file.size) for file in attachments],
            (body.type, body.digest.hex()) if body else None,
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _macro_warning(name: str) -> str:
    return "macro:" + (_NOT_A_NAME.sub("_", name).strip("_") or "unnamed")
