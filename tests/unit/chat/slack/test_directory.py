"""Slack is asked who people are; what it does not tell is unknown."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.audience import Company, Standing
from bot.chat.slack.directory import FRESH, Directory
from bot.core.errors import Unavailable
from tests.fakes.slack import slack_server
from tests.fakes.slack.faults import Fail
from tests.fakes.slack.model import Guest
from tests.fakes.slack.server import Slack


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with slack_server() as running:
        yield running


@pytest.fixture
def directory(slack: Slack) -> Directory:
    client = AsyncWebClient(
        token=slack.bot_token, base_url=slack.url, retry_handlers=[]
    )
    return Directory(client, team="TSHIRUBE", clock=slack.clock.now)


@pytest.mark.parametrize(
    ("name", "standing"),
    [
        ("tanaka", Standing.MEMBER),
        ("suzuki", Standing.GUEST),
        ("takahashi", Standing.GUEST),
        ("former", Standing.LEFT),
        ("partner", Standing.STRANGER),
        ("deploy-bot", Standing.MACHINE),
    ],
)
async def test_everybody_is_who_slack_says(
    slack: Slack, directory: Directory, name: str, standing: Standing
) -> None:
    person = await directory.person(slack.workspace.user(name).id)

    assert person.standing is standing


async def test_a_member_has_an_address_and_groups(
    slack: Slack, directory: Directory
) -> None:
    person = await directory.person(slack.workspace.user("tanaka").id)

    assert person.email == "tanaka@shirube.example"
    assert person.groups == set(slack.workspace.usergroups)


async def test_who_is_not_found_is_unknown(directory: Directory) -> None:
    assert (await directory.person("UNOBODY")).standing is Standing.UNKNOWN


@pytest.mark.parametrize(
    ("name", "company"),
    [
        ("総務", Company.INSIDE),
        ("jinji", Company.INSIDE),
        ("project", Company.GUESTS),
        ("with-partner", Company.SHARED),
    ],
)
async def test_channels_have_the_company_they_have(
    slack: Slack, directory: Directory, name: str, company: Company
) -> None:
    found = await directory.channel(slack.workspace.channel(name).id)

    assert found.company is company
    assert found.private is (name == "jinji")


async def test_a_channel_the_bot_cannot_see_is_unknown(
    slack: Slack, directory: Directory
) -> None:
    found = await directory.channel(slack.workspace.channel("secret").id)

    assert found.company is Company.UNKNOWN


async def test_a_guest_who_joined_is_noticed_within_five_minutes(
    slack: Slack, directory: Directory
) -> None:
    channel = slack.workspace.channel("総務")
    assert (await directory.channel(channel.id)).company is Company.INSIDE
    channel.members.append(slack.workspace.user("suzuki").id)

    await slack.clock.advance(FRESH)

    assert (await directory.channel(channel.id)).company is Company.GUESTS


async def test_a_channel_that_has_changed_is_asked_about_at_once(
    slack: Slack, directory: Directory
) -> None:
    channel = slack.workspace.channel("総務")
    assert (await directory.channel(channel.id)).company is Company.INSIDE
    channel.shared_with.add("TPARTNER")

    directory.changed(channel.id)

    assert (await directory.channel(channel.id)).company is Company.SHARED


async def test_who_is_missing_from_the_list_of_people_may_be_anybody(
    slack: Slack, directory: Directory
) -> None:
    """The list is some minutes old, and nobody told of who joined."""
    jinji = slack.workspace.channel("jinji")
    assert (await directory.channel(jinji.id)).company is Company.INSIDE
    guest = slack.workspace.add_user("新入り", guest=Guest.MULTI)
    soumu = slack.workspace.channel("総務")
    soumu.members.append(guest.id)

    assert (await directory.channel(soumu.id)).company is Company.UNKNOWN

    await slack.clock.advance(FRESH)

    assert (await directory.channel(soumu.id)).company is Company.GUESTS


async def test_what_changes_while_slack_answers_is_asked_about_again(
    slack: Slack, directory: Directory
) -> None:
    channel = slack.workspace.channel("総務")
    hold = slack.faults.hold("users.list", after_processing=True)
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(directory.channel(channel.id))
        await slack.until(lambda: slack.calls_to("users.list"))
        guest = slack.workspace.add_user("新入り", guest=Guest.MULTI)
        channel.members.append(guest.id)
        directory.changed(channel.id)
        hold.release()
    assert asking.result().company is Company.INSIDE

    assert (await directory.channel(channel.id)).company is Company.GUESTS


async def test_slack_is_asked_once_for_what_is_asked_twice(
    slack: Slack, directory: Directory
) -> None:
    user = slack.workspace.user("tanaka").id
    for _ in range(3):
        await directory.person(user)

    assert [call.method for call in slack.calls].count("users.info") == 1


async def test_people_have_the_name_that_others_see(
    slack: Slack, directory: Directory
) -> None:
    user = slack.workspace.user("tanaka")

    assert await directory.name(user.id) == "tanaka"
    assert await directory.name("U0NOBODY") is None


async def test_a_slack_that_is_down_is_an_error_and_not_nobody(
    slack: Slack, directory: Directory
) -> None:
    await slack.stop()

    with pytest.raises(Unavailable, match="Slack cannot be reached"):
        await directory.person("U1")


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [(Fail(status=429, retry_after=7), 7), (Fail(status=503), None)],
)
async def test_a_slack_that_cannot_answer_says_when_to_come_again(
    slack: Slack, directory: Directory, fault: Fail, seconds: float | None
) -> None:
    """Nothing of that is remembered: nobody is unknown for it."""
    tanaka = slack.workspace.user("tanaka").id
    slack.faults.next("users.info", fault)

    with pytest.raises(Unavailable) as caught:
        await directory.person(tanaka)

    assert caught.value.retry_after == seconds
    assert (await directory.person(tanaka)).standing is Standing.MEMBER


async def test_no_more_people_are_remembered_than_have_a_use(
    slack: Slack, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one who was asked for longest ago is forgotten first."""
    monkeypatch.setattr("bot.chat.slack.directory.KEPT", 2)
    for name in ("tanaka", "sato", "suzuki", "sato", "tanaka"):
        await directory.person(slack.workspace.user(name).id)

    asked = [call.args["user"] for call in slack.calls if call.method == "users.info"]
    names = [slack.workspace.users[user].name for user in asked]
    assert names == ["tanaka", "sato", "suzuki", "tanaka"]
