"""The people of an export, from the tables of old and new versions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from connectors.confluence.objects import Object
from connectors.confluence.space import Person


def people_of(users: Mapping[str, Sequence[Object]], /) -> Iterator[tuple[str, Person]]:
    """Yield users by login, account and key: a later name wins over an earlier.

    Otherwise somebody could choose the key of another person as login.
    """
    accounts = _accounts(users["InternalUser"])
    found = [_old_person(user) for user in users["DefaultHibernateUser"]]
    for user in users["ConfluenceUserImpl"]:
        login = (user.value("lowerName") or user.value("name")).lower()
        found.append(_person(user, login, accounts.get(login)))
    for name in ("login", "account", "key"):
        for person in found:
            if getattr(person, name):
                yield getattr(person, name), person


def _old_person(user: Object) -> Person:
    return Person(
        key=user.value("name"),
        login=user.value("name").lower(),
        display_name=_name_to_show(user.value("fullName")),
        mail=_mail(user.value("email")),
    )


def _person(user: Object, login: str, account: Object | None) -> Person:
    mail = user.value("email")
    return Person(
        key=user.id,
        login=login,
        account=user.value("atlassianAccountId"),
        display_name=_name_to_show(account.value("displayName")) if account else None,
        mail=_mail(mail or (account.value("emailAddress") if account else "")),
        active=account is None or account.value("active") != "false",
    )


def _accounts(users: Iterable[Object]) -> dict[str, Object]:
    """Return the accounts by login, without those that two people share."""
    accounts: dict[str, Object] = {}
    shared: set[str] = set()
    for user in users:
        login = user.value("name").lower()
        other = accounts.setdefault(login, user)
        if other.value("emailAddress").lower() != user.value("emailAddress").lower():
            shared.add(login)
    return {login: user for login, user in accounts.items() if login not in shared}


def _mail(text: str) -> str | None:
    return text.lower() if "@" in text else None


def _name_to_show(text: str) -> str | None:
    """Return a display name that is no address."""
    return " ".join(text.split()) or None if "@" not in text else None
