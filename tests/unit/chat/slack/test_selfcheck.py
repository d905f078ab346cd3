"""Before anything begins the bot looks whether Slack will let it do its work."""

from datetime import timedelta
from pathlib import Path

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.audience import Grant, Grants
from bot.chat.slack.deafness import deaf
from bot.chat.slack.selfcheck import NEEDED, WANTED, Found, look
from bot.chat.slack.strangers import strangers
from bot.core.access import Principal
from bot.core.errors import ConfigError, Unavailable
from tests.fakes.certificates import certificates
from tests.fakes.connect_proxy import connect_proxy
from tests.fakes.slack import Slack, slack_server
from tests.fakes.slack.faults import CUT_BEFORE, Fail, Refuse

NOTHING = Grant(principals=frozenset())


async def looked(
    slack: Slack, *, bot: str = "", app: str = "", skew: float = 0.0
) -> Found:
    client = AsyncWebClient(
        token=bot or slack.bot_token, base_url=slack.url, retry_handlers=[]
    )
    return await look(
        client,
        app or slack.app_token,
        clock=lambda: slack.clock.datetime() + timedelta(seconds=skew),
    )


async def test_all_is_well(slack: Slack) -> None:
    found = await looked(slack)

    assert (found.us.team, found.us.user) == ("TSHIRUBE", "USHIRUBE")
    assert found.us.bot == "BSHIRUBE"
    assert found.lacking == ()
    assert abs(found.skew) < 5


@pytest.mark.parametrize(
    ("code", "told"),
    [("invalid_auth", "refuses it"), ("token_revoked", "refuses it")],
)
async def test_trap_29_a_bad_token_of_the_bot_is_told(
    slack: Slack, code: str, told: str
) -> None:
    slack.faults.next("auth.test", Refuse(code))

    with pytest.raises(ConfigError, match=r"slack\.bot_token") as caught:
        await looked(slack)
    assert told in str(caught.value)
    assert code in str(caught.value)


async def test_trap_29_both_tokens_are_looked_at_at_once(slack: Slack) -> None:
    with pytest.raises(ConfigError) as caught:
        await looked(slack, bot="xoxb-wrong", app="xapp-wrong")

    first, second = str(caught.value).splitlines()
    assert first.startswith("slack.bot_token")
    assert second.startswith("slack.app_token")
    assert "xapp-wrong" not in second


async def test_an_app_token_without_its_scope_is_told(slack: Slack) -> None:
    slack.issue_token("xapp-poor", kind="app")

    with pytest.raises(ConfigError, match=r"connections:write; make another"):
        await looked(slack, app="xapp-poor")


async def test_an_app_whose_socket_mode_is_off_is_told_what_to_do(
    slack: Slack,
) -> None:
    slack.app.socket_mode = False

    with pytest.raises(ConfigError, match=r"forbidden_team\); switch Socket Mode on"):
        await looked(slack)


@pytest.mark.parametrize("scope", NEEDED)
async def test_a_scope_that_is_needed_is_told(slack: Slack, scope: str) -> None:
    slack.app.scopes.remove(scope)

    with pytest.raises(ConfigError, match=f"lacks the scope {scope}: "):
        await looked(slack)


@pytest.mark.parametrize("scope", WANTED)
async def test_a_scope_that_is_wanted_only_is_mentioned(
    slack: Slack, scope: str
) -> None:
    slack.app.scopes.remove(scope)

    [lacking] = (await looked(slack)).lacking

    assert f"scope {scope}: {WANTED[scope]}" in lacking


async def test_trap_50_a_channel_nobody_knows_is_mentioned(slack: Slack) -> None:
    client = AsyncWebClient(
        token=slack.bot_token, base_url=slack.url, retry_handlers=[]
    )

    granted = dict.fromkeys(["CSOUMU", "C0NOWHERE", "CSECRET"], NOTHING)
    [unknown, closed] = await strangers(client, Grants(channels=granted), experts={})

    assert "slack.channels.C0NOWHERE" in unknown
    assert "invite the bot" in closed


@pytest.mark.parametrize("scope", [True, False])
async def test_trap_50_groups_and_people_nobody_knows_are_mentioned(
    slack: Slack, *, scope: bool
) -> None:
    """Of groups nothing is said where Slack does not tell: that scope is mentioned."""
    client = by_way_of(slack, None)
    [group] = slack.workspace.usergroups
    nobody = frozenset[Principal]()
    if not scope:
        slack.app.scopes.remove("usergroups:read")
    grants = Grants(
        groups={group: nobody, "S0NOBODY": nobody},
        people={slack.workspace.user("tanaka").id: nobody, "U0NOBODY": nobody},
    )

    found = await strangers(
        client, grants, experts={"CSOUMU": group, "CGENERAL": "S0NOWHERE"}
    )

    [*groups, person] = [sentence.partition(":")[0] for sentence in found]
    assert person == "slack.people.U0NOBODY"
    expected = ["slack.groups.S0NOBODY", "slack.channels.CGENERAL.ask_group"]
    assert groups == (expected if scope else [])
    assert all("correct the id" in sentence for sentence in found)


