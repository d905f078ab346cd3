"""Joins the objects of an export by id, in whatever order they came."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from connectors.confluence.files import Files
from connectors.confluence.objects import Object
from connectors.confluence.origin import Origin
from connectors.confluence.people import people_of
from connectors.confluence.rights import Restrictions, viewers_of
from connectors.confluence.space import Content, Page, Space
from connectors.confluence.spool import Body, BodyType, NoSpool, Spool

_READ = frozenset({"current", "archived"})
_PAGES = frozenset({"Page", "BlogPost", "ContentEntityObject"})
"""Owners of a body that may be pages: the newest exports do not say more."""

# What every page in storage format has, and wiki markup has not.
_STORAGE = re.compile(r"</(?:p|h[1-6]|ul|ol|table|div|span|ac:[a-z-]+)>|<(?:p|br) ?/>")
_RIGHTS = frozenset({"VIEWSPACE", "USECONFLUENCE"})
_UNTITLED = "Untitled"


class Joining:
    """Takes objects one by one; `joined` is everything they are together.

    What is not needed later is let go at once: a site has many old versions.
    """

    def __init__(self, spool: Spool | NoSpool) -> None:
        self._spool = spool
        self._pages: dict[str, Page] = {}
        self._others: set[str] = set()
        self._counts: Counter[str] = Counter()
        self._bodies: dict[str, Body] = {}
        self._of_pages: set[str] = set()
        self._ownerless: dict[str, Body] = {}
        self._spaces: dict[str, Space] = {}
        self._permissions: list[Object] = []
        self._restrictions = Restrictions()
        self._users: defaultdict[str, list[Object]] = defaultdict(list)
        self._labels: dict[str, str] = {}
        self._labelled: list[tuple[str, str]] = []
        self._files = Files()
        self._take: dict[str, Callable[[Object], None]] = {
            "Page": self._add_page,
            "BlogPost": self._add_page,
            "BodyContent": self._add_body,
            "Space": self._add_space,
            "SpacePermission": self._add_permission,
            "ContentPermissionSet": self._restrictions.add_set,
            "ContentPermission": self._restrictions.add_permission,
            "ConfluenceUserImpl": self._add_user,
            "InternalUser": self._add_user,
            "DefaultHibernateUser": self._add_user,
            "Attachment": self._add_attachment,
            "ContentProperty": self._files.add_property,
            "Label": self._add_label,
            "Labelling": self._add_labelling,
        }

    def add(self, found: Object, /) -> None:
        """Take one object."""
        take = self._take.get(found.kind)
        if take:
            take(found)
        else:
            self._others.add(found.id)

    def _add_page(self, found: Object) -> None:
        state = _state(found)
        self._counts[state] += 1
        if state in _READ:
            self._pages[found.id] = _page(found)
        else:
            self._others.add(found.id)
            self._bodies.pop(found.id, None)

    def _add_body(self, found: Object) -> None:
        type_ = _body_type(found)
        owner = found.references.get("content")
        if type_ is BodyType.RAW or owner in self._others:
            return
        body = self._spool.add(type_, found.value("body"))
        if owner is None:
            self._ownerless[found.id] = body
            return
        known = self._bodies.get(owner)
        if known is None or known.type < type_:
            self._bodies[owner] = body
        if found.referred["content"] in _PAGES:
            self._of_pages.add(owner)

    def _add_space(self, found: Object) -> None:
        self._spaces[found.id] = _space(found)

    def _add_permission(self, found: Object) -> None:
        if found.value("type") in _RIGHTS:
            self._permissions.append(found)

    def _add_user(self, found: Object) -> None:
        self._users[found.kind].append(found)

    def _add_attachment(self, found: Object) -> None:
        self._others.add(found.id)
        if _state(found, needs_space=False) == "current":
            self._files.add(found)

    def _add_label(self, found: Object) -> None:
        # Other namespaces hold the favourites of one person.
        if found.value("namespace") == "global":
            self._labels[found.id] = found.value("name")

    def _add_labelling(self, found: Object) -> None:
        label = found.references.get("label")
        content = found.references.get("content")
        if label and content:
            self._labelled.append((label, content))

    def joined(self, origin: Origin, removed: int, /) -> Content:
        """Return everything; `removed` is how many characters were no XML."""
        for page in self._pages.values():
            self._spaces.setdefault(page.space, Space(id=page.space, key="", name=""))
            self._claim_body(page)
        orphans = self._of_pages - self._pages.keys() - self._others
        return Content(
            spaces=self._spaces,
            pages=self._pages,
            bodies=self._bodies,
            people=dict(people_of(self._users)),
            restrictions=self._restrictions,
            viewers=viewers_of(self._permissions, origin),
            labels=dict(self._labels_by_page()),
            attachments=self._files.by_owner(),
            orphans=tuple(sorted(orphans)),
            counts=self._counts,
            written_at=origin.written_at,
            removed=removed,
        )

    def _claim_body(self, page: Page) -> None:
        """Take a body that does not name its owner but is named by it."""
        for id_ in page.named_bodies:
            if id_ in self._ownerless:
                self._bodies.setdefault(page.id, self._ownerless[id_])

    def _labels_by_page(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        found: defaultdict[str, set[str]] = defaultdict(set)
        for label, content in self._labelled:
            if label in self._labels:
                found[content].add(self._labels[label])
        for content, names in found.items():
            yield content, tuple(sorted(names))


def _state(found: Object, *, needs_space: bool = True) -> str:
    """Return `current`, or why something is not.

    Old versions say `current`, too: they have an original, and no space.
    """
    status = found.value("contentStatus") or "current"
    if status in {"draft", "deleted"}:
        return status
    if "originalVersion" in found.references or found.value("originalVersionId"):
        return "history"
    if needs_space and "space" not in found.references:
        return "history"
    return status if status in _READ else "other"


def _body_type(found: Object) -> BodyType:
    """Return the type that a body says; exports of around 2012 say none."""
    named = found.value("bodyType")
    if not named:
        is_markup = _STORAGE.search(found.value("body"))
        return BodyType.STORAGE if is_markup else BodyType.WIKI
    try:
        return BodyType(int(named))
    except ValueError:
        return BodyType.RAW


def _page(found: Object) -> Page:
    return Page(
        id=found.id,
        title=" ".join(found.value("title").split()) or _UNTITLED,
        space=found.references["space"],
        parent=found.references.get("parent"),
        is_blog_post=found.kind == "BlogPost",
        version=found.value("version"),
        modified=found.value("lastModificationDate"),
        modifier=found.references.get("lastModifier")
        or found.value("lastModifierName"),
        archived=found.value("contentStatus") == "archived",
        sets=tuple(found.lists.get("contentPermissionSets", ())),
        named_bodies=tuple(found.lists.get("bodyContents", ())),
    )


def _space(found: Object) -> Space:
    key = found.value("key")
    return Space(
        id=found.id,
        key=key,
        name=" ".join(found.value("name").split()) or key,
        archived=found.value("spaceStatus").upper() == "ARCHIVED",
    )
