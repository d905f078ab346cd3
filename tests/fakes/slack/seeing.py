"""What people see of the bot's messages: pings, links, previews, whispers."""

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.fakes.slack.limits import links_in
from tests.fakes.slack.model import Json, Message, User
from tests.fakes.slack.platform import Platform

_PING = re.compile(r"<(![a-z]+|!subteam\^\w+|@\w+)(?:\|[^>]*)?>")


def pings(message: Message) -> list[str]:
    """Whom a message notifies: `!channel`, `!subteam^S…`, `@U…`.

    Slack's documentation does not say that `markdown` is spared, so it counts.
    """
    return _PING.findall(_everything(message))


def links(message: Message) -> list[str]:
    """Every address in a message: in texts, buttons, images."""
    return list(dict.fromkeys(links_in(_everything(message))))


def previews(message: Message) -> list[str]:
    """The links whose pages Slack would show below a message.

    A post can forbid it; a stream has no such argument.
    """
    if message.unfurl_links is False and message.unfurl_media is False:
        return []
    return links_in(message.reads)


def whispers(platform: Platform, user: User) -> list[Message]:
    """The ephemeral messages a person sees, until they load the client again.

    One in a thread is shown only if the thread had replies when it came.
    """
    return [
        message
        for message in platform.workspace.ephemerals
        if message.ephemeral_to == user.id and not message.deleted
        if message.thread_ts is None or _thread_was_active(platform, message)
    ]


def reload(platform: Platform, user: User) -> None:
    """Open the client again: ephemeral messages are gone."""
    for message in platform.workspace.ephemerals:
        if message.ephemeral_to == user.id:
            message.deleted = True


def outbound(platform: Platform, response_urls: list[Json]) -> str:
    """Everything the bot ever sent, as one text to search."""
    called = [[call.method, call.args] for call in platform.calls]
    acked = [delivery.answer for delivery in platform.courier.deliveries]
    return json.dumps([called, acked, response_urls], ensure_ascii=False)


def _thread_was_active(platform: Platform, message: Message) -> bool:
    where = platform.workspace.channels[message.channel]
    replies = where.threads.get(message.root, [])
    return any(reply.ts < message.ts for reply in replies)


def _everything(message: Message) -> str:
    stream = message.stream.text if message.stream else ""
    content = [message.text, stream, message.blocks, message.attachments]
    return "\n".join(_strings(content))


def _strings(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, list | dict):
        for item in part.values() if isinstance(part, dict) else part:
            yield from _strings(item)
