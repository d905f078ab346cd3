"""Joins the objects of an export by id, in whatever order they came."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from connectors.api import Attachment
from connectors.confluence.objects import Object
from connectors.confluence.origin import Origin
from connectors.confluence.people import people_of
from connectors.confluence.rights import Restrictions, viewers_of
from connectors.confluence.space import Content, Page, Space, Subject
from connectors.confluence.spool import Body, BodyType, NoSpool, Spool

_PAGES = frozenset({"Page", "BlogPost"})
_UNNAMED_OWNER = "ContentEntityObject"
_UNTITLED = "Untitled"


class Joining:
    """Takes objects one by one; `joined` is everything they are together."""

    def __init__(self, spool: Spool | NoSpool) -> None:
        self._spool = spool
        self._pages: dict[str, Object] = {}
        self._others: set[str] = set()
        self._counts: Counter[str] = Counter()
        self._bodies: dict[str, Body] = {}
        self._ownerless: dict[str, Body] = {}
        self._owners: dict[str, str] = {}
        self._by_kind: defaultdict[str, dict[str, Object]] = defaultdict(dict)
        self._take = {
            "Page": self._add_page,
            "BlogPost": self._add_page,
            "BodyContent": self._add_body,
            "ContentProperty": self._add_property,
            "SpacePermission": self._add_permission,
            "Attachment": self._add_attachment,
        }

    def add(self, found: Object, /) -> None:
        """Take one object."""
        take = self._take.get(found.kind)
        if take:
            take(found)
        elif found.values or found.references or found.lists:
            self._by_kind[found.kind][found.id] = found
        else:
            self._others.add(found.id)

    def _add_page(self, page: Object) -> None:
        state = _state(page)
        self._counts[state] += 1
        if state in {"current", "archived"}:
            self._pages[page.id] = page
        else:
            self._others.add(page.id)

    def _add_body(self, found: Object) -> None:
        type_ = _body_type(found)
        if type_ is BodyType.RAW:
            return
        body = self._spool.add(type_, found.value("body"))
        owner = found.references.get("content")
        if owner is None:
            self._ownerless[found.id] = body
        elif owner not in self._bodies or body.type > self._bodies[owner].type:
            self._bodies[owner] = body
            self._owners[owner] = found.referred["content"]

    def _add_property(self, found: Object) -> None:
        if found.value("name") in {"MEDIA_TYPE", "FILESIZE"}:
            self._by_kind[found.kind][found.id] = found

    def _add_permission(self, found: Object) -> None:
        if found.value("type") in {"VIEWSPACE", "USECONFLUENCE"}:
            self._by_kind[found.kind][found.id] = found

    def _add_attachment(self, found: Object) -> None:
        self._others.add(found.id)
        if _state(found, needs_space=False) == "current":
            self._by_kind[found.kind][found.id] = found

    def joined(self, origin: Origin, removed: int, /) -> Content:
        """Return everything; `removed` is how many characters were no XML."""
        for found in self._pages.values():
            self._claim_body(found)
        people = dict(people_of(self._by_kind))
        restrictions = Restrictions(
            self._by_kind["ContentPermissionSet"], self._by_kind["ContentPermission"]
        )
        pages = {
            found.id: _page(found, restrictions.of(found))
            for found in self._pages.values()
        }
        spaces = {space.id: _space(space) for space in self._by_kind["Space"].values()}
        for page in pages.values():
            spaces.setdefault(page.space, Space(id=page.space, key="", name=""))
        return Content(
            spaces=spaces,
            pages=pages,
            bodies={id_: body for id_, body in self._bodies.items() if id_ in pages},
            people=people,
            viewers=viewers_of(self._by_kind["SpacePermission"].values(), origin),
            labels=_labels(self._by_kind),
            attachments=_attachments(self._by_kind),
            orphans=tuple(sorted(self._orphans())),
            counts=self._counts,
            written_at=origin.written_at,
            removed=removed,
        )

    def _claim_body(self, page: Object) -> None:
        """Take a body that does not name its owner but is named by it."""
        for id_ in page.lists.get("bodyContents", ()):
            body = self._ownerless.get(id_)
            if body is not None:
                self._bodies.setdefault(page.id, body)

    def _orphans(self) -> Iterator[str]:
        for owner, kind in self._owners.items():
            is_page = kind in _PAGES or kind == _UNNAMED_OWNER
            if is_page and owner not in self._pages and owner not in self._others:
                yield owner


def _state(found: Object, *, needs_space: bool = True) -> str:
    """Return `current`, or why something is not.

    Old versions say `current`, too: they have an original, and no space.
    """
    status = found.value("contentStatus") or "current"
    if status in {"draft", "deleted"}:
        return status
    original = "originalVersion" in found.references
    if original or found.value("originalVersionId"):
        return "history"
    if needs_space and "space" not in found.references:
        return "history"
    return status if status in {"current", "archived"} else "other"


def _body_type(found: Object) -> BodyType:
    try:
        return BodyType(int(found.value("bodyType") or BodyType.WIKI))
    except ValueError:
        return BodyType.RAW


def _page(page: Object, restrictions: tuple[tuple[Subject, ...], ...] | None) -> Page:
    return Page(
        id=page.id,
        title=" ".join(page.value("title").split()) or _UNTITLED,
        space=page.references["space"],
        parent=page.references.get("parent"),
        is_blog_post=page.kind == "BlogPost",
        version=page.value("version"),
        modified=page.value("lastModificationDate"),
        modifier=page.references.get("lastModifier") or page.value("lastModifierName"),
        archived=page.value("contentStatus") == "archived",
        restrictions=restrictions,
    )


def _space(found: Object) -> Space:
    key = found.value("key")
    return Space(
        id=found.id,
        key=key,
        name=" ".join(found.value("name").split()) or key,
        archived=found.value("spaceStatus").upper() == "ARCHIVED",
    )


def _labels(
    by_kind: "defaultdict[str, dict[str, Object]]",
) -> dict[str, tuple[str, ...]]:
    """Return the labels that everybody sees; others are favourites of one person."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for labelling in by_kind["Labelling"].values():
        label = by_kind["Label"].get(labelling.references.get("label", ""))
        if label and label.value("namespace") == "global" and label.value("name"):
            found[labelling.references.get("content", "")].add(label.value("name"))
    return {content: tuple(sorted(names)) for content, names in found.items()}


def _attachments(
    by_kind: "defaultdict[str, dict[str, Object]]",
) -> dict[str, tuple[Attachment, ...]]:
    found: defaultdict[str, list[Attachment]] = defaultdict(list)
    for file in by_kind["Attachment"].values():
        owner = file.references.get("containerContent") or file.references.get(
            "content"
        )
        name = file.value("title") or file.value("fileName")
        if owner and name:
            properties = _properties(file, by_kind["ContentProperty"])
            found[owner].append(_attachment(name, file, properties))
    return {
        owner: tuple(sorted(files, key=lambda file: file.name))
        for owner, files in found.items()
    }


def _properties(file: Object, known: dict[str, Object]) -> dict[str, str]:
    named = (known.get(id_) for id_ in file.lists.get("contentProperties", ()))
    return {
        found.value("name"): found.value("stringValue") or found.value("longValue")
        for found in named
        if found
    }


def _attachment(name: str, file: Object, properties: dict[str, str]) -> Attachment:
    size = properties.get("FILESIZE") or file.value("fileSize")
    return Attachment(
        name=name,
        media_type=properties.get("MEDIA_TYPE") or file.value("contentType") or None,
        size=int(size) if size.isascii() and size.isdigit() else None,
    )
