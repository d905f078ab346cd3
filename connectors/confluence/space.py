"""What an export holds, joined: spaces, pages, people and permissions."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from connectors.api import Attachment
from connectors.confluence.spool import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """A space; `key` is what links say."""

    id: str
    key: str
    name: str
    archived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom a permission names: one of the fields is set, or `everyone` is."""

    user: str | None = None
    group: str | None = None
    everyone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user; without an address or when left, nothing but the key is known."""

    key: str
    login: str = ""
    account: str = ""
    display_name: str | None = None
    mail: str | None = None
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A current page or blog post.

    `sets` and `named_bodies` are ids of what it refers to, in the export or not.
    """

    id: str
    title: str
    space: str
    parent: str | None
    is_blog_post: bool
    version: str
    modified: str
    modifier: str
    archived: bool
    sets: tuple[str, ...] = ()
    named_bodies: tuple[str, ...] = ()


class Restricting(Protocol):
    """Knows the restrictions of pages."""

    def of(self, page: Page, /) -> tuple[tuple[Subject, ...], ...] | None:
        """Return whom each View set of a page names, None if that is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Everything of an export that matters to readers, joined by id.

    `viewers` are the VIEWSPACE rows by space: a space without one is not there.
    `orphans` are ids of pages of which there is a body and nothing else. `counts`
    says what was seen and left out.
    """

    spaces: Mapping[str, Space]
    pages: Mapping[str, Page]
    bodies: Mapping[str, Body]
    people: Mapping[str, Person]
    restrictions: Restricting
    viewers: Mapping[str, tuple[Subject, ...]]
    labels: Mapping[str, tuple[str, ...]]
    attachments: Mapping[str, tuple[Attachment, ...]]
    orphans: tuple[str, ...]
    counts: Counter[str]
    written_at: datetime | None = None
    removed: int = 0
    titles: Mapping[tuple[str, str], str] = field(init=False)

    def __post_init__(self) -> None:
        titles: dict[tuple[str, str], str] = {}
        for page in sorted(self.pages.values(), key=lambda page: page.is_blog_post):
            space = self.spaces[page.space]
            titles.setdefault((space.key.casefold(), page.title), page.id)
        object.__setattr__(self, "titles", titles)

    def ancestors(self, page: Page, /) -> Iterator[Page | None]:
        """Yield the parents from the nearest on.

        None comes, as the last, for one that is missing, no current page, of
        another space, or the page itself again.
        """
        seen = {page.id}
        here = page
        while here.parent is not None:
            above = self.pages.get(here.parent)
            if above is None or above.space != page.space or above.id in seen:
                yield None
                return
            seen.add(above.id)
            yield above
            here = above

    def path(self, page: Page, /) -> tuple[str, ...]:
        """Return the space's name and the titles down to the page's parent."""
        above = [parent.title for parent in self.ancestors(page) if parent]
        return (self.spaces[page.space].name, *reversed(above))

    def person(self, name: str, /) -> Person | None:
        """Return a user by key, account id or login name."""
        return self.people.get(name) or self.people.get(name.lower())
