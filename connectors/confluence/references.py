"""What a page refers to, and how such a reference is written in Markdown."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from urllib.parse import quote

_BREAKS_DESTINATION = re.compile(r"[\s()<>\\|\x00-\x1f]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_SCRIPTS = frozenset({"javascript", "vbscript", "data"})


class Kind(StrEnum):
    """What is referred to."""

    PAGE = "page"
    BLOG_POST = "blog-post"
    ATTACHMENT = "attachment"
    SPACE = "space"
    CONTENT = "content"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A link to something inside Confluence.

    Without a space it is the space of the page it stands on, without a title (of
    an attachment) that page itself. `id` is known for `CONTENT` only.
    """

    kind: Kind
    space: str | None = None
    title: str | None = None
    file: str | None = None
    id: str | None = None
    anchor: str | None = None

    @property
    def name(self) -> str:
        """What to show where the link has no text of its own."""
        return self.file or self.title or self.space or self.id or self.anchor or ""

    @property
    def uri(self) -> str:
        """The reference as text, for where no address is known."""
        parts = (self.space or "", self.title or self.id or "", self.file)
        kept = [_part(part) for part in parts if part is not None]
        anchor = f"#{self.anchor}" if self.anchor else ""
        return f"confluence:{':'.join(kept)}{anchor}"


class Resolver(Protocol):
    """Knows the addresses and people of one Confluence."""

    def url(self, reference: Reference, /) -> str | None:
        """Return the address of what is referred to, None if it has none."""

    def person(self, key: str, /) -> str | None:
        """Return the display name of a user by key, account id or login name."""


class Unresolved:
    """Knows nothing: references stay references."""

    def url(self, reference: Reference, /) -> None:
        """Return None."""

    def person(self, key: str, /) -> None:
        """Return None."""


def destination(url: str, /) -> str:
    """Return a URL as it may stand in a Markdown link, readable where possible."""
    return _BREAKS_DESTINATION.sub(lambda match: quote(match[0]), url.strip())


def is_script(url: str, /) -> bool:
    """Whether following the link would run something."""
    scheme = _SCHEME.match(re.sub(r"[\x00-\x20]", "", url))
    return scheme is not None and scheme[1].lower() in _SCRIPTS


def _part(text: str) -> str:
    return text.replace("%", "%25").replace(":", "%3A").replace("#", "%23")
