"""Looks where the bot could not hear what the settings want it to answer unasked."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.slack.refusals import FAILURES

_HEARING: Final = {
    "channels": ("channels:history", "message.channels"),
    "groups": ("groups:history", "message.groups"),
    "mpim": ("mpim:history", "message.mpim"),
}
"""The scope and the event by which messages of each kind of channel come."""


async def deaf(
    client: AsyncWebClient, channels: Iterable[str], /, *, scopes: Collection[str]
) -> list[str]:
    """Return a sentence for each channel whose messages do not reach the bot.

    Channels that Slack does not show the bot are left to `strangers`.
    """
    found = [
        (name, channel)
        for name in channels
        if (channel := await _shown(client, name)) is not None
    ]
    return [
        f"slack.channels.{name}.auto_answer: {why}"
        for name, channel in found
        if (why := _deaf(channel, scopes)) is not None
    ]


async def _shown(client: AsyncWebClient, channel: str) -> Mapping[str, Any] | None:
    try:
        answer = await client.conversations_info(channel=channel)
    except FAILURES:
        return None
    shown: Mapping[str, Any] = answer["channel"]
    return shown


def _deaf(channel: Mapping[str, Any], scopes: Collection[str]) -> str | None:
    scope, event = _HEARING[_kind(channel)]
    if scope not in scopes:
        return (
            f"without the scope {scope} the bot hears nothing there; add it under "
            f"OAuth & Permissions, and {event} under Event Subscriptions, and install "
            "the app again"
        )
    if not channel.get("is_member"):
        return "the bot is not in that channel, and hears nothing there; invite it"
    return None


def _kind(channel: Mapping[str, Any]) -> str:
    if channel.get("is_mpim"):
        return "mpim"
    return "groups" if channel.get("is_private") else "channels"
