"""How messages come, change and go, whoever posts them."""

import re
from collections.abc import Iterable

from tests.fakes.slack import events, shapes
from tests.fakes.slack.model import Channel, Json, Message, Revision, User
from tests.fakes.slack.platform import Platform


def new_message(
    platform: Platform,
    where: Channel,
    author: User,
    text: str,
    *,
    blocks: Iterable[Json] = (),
    thread_ts: str | None = None,
) -> Message:
    """Make a message that is not posted yet."""
    message = Message(
        ts=platform.workspace.new_ts(platform.clock.now()),
        channel=where.id,
        user=author.id,
        team=author.team,
        text=text,
        thread_ts=thread_ts,
        bot_id=author.bot_id,
        app_id=author.app_id,
    )
    message.blocks = with_ids(message.ts, blocks)
    return message


def with_ids(seed: str, blocks: Iterable[Json]) -> list[Json]:
    """Give every block an id, as Slack does."""
    return [
        {**block, "block_id": block.get("block_id") or f"{seed[-6:]}-{place}"}
        for place, block in enumerate(blocks)
    ]


async def post(platform: Platform, message: Message, *, made_by: str) -> None:
    """Show a message to everybody in the channel."""
    platform.workspace.channels[message.channel].add(message)
    keep(platform, message, made_by)
    if message.user == platform.bot.id:
        platform.showing.pop((message.channel, message.root), None)
    await events.posted(platform, message)
    platform.notify()


def keep(platform: Platform, message: Message, made_by: str) -> None:
    """Add to a message's history how it looks now."""
    message.history.append(
        Revision(
            at=platform.clock.now(),
            made_by=made_by,
            text=message.stream.text if message.stream else message.text,
            blocks=tuple(message.blocks),
        )
    )
    platform.notify()


async def change(
    platform: Platform,
    message: Message,
    *,
    made_by: str,
    text: str | None = None,
    blocks: Iterable[Json] | None = None,
) -> None:
    """Edit a message; what is not given stays."""
    before = shapes.message(platform, message)
    if text is not None:
        message.text = text
    if blocks is not None:
        message.blocks = list(blocks)
    if made_by == "person" or not message.blocks:
        at = platform.workspace.new_ts(platform.clock.now())
        message.edited = {"user": message.user, "ts": at}
    keep(platform, message, made_by)
    await events.changed(platform, message, before)


async def delete(platform: Platform, message: Message) -> None:
    """Delete a message; one with replies leaves a tombstone and counts as changed."""
    before = shapes.message(platform, message)
    if platform.workspace.replies_to(message):
        message.tombstone = True
        message.text, message.blocks = "This message was deleted.", []
        await events.changed(platform, message, before)
    else:
        message.deleted = True
        await events.deleted(platform, message, before)
    platform.notify()


def explicit_ids(blocks: Iterable[Json]) -> set[str]:
    """The block ids an app chose itself."""
    ids = {str(block.get("block_id") or "") for block in blocks}
    return {name for name in ids if name and not re.fullmatch(r"\d{6}-\d+", name)}
