"""Looks for ids in the settings that Slack does not know: they have no effect."""

from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.audience import Grants
from bot.chat.slack.refusals import FAILURES, Denied, meaning_of


async def strangers(
    client: AsyncWebClient, grants: Grants, /, *, experts: Mapping[str, str]
) -> list[str]:
    """Return a sentence for each id that Slack does not know, or hides from the bot.

    What Slack does not tell now, or may not tell for want of a scope, is left out.
    """
    channels = [found async for found in _channels(client, grants.channels)]
    groups = {f"slack.groups.{group}": group for group in grants.groups} | {
        f"slack.channels.{channel}.ask_group": group
        for channel, group in experts.items()
    }
    people = [found async for found in _people(client, grants.people)]
    return [*channels, *await _groups(client, groups), *people]


async def _channels(
    client: AsyncWebClient, channels: Iterable[str]
) -> AsyncIterator[str]:
    for channel in channels:
        refused = await _refusal(client.conversations_info(channel=channel))
        if refused == "channel_not_found":
            yield (
                f"slack.channels.{channel}: Slack shows the bot no such channel; "
                "correct the id, or invite the bot there if it is private"
            )


async def _groups(client: AsyncWebClient, groups: Mapping[str, str]) -> list[str]:
    if not groups:
        return []
    try:
        answer = await client.usergroups_list()
    except FAILURES:
        return []
    known = {group["id"] for group in answer["usergroups"]}
    return [
        f"{setting}: Slack knows no such user group; correct the id, or switch the "
        "group on again"
        for setting, group in groups.items()
        if group not in known
    ]


async def _people(client: AsyncWebClient, people: Iterable[str]) -> AsyncIterator[str]:
    for person in people:
        if await _refusal(client.users_info(user=person)) == "user_not_found":
            yield f"slack.people.{person}: Slack knows no such person; correct the id"


async def _refusal(call: Awaitable[Any]) -> str | None:
    try:
        await call
    except FAILURES as error:
        meant = meaning_of(error)
        return meant.code if isinstance(meant, Denied) else None
    return None
