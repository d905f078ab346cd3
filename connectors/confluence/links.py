"""Links, images and mentions of the storage format, as raw text with marks."""

from collections import Counter
from dataclasses import dataclass, field

from connectors.confluence import macros, marks
from connectors.confluence.marks import BREAK, EDGES
from connectors.confluence.markup import Node
from connectors.confluence.references import (
    Kind,
    Reference,
    Resolver,
    destination,
    is_script,
)

_SOMEBODY = "@user"
_USER_NAMES = ("ri:userkey", "ri:account-id", "ri:username")


@dataclass(slots=True)
class Notes:
    """What is learned while a page is rendered."""

    resolver: Resolver
    dropped: Counter[str] = field(default_factory=Counter)
    references: list[Reference] = field(default_factory=list)

    def address(self, reference: Reference, /) -> str:
        """Note a reference; return its address, or itself as an address."""
        self.references.append(reference)
        return self.resolver.url(reference) or reference.uri


def link(raw: str, url: str, /) -> str:
    """Return a link; whitespace around its text stays outside of it."""
    target = destination(url)
    text = raw.strip(EDGES)
    if not text or text == url.strip():
        return marks.markup(f"<{target}>") if ":" in target else target
    start = raw.index(text)
    opened, closed = marks.markup("["), marks.markup(f"]({target})")
    linked = opened + marks.label(text) + closed
    return raw[:start] + linked + raw[start + len(text) :]


def link_of(node: Node, text: str, notes: Notes, /) -> str:
    """Return what an `ac:link` shows, given the raw text of its body."""
    if not text.strip(EDGES):
        text = ""
    user = node.first("ri:user")
    if user:
        return _person(user, notes) or text or _SOMEBODY
    reference = reference_of(node)
    if reference:
        return link(text or reference.name, notes.address(reference))
    return _other_link(node, text)


def reference_of(node: Node, /) -> Reference | None:
    """Read what a link, an image or a parameter points to inside Confluence."""
    anchor = node.get("ac:anchor") or None
    found = (_target(target, anchor) for target in node.nodes())
    return next((reference for reference in found if reference), None)


def _target(target: Node, anchor: str | None) -> Reference | None:
    match target.tag:
        case "ri:page":
            return _page(target, Kind.PAGE, anchor)
        case "ri:blog-post":
            return _page(target, Kind.BLOG_POST, anchor)
        case "ri:attachment":
            return _attachment(target)
        case "ri:space" if target.get("ri:space-key"):
            return Reference(kind=Kind.SPACE, space=target.get("ri:space-key"))
        case "ri:content-entity" if target.get("ri:content-id"):
            return Reference(kind=Kind.CONTENT, id=target.get("ri:content-id"))
    return None


def _page(target: Node, kind: Kind, anchor: str | None) -> Reference | None:
    title = target.get("ri:content-title")
    space = target.get("ri:space-key") or None
    if not title:
        return None
    return Reference(kind=kind, space=space, title=title, anchor=anchor)


def _attachment(target: Node) -> Reference | None:
    owner = target.first("ri:page", "ri:blog-post") or Node("")
    file = target.get("ri:filename")
    if not file:
        return None
    return Reference(
        kind=Kind.ATTACHMENT,
        space=owner.get("ri:space-key") or None,
        title=owner.get("ri:content-title") or None,
        file=file,
    )


def _person(user: Node, notes: Notes) -> str:
    keys = (user.get(name) for name in _USER_NAMES)
    names = (notes.resolver.person(key) for key in keys if key)
    return next((f"@{name}" for name in names if name), "")


def _other_link(node: Node, text: str) -> str:
    address = _url_of(node)
    if address:
        return text if is_script(address) else link(text or address, address)
    anchor = node.get("ac:anchor")
    if anchor:
        return link(text or anchor, f"#{anchor}")
    shortcut = node.first("ri:shortcut")
    return text or (shortcut.get("ri:parameter") if shortcut else "")


def image(node: Node, caption: str, notes: Notes, /) -> str:
    """Return an `ac:image`, given the raw text of its caption."""
    reference, url = reference_of(node), _url_of(node)
    name = node.get("ac:alt") or node.get("ac:title")
    if "emoticon" in node.get("ac:class").split():
        return name
    if reference:
        notes.references.append(reference)
        url = notes.resolver.url(reference) or reference.file or ""
    shown = picture(name or (reference.name if reference else last_part(url)), url)
    text = caption.strip(EDGES)
    return f"{BREAK}{shown}{BREAK}{text}{BREAK}" if text else shown


def picture(name: str, url: str, /) -> str:
    """Return an image."""
    if is_script(url):
        return name
    opened, closed = marks.markup("!["), marks.markup(f"]({destination(url)})")
    return opened + marks.label(name) + closed


def last_part(url: str, /) -> str:
    """Return the file name of a URL."""
    return url.partition("?")[0].rstrip("/").rpartition("/")[2]


def _url_of(node: Node) -> str:
    url = node.first("ri:url")
    return url.get("ri:value").strip() if url else ""


def include(node: Node, notes: Notes, /) -> str:
    """Link to the included page: its readers may be others than this one's."""
    given = macros.parameter(node, "") or Node("")
    for place in (given, *given.nodes()):
        reference = reference_of(place)
        if reference:
            return link(reference.name, notes.address(reference))
    space, _, title = macros.parameter_text(node, "").rpartition(":")
    if not title:
        return ""
    reference = Reference(kind=Kind.PAGE, space=space or None, title=title)
    return link(title, notes.address(reference))


def file(node: Node, notes: Notes, /) -> str:
    """Link to the file that a macro shows."""
    given = macros.parameter(node, "name") or macros.parameter(node, "") or Node("")
    reference = reference_of(given)
    name = " ".join(given.text().split())
    if reference is None and name:
        reference = Reference(kind=Kind.ATTACHMENT, file=name)
    return link(reference.name, notes.address(reference)) if reference else ""


def embed(node: Node, notes: Notes, /) -> str:
    """Link to what a macro would load from elsewhere."""
    for name in ("url", "src", ""):
        given = macros.parameter(node, name)
        url = (_url_of(given) or given.text().strip()) if given else ""
        if url and not is_script(url):
            return link("", url)
    notes.dropped[macros.name_of(node)] += 1
    return ""
