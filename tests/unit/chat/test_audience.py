"""What an audience holds is what each of its readers may see."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.audience import (
    Channel,
    Company,
    Grant,
    Grants,
    Person,
    Standing,
    of_channel,
    of_person,
)
from bot.core.access import PUB, Principal, principal
from bot.core.model import Language

JA, EN = Language.JA, Language.EN
HR = principal("grp:人事部")
FINANCE = principal("grp:経理")
MAIL = principal("usr:mail:tanaka@example.jp")
GRANTS = Grants(
    channels={
        "C1": Grant(principals=frozenset({HR})),
        "C2": Grant(principals=frozenset({HR, PUB}), external=True),
    },
    groups={"S1": frozenset({FINANCE})},
    people={"U1": frozenset({HR}), "U9": frozenset({FINANCE, PUB})},
)


def channel(name: str, company: Company, *, private: bool = True) -> Channel:
    return Channel(id=name, private=private, company=company)


def test_a_private_channel_sees_what_it_was_granted() -> None:
    audience = of_channel(channel("C1", Company.INSIDE), GRANTS, JA)

    assert audience.principals == {PUB, HR}
    assert audience.limited is None


def test_a_public_channel_sees_what_everybody_inside_sees() -> None:
    audience = of_channel(channel("C1", Company.INSIDE, private=False), GRANTS, JA)

    assert audience.principals == {PUB}


def test_a_guest_takes_from_a_channel_what_was_not_opened_to_outsiders() -> None:
    audience = of_channel(channel("C1", Company.GUESTS), GRANTS, JA)

    assert audience.principals == frozenset()
    assert audience.limited == "ゲストがいるため、社外公開可の文書だけで回答"


def test_outsiders_see_what_was_opened_to_them_and_never_what_is_open_inside() -> None:
    audience = of_channel(channel("C2", Company.SHARED), GRANTS, EN)

    assert audience.principals == {HR}
    assert audience.limited
    assert "outsiders" in audience.limited


def test_a_channel_that_cannot_be_looked_up_sees_nothing() -> None:
    assert not of_channel(channel("C2", Company.UNKNOWN), GRANTS, JA).principals


def test_a_member_holds_address_groups_and_own_grants() -> None:
    asker = Person(
        id="U1",
        standing=Standing.MEMBER,
        email="Tanaka@Example.JP",
        groups=frozenset({"S1", "S9"}),
    )

    assert of_person(asker, GRANTS, JA).principals == {PUB, HR, FINANCE, MAIL}


@pytest.mark.parametrize("standing", [Standing.GUEST, Standing.STRANGER])
def test_an_outsider_holds_only_what_was_granted_by_name(standing: Standing) -> None:
    asker = Person(
        id="U9", standing=standing, email="x@example.jp", groups=frozenset({"S1"})
    )

    assert of_person(asker, GRANTS, JA).principals == {FINANCE}


@pytest.mark.parametrize(
    "standing", [Standing.LEFT, Standing.MACHINE, Standing.UNKNOWN]
)
def test_who_has_left_or_is_not_known_holds_nothing(standing: Standing) -> None:
    audience = of_person(Person(id="U1", standing=standing), GRANTS, JA)

    assert not audience.principals
    assert audience.limited == "あなたの権限を確認できないため、文書は使っていません"


# --- the oracle ----------------------------------------------------------------

NAMES = st.sampled_from(["pub", "grp:人事部", "grp:経理", "grp:eng", "grp:eng-ops"])
PRINCIPALS = st.frozensets(NAMES.map(principal), max_size=4)
IDS = st.sampled_from(["A", "B", "C"])
GRANT = st.builds(Grant, principals=PRINCIPALS, external=st.booleans())
GRANTED = st.builds(
    Grants,
    channels=st.dictionaries(IDS, GRANT),
    groups=st.dictionaries(IDS, PRINCIPALS),
    people=st.dictionaries(IDS, PRINCIPALS),
)
CHANNELS = st.builds(
    Channel, id=IDS, private=st.booleans(), company=st.sampled_from(Company)
)
PEOPLE = st.builds(
    Person,
    id=IDS,
    standing=st.sampled_from(Standing),
    email=st.none() | st.just("a@example.jp"),
    groups=st.frozensets(IDS),
)


def channel_may(held: Principal, where: Channel, grants: Grants) -> bool:
    """The rule for a channel again, as one sentence for each principal."""
    grant = grants.channels.get(where.id, Grant(principals=frozenset()))
    inside = where.company is Company.INSIDE
    outside = where.company in {Company.GUESTS, Company.SHARED}
    if held == PUB:
        return inside
    return held in grant.principals and (
        (inside and where.private) or (outside and grant.external)
    )


def person_may(held: Principal, who: Person, grants: Grants) -> bool:
    """The rule for a person again."""
    named = held in grants.people.get(who.id, ())
    member = who.standing is Standing.MEMBER
    if member:
        grouped = any(held in grants.groups.get(each, ()) for each in who.groups)
        addressed = who.email is not None and held == f"usr:mail:{who.email}"
        return named or grouped or addressed or held == PUB
    outsider = who.standing in {Standing.GUEST, Standing.STRANGER}
    return named and outsider and held != PUB


EVERY = [
    principal(name)
    for name in (
        *("pub", "grp:人事部", "grp:経理", "grp:eng", "grp:eng-ops"),
        *("usr:mail:a@example.jp", "usr:mail:b@example.jp", "grp:A"),
    )
]


@settings(deadline=None, max_examples=400)
@given(CHANNELS, GRANTED)
def test_row_48_a_channel_holds_exactly_what_the_rule_says(
    where: Channel, grants: Grants
) -> None:
    held = of_channel(where, grants, JA).principals

    assert held == {each for each in EVERY if channel_may(each, where, grants)}


@settings(deadline=None, max_examples=400)
@given(PEOPLE, GRANTED)
def test_row_48_a_person_holds_exactly_what_the_rule_says(
    who: Person, grants: Grants
) -> None:
    held = of_person(who, grants, EN).principals

    assert held == {each for each in EVERY if person_may(each, who, grants)}