async def test_groups_and_people_are_not_asked_for_where_none_are_named(
    slack: Slack,
) -> None:
    assert not await strangers(by_way_of(slack, None), Grants(), experts={})
    assert not slack.calls


@pytest.mark.parametrize(
    ("channel", "scope"), [("CSOUMU", "channels:history"), ("CJINJI", "groups:history")]
)
async def test_what_cannot_be_overheard_for_want_of_a_scope_is_mentioned(
    slack: Slack, channel: str, scope: str
) -> None:
    assert not await deaf(
        by_way_of(slack, None), [channel], scopes=(await looked(slack)).scopes
    )
    slack.app.scopes.remove(scope)
    scopes = (await looked(slack)).scopes

    [said] = await deaf(by_way_of(slack, None), [channel, "C0NOWHERE"], scopes=scopes)

    assert said.startswith(f"slack.channels.{channel}.auto_answer: ")
    assert f"without the scope {scope} the bot hears nothing" in said


async def test_a_channel_that_the_bot_is_not_in_cannot_be_overheard(
    slack: Slack,
) -> None:
    scopes = (await looked(slack)).scopes

    [said] = await deaf(by_way_of(slack, None), ["CRANDOM"], scopes=scopes)

    assert said.startswith("slack.channels.CRANDOM.auto_answer: ")
    assert "invite it" in said


async def test_a_clock_that_is_wrong_is_noticed(slack: Slack) -> None:
    assert round((await looked(slack, skew=600)).skew, -1) == 600


@pytest.mark.parametrize(
    "fault", [CUT_BEFORE, Fail(status=429, retry_after=7), Fail(status=503)]
)
async def test_a_slack_that_is_away_is_waited_for(slack: Slack, fault: Fail) -> None:
    slack.faults.next("auth.test", fault)

    with pytest.raises(Unavailable):
        await looked(slack)


def by_way_of(slack: Slack, proxy: str | None) -> AsyncWebClient:
    return AsyncWebClient(
        token=slack.bot_token, base_url=slack.url, proxy=proxy, retry_handlers=[]
    )


async def test_a_proxy_that_is_off_is_named_without_its_password(
    slack: Slack,
) -> None:
    async with connect_proxy(user="bot", password="himitsu") as proxy:
        client = by_way_of(slack, proxy.url)

    with pytest.raises(Unavailable) as caught:
        await look(client, slack.app_token, clock=slack.clock.datetime)

    assert str(caught.value) == (
        f"the proxy at 127.0.0.1:{proxy.port} cannot be reached; start it, or correct "
        "slack.proxy"
    )


@pytest.mark.parametrize("encrypted", [True, False])
async def test_a_wrong_login_at_the_proxy_is_said(
    tmp_path: Path, *, encrypted: bool
) -> None:
    tls = certificates(tmp_path).server if encrypted else None
    async with (
        slack_server(tls=tls) as slack,
        connect_proxy(user="bot", password="himitsu") as proxy,
    ):
        client = by_way_of(slack, proxy.url.replace("himitsu", "chigau"))
        with pytest.raises(Unavailable, match=r"login \(407\).*slack\.proxy") as caught:
            await look(client, slack.app_token, clock=slack.clock.datetime)

    assert "chigau" not in str(caught.value)


async def test_a_proxy_that_lets_nothing_through_is_said(tmp_path: Path) -> None:
    made = certificates(tmp_path)
    async with slack_server(tls=made.server) as slack, connect_proxy() as proxy:
        proxy.broken = True
        client = by_way_of(slack, proxy.url)
        with pytest.raises(Unavailable, match=r"through to Slack \(502\)"):
            await look(client, slack.app_token, clock=slack.clock.datetime)


async def test_an_authority_that_nobody_knows_is_said(tmp_path: Path) -> None:
    made = certificates(tmp_path)
    async with slack_server(tls=made.server) as slack:
        with pytest.raises(Unavailable, match=r"not trusted; set slack\.ca_file"):
            await look(
                by_way_of(slack, None), slack.app_token, clock=slack.clock.datetime
            )
