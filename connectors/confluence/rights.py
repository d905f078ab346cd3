"""Who may read what, as the rows of an export say it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from connectors.confluence.objects import Object
from connectors.confluence.origin import Origin
from connectors.confluence.space import Subject

_ANONYMOUS = "anonymous-users"
_EVERYBODY = "authenticated-users"


class Restrictions:
    """The View sets of every page, whichever side names the other."""

    def __init__(
        self, sets: Mapping[str, Object], permissions: Mapping[str, Object]
    ) -> None:
        self._sets = sets
        self._permissions = permissions
        self._owned: defaultdict[str, list[str]] = defaultdict(list)
        for set_ in self._sets.values():
            self._owned[set_.references.get("owningContent", "")].append(set_.id)
        self._members: defaultdict[str, list[str]] = defaultdict(list)
        for permission in self._permissions.values():
            owner = permission.references.get("owningSet", "")
            self._members[owner].append(permission.id)

    def of(self, page: Object) -> tuple[tuple[Subject, ...], ...] | None:
        """Return the View sets; None if one is missing, for it may be a View set."""
        named = page.lists.get("contentPermissionSets", [])
        ids = dict.fromkeys([*named, *self._owned[page.id]])
        if any(id_ not in self._sets for id_ in ids):
            return None
        sets = (self._sets[id_] for id_ in ids)
        return tuple(
            tuple(self._subjects(set_))
            for set_ in sets
            if set_.value("type").lower() != "edit"
        )

    def _subjects(self, set_: Object) -> Iterator[Subject]:
        named = set_.lists.get("contentPermissions", [])
        for id_ in dict.fromkeys([*named, *self._members[set_.id]]):
            permission = self._permissions.get(id_)
            if permission and permission.value("type").lower() != "edit":
                yield Subject(
                    user=_user_of(permission),
                    group=permission.value("groupName") or None,
                )


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
