"""Who will see an answer and what all of them may be shown, on any chat platform.

The rules know no platform: an adapter says what it found out about a channel and a
person, the settings say what was granted, and what is unknown counts as outside.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never

from bot.core.access import PUB, Audience, Principal, principal
from bot.core.model import Language
from bot.text import phrases


class Standing(StrEnum):
    """What a person is to the team whose documents these are."""

    MEMBER = "member"
    GUEST = "guest"
    STRANGER = "stranger"
    """Of another team, or of an organisation that says no more."""
    LEFT = "left"
    MACHINE = "machine"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody on a platform; `groups` are the platform's ids of groups."""

    id: str
    standing: Standing
    email: str | None = None
    groups: frozenset[str] = frozenset()


class Company(StrEnum):
    """Who is in a channel, now or later, besides members of the team."""

    INSIDE = "inside"
    GUESTS = "guests"
    SHARED = "shared"
    """People of other teams, who are in it, invited, or may join."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A place that several people read; a thread is that of its channel."""

    id: str
    private: bool
    company: Company


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What the operator lets a channel see; `external` with outsiders in it too."""

    principals: frozenset[Principal]
    external: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """What the operator granted, by the platform's ids of channels, groups, people."""

    channels: Mapping[str, Grant] = field(default_factory=dict)
    groups: Mapping[str, frozenset[Principal]] = field(default_factory=dict)
    people: Mapping[str, frozenset[Principal]] = field(default_factory=dict)


def of_channel(channel: Channel, grants: Grants, language: Language, /) -> Audience:
    """Return the audience of an answer in a channel: what everyone there may see.

    The asker's own rights add nothing. What goes beyond `pub` is for private channels,
    which nobody joins unasked; outsiders see only what was granted for them.
    """
    granted = grants.channels.get(channel.id)
    match channel.company:
        case Company.INSIDE:
            beyond = granted.principals if granted and channel.private else frozenset()
            return Audience(principals=beyond | {PUB})
        case Company.GUESTS:
            return _outside(_external(granted), phrases.LIMITED_GUESTS.say(language))
        case Company.SHARED:
            return _outside(_external(granted), phrases.LIMITED_SHARED.say(language))
        case Company.UNKNOWN:
            reason = phrases.LIMITED_UNKNOWN_CHANNEL.say(language)
            return _outside(frozenset(), reason)
        case _:
            assert_never(channel.company)


def of_person(person: Person, grants: Grants, language: Language, /) -> Audience:
    """Return the audience of an answer that one person alone will read."""
    match person.standing:
        case Standing.MEMBER:
            return Audience(principals=_held(person, grants) | {PUB})
        case Standing.GUEST | Standing.STRANGER:
            mine = grants.people.get(person.id, frozenset())
            return _outside(mine, phrases.LIMITED_OUTSIDER.say(language))
        case Standing.LEFT | Standing.MACHINE | Standing.UNKNOWN:
            return _outside(frozenset(), phrases.LIMITED_UNKNOWN_PERSON.say(language))
        case _:
            assert_never(person.standing)


def _held(person: Person, grants: Grants) -> frozenset[Principal]:
    held = set(grants.people.get(person.id, ()))
    for group in person.groups:
        held |= grants.groups.get(group, frozenset())
    if person.email:
        held.add(principal(f"usr:mail:{person.email.lower()}"))
    return frozenset(held)


def _external(granted: Grant | None) -> frozenset[Principal]:
    return granted.principals if granted and granted.external else frozenset()


def _outside(principals: AbstractSet[Principal], reason: str) -> Audience:
    return Audience(principals=frozenset(principals) - {PUB}, limited=reason)
