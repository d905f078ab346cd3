"""Who may read what, as the rows of an export say it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from connectors.confluence.objects import Object
from connectors.confluence.origin import Origin
from connectors.confluence.space import Page, Subject

_ANONYMOUS = "anonymous-users"
_EVERYBODY = "authenticated-users"
_EDIT = "edit"  # does not matter for reading


class Restrictions:
    """The View sets of every page, whichever side names the other."""

    def __init__(self) -> None:
        self._members: dict[str, tuple[str, ...]] = {}
        self._edit: set[str] = set()
        self._owned: defaultdict[str, list[str]] = defaultdict(list)
        self._subjects: dict[str, Subject] = {}
        self._joined: defaultdict[str, list[str]] = defaultdict(list)

    def add_set(self, found: Object, /) -> None:
        """Take a ContentPermissionSet."""
        self._members[found.id] = tuple(found.lists.get("contentPermissions", ()))
        self._owned[found.references.get("owningContent", "")].append(found.id)
        if found.value("type").lower() == _EDIT:
            self._edit.add(found.id)

    def add_permission(self, found: Object, /) -> None:
        """Take a ContentPermission."""
        if found.value("type").lower() == _EDIT:
            return
        group = found.value("groupName") or None
        self._subjects[found.id] = Subject(user=_user_of(found), group=group)
        self._joined[found.references.get("owningSet", "")].append(found.id)

    def of(self, page: Page, /) -> tuple[tuple[Subject, ...], ...] | None:
        """Return whom each View set names; None if a set is not in the export.

        What is missing may be a View set.
        """
        ids = dict.fromkeys([*page.sets, *self._owned.get(page.id, ())])
        if any(id_ not in self._members for id_ in ids):
            return None
        views = (id_ for id_ in ids if id_ not in self._edit)
        return tuple(tuple(self._subjects_of(id_)) for id_ in views)

    def _subjects_of(self, id_: str) -> Iterator[Subject]:
        members = [*self._members[id_], *self._joined.get(id_, ())]
        for member in dict.fromkeys(members):
            if member in self._subjects:
                yield self._subjects[member]


def _user_of(permission: Object) -> str | None:
    user = permission.references.get("userSubject") or permission.value("userName")
    return user or None


def viewers_of(
    permissions: Iterable[Object], origin: Origin
) -> dict[str, tuple[Subject, ...]]:
    """Return who may see each space.

    Anonymous rights to a space count only where the site as a whole has them, which
    an export of a single space cannot say.
    """
    rows = list(permissions)
    is_open = not origin.is_whole_site or any(
        "space" not in row.references and _is_anonymous(row, origin) for row in rows
    )
    viewers: defaultdict[str, list[Subject]] = defaultdict(list)
    for row in rows:
        space = row.references.get("space")
        if space is None or row.value("type") != "VIEWSPACE":
            continue
        everyone = row.value("allUsersSubject") == _EVERYBODY
        everyone = everyone or (is_open and _is_anonymous(row, origin))
        viewers[space].append(
            Subject(
                user=_user_of(row),
                group=row.value("group") or None,
                everyone=everyone,
            )
        )
    return {space: tuple(subjects) for space, subjects in viewers.items()}


def _is_anonymous(row: Object, origin: Origin) -> bool:
    """Whether a right is given to whoever comes.

    Server means that by naming nobody; Cloud says it, and a row there that names
    nobody is a row that lost its subject.
    """
    subject = row.value("allUsersSubject")
    if subject or origin.is_cloud:
        return subject == _ANONYMOUS
    return not row.value("group") and _user_of(row) is None
