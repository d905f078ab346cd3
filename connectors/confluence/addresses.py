"""Where a person opens a page, a space or an attachment."""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from connectors.api import Link
from connectors.confluence.references import Kind, Reference
from connectors.confluence.space import Content, Page
from connectors.links import LinkTemplate


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Makes links from the operator's template, else from the site's address.

    Links to headings are left out: Confluence makes anchors of titles in a way that
    differs by version and editor.
    """

    template: LinkTemplate | None
    base: str | None
    is_cloud: bool

    @classmethod
    def of(
        cls, template: LinkTemplate | None, base: str | None, *, is_cloud: bool
    ) -> "Addresses":
        """Return the addresses of a site; Cloud is known by its host or path, too."""
        host = urlsplit(base or "").hostname or ""
        cloud = is_cloud or host.endswith(".atlassian.net")
        base = base.removesuffix("/wiki") + "/wiki" if base and cloud else base
        return cls(template=template, base=base, is_cloud=cloud)

    def page(self, page: Page, content: Content, /) -> Link:
        """Return the link of a page."""
        key = content.spaces[page.space].key
        if self.template:
            path = "/".join([*content.path(page), page.title])
            return self.template.link(
                {"id": page.id, "path": path, "space": key, "title": page.title}
            )
        if self.base is None:
            return Link()
        if not self.is_cloud:
            return Link(page=f"{self.base}/pages/viewpage.action?pageId={_q(page.id)}")
        kind = "blog" if page.is_blog_post else "pages"
        return Link(page=f"{self.base}/spaces/{_q(key)}/{kind}/{_q(page.id)}")

    def space(self, key: str, /) -> str | None:
        """Return the address of a space."""
        if self.base is None:
            return None
        return f"{self.base}/{'spaces' if self.is_cloud else 'display'}/{_q(key)}"

    def attachment(self, page: Page, file: str, /) -> str | None:
        """Return the address of a file that hangs on a page."""
        if self.base is None:
            return None
        return f"{self.base}/download/attachments/{_q(page.id)}/{_q(file)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageResolver:
    """Resolves what one page refers to."""

    content: Content
    addresses: Addresses
    page: Page

    def url(self, reference: Reference, /) -> str | None:
        """Return an address by (space, title), then by id; None if it has none."""
        if reference.kind is Kind.SPACE:
            return self.addresses.space(reference.space or "")
        target = self._target(reference)
        if target is None:
            return None
        if reference.kind is Kind.ATTACHMENT:
            return self.addresses.attachment(target, reference.file or "")
        return self.addresses.page(target, self.content).page

    def person(self, key: str, /) -> str | None:
        """Return the display name of a user."""
        person = self.content.person(key)
        return person.display_name if person else None

    def _target(self, reference: Reference) -> Page | None:
        if reference.id is not None:
            return self.content.pages.get(reference.id)
        if reference.title is None:
            return self.page
        own = self.content.spaces[self.page.space].key
        key = (reference.space or own).casefold()
        found = self.content.titles.get((key, reference.title))
        return self.content.pages[found] if found else None


def _q(text: str) -> str:
    return quote(text, safe="")
