"""Who may read a page: its restrictions, those of all above it, and the space."""

from collections.abc import Iterable

from connectors.api import PUB, Layers, principal
from connectors.confluence.space import Content, Page, Subject

UNKNOWN: Layers = ()


def layers_of(
    page: Page, content: Content, /, *, given: Layers, needs_ancestors: bool
) -> Layers:
    """Return who may read a page; unknown wherever a part of the answer is missing.

    `given` is the operator's setting: it narrows, and stands for the rights of a
    space that comes without any. Only the operator may say that missing ancestors
    restrict nothing.
    """
    chain: list[Page] = [page]
    for above in content.ancestors(page):
        if above is not None:
            chain.append(above)
        elif needs_ancestors:
            return UNKNOWN
    layers: list[frozenset[str]] = []
    for node in chain:
        restrictions = content.restrictions.of(node)
        if restrictions is None:
            return UNKNOWN
        layers += [_principals(subjects, content) for subjects in restrictions]
    viewers = content.viewers.get(page.space)
    if viewers is not None:
        layers.append(_principals(viewers, content))
    elif not given:
        return UNKNOWN
    distinct = tuple(dict.fromkeys([*layers, *given]))
    return distinct if all(distinct) else UNKNOWN


def _principals(subjects: Iterable[Subject], content: Content) -> frozenset[str]:
    found = {name for subject in subjects for name in _names(subject, content)}
    return frozenset({PUB}) if PUB in found else frozenset(found)


def _names(subject: Subject, content: Content) -> Iterable[str]:
    if subject.everyone:
        return [PUB]
    if subject.group:
        return [principal("grp:confluence", subject.group)]
    return _names_of_user(subject.user, content) if subject.user else []


def _names_of_user(key: str, content: Content) -> Iterable[str]:
    person = content.person(key)
    if person is None:
        return [principal("usr:confluence", key)]
    if not person.active:
        return []
    names = {person.key, person.account or person.key}
    mail = [principal("usr:mail", person.mail)] if person.mail else []
    return [*(principal("usr:confluence", name) for name in names), *mail]
