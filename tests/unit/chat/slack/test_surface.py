"""Who will see an answer in Slack, and what all of them may be shown."""

from collections.abc import Collection
from dataclasses import replace

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.audience import Grant, Grants
from bot.chat.slack.directory import Directory
from bot.chat.slack.surface import SlackSurface
from bot.chat.slack.terms import SHARED
from bot.core.access import Audience, Principal
from bot.core.errors import Unavailable
from bot.core.inbox import Incoming, Kind
from tests.fakes.shown import Thread, asked
from tests.fakes.slack import Slack
from tests.fakes.slack.faults import CUT_BEFORE, Refuse

HR = Principal("grp:hr")
PARTNERS = Principal("grp:partners")
GRANTS = Grants(
    channels={
        "CJINJI": Grant(principals=frozenset({HR})),
        "CGENERAL": Grant(principals=frozenset({HR})),
        "CWITHPARTNER": Grant(principals=frozenset({PARTNERS}), external=True),
        "CPROJECT": Grant(principals=frozenset({HR})),
    },
    groups={"SSOUMUTEAM": frozenset({HR})},
    people={"USUZUKI": frozenset({PARTNERS})},
)


async def seen(
    slack: Slack,
    where: str,
    *,
    who: str = "tanaka",
    trusting: bool = False,
    **more: object,
) -> Audience:
    """Who sees the answer to something that is asked."""
    client = AsyncWebClient(
        token=slack.bot_token, base_url=slack.url, retry_handlers=[]
    )
    surface = SlackSurface(
        Directory(client, team="TSHIRUBE"),
        Thread(slack).showings,
        GRANTS,
        trusting=trusting,
    )
    channel = slack.dm(who) if where == "dm" else where
    said = await slack.say(who, channel, "有給は何日？")
    incoming: Incoming = asked(said)
    return await surface.audience(replace(incoming, **more))  # type: ignore[arg-type]


def held(audience: Audience) -> Collection[str]:
    return set(audience.principals)


async def test_row_32_a_channel_sees_what_all_of_it_may(slack: Slack) -> None:
    assert held(await seen(slack, "総務")) == {"pub"}
    assert held(await seen(slack, "general")) == {"pub"}
    assert held(await seen(slack, "jinji", who="sato")) == {"pub", "grp:hr"}


async def test_row_33_one_person_sees_what_that_person_holds(slack: Slack) -> None:
    audience = await seen(slack, "dm")

    assert held(audience) == {"pub", "grp:hr", "usr:mail:tanaka@shirube.example"}
    assert audience.limited is None


async def test_a_command_is_answered_for_one_person(slack: Slack) -> None:
    audience = await seen(slack, "総務", kind=Kind.COMMAND)

    assert "usr:mail:tanaka@shirube.example" in held(audience)


async def test_row_34_a_shared_channel_sees_what_outsiders_may(slack: Slack) -> None:
    audience = await seen(slack, "with-partner")

    assert held(audience) == {"grp:partners"}
    assert "社外と共有" in (audience.limited or "")


async def test_row_34_what_slack_calls_shared_is_shared(slack: Slack) -> None:
    """Whatever the channel itself is said to be."""
    audience = await seen(slack, "総務", hints={SHARED: True})

    assert held(audience) == set()
    assert audience.limited is not None


async def test_row_35_guests_limit_a_channel_unless_they_are_trusted(
    slack: Slack,
) -> None:
    strict = await seen(slack, "project")
    trusting = await seen(slack, "project", trusting=True)

    assert held(strict) == set()
    assert "ゲスト" in (strict.limited or "")
    assert held(trusting) == {"pub"}


@pytest.mark.parametrize("trusting", [True, False])
async def test_trap_18_a_guest_alone_sees_what_was_granted(
    slack: Slack, *, trusting: bool
) -> None:
    audience = await seen(slack, "dm", who="suzuki", trusting=trusting)

    assert held(audience) == {"grp:partners"}
    assert audience.limited is not None


async def test_row_36_a_channel_that_slack_does_not_tell_of_sees_nothing(
    slack: Slack,
) -> None:
    slack.faults.always("conversations.members", Refuse("fetch_members_failed"))

    audience = await seen(slack, "jinji", who="sato")

    assert held(audience) == set()
    assert audience.limited is not None


async def test_row_36_a_slack_that_is_away_is_no_permission(slack: Slack) -> None:
    slack.faults.always("conversations.info", CUT_BEFORE)

    with pytest.raises(Unavailable):
        await seen(slack, "総務")


async def test_row_46_who_left_sees_nothing(slack: Slack) -> None:
    incoming_from = slack.workspace.user("tanaka")
    said = await slack.say("tanaka", slack.dm("tanaka"), "有給は何日？")
    incoming_from.deleted = True
    client = AsyncWebClient(
        token=slack.bot_token, base_url=slack.url, retry_handlers=[]
    )
    surface = SlackSurface(
        Directory(client, team="TSHIRUBE"), Thread(slack).showings, GRANTS
    )

    audience = await surface.audience(asked(said))

    assert held(audience) == set()
    assert audience.limited is not None
