"""What people do with messages: write, edit, delete, react, share, invite."""

from collections.abc import Iterable
from uuid import uuid4

from tests.fakes.slack import events, posting, shapes
from tests.fakes.slack.app import MESSAGE_EVENTS
from tests.fakes.slack.limits import links_in
from tests.fakes.slack.model import Channel, File, Json, Message, User
from tests.fakes.slack.platform import Platform
from tests.fakes.slack.workspace import Who
from tests.fakes.slack.writing import rich_text, typed


class NotPossible(Exception):
    """Slack's client does not let a person do this."""


async def say(
    platform: Platform,
    author: User,
    where: Channel,
    text: str,
    *,
    thread: Message | str | None = None,
    broadcast: bool = False,
    files: Iterable[File] = (),
) -> Message:
    """Write a message; `@name` becomes a mention where somebody is called so."""
    if author.deleted or author.id not in where.members:
        raise NotPossible(f"{author.name} cannot write in #{where.name}")
    root = thread.root if isinstance(thread, Message) else thread
    message = posting.new_message(
        platform, where, author, typed(platform.workspace, text), thread_ts=root
    )
    message.files = list(files)
    message.subtype = "file_share" if message.files else None
    message.broadcast = broadcast
    if author.bot_id is None:
        message.client_msg_id = str(uuid4())
    if text:
        message.blocks = rich_text(message.text, f"{message.ts[-6:]}-0")
    await posting.post(platform, message, made_by="person")
    return message


async def classic_bot_says(
    platform: Platform, bot: User, where: Channel, text: str
) -> Message:
    """Post as old integrations do: subtype `bot_message`, no user."""
    message = posting.new_message(platform, where, bot, typed(platform.workspace, text))
    message.subtype = "bot_message"
    await posting.post(platform, message, made_by="person")
    return message


async def edit(platform: Platform, message: Message, text: str) -> None:
    """Edit a message; a mention that is added this way makes no `app_mention`."""
    written = typed(platform.workspace, text)
    blocks = rich_text(written, f"{message.ts[-6:]}-{len(message.history)}")
    await posting.change(
        platform, message, made_by="person", text=written, blocks=blocks
    )


async def unfurl(platform: Platform, message: Message) -> None:
    """Show previews of a message's links: a change without an edit."""
    before = shapes.message(platform, message)
    message.attachments = [
        {"id": place + 1, "from_url": link, "title": "preview", "fallback": link}
        for place, link in enumerate(links_in(message.text))
    ]
    posting.keep(platform, message, "unfurl")
    await events.changed(platform, message, before)


async def react(
    platform: Platform, user: User, message: Message, name: str, *, added: bool
) -> None:
    """Add a reaction to a message, or take it back."""
    users = message.reactions.setdefault(name, [])
    if added and user.id not in users:
        users.append(user.id)
    if not added:
        users.remove(user.id)
    await events.reacted(platform, message, user, name=name, added=added)


def new_file(platform: Platform, author: User, where: Channel, file: Json) -> File:
    """Upload a file; in a shared channel others get its id only."""
    uploaded = File(
        id=platform.workspace.new_id("F"),
        name=file["name"],
        mimetype=file["mimetype"],
        content=file["content"],
        user=author.id,
        guarded=where.ext_shared,
    )
    platform.workspace.files[uploaded.id] = uploaded
    return uploaded


async def invite(platform: Platform, user: Who, where: Channel) -> None:
    """Bring somebody into a channel."""
    person = platform.workspace.user(user)
    if person.id in where.members:
        return
    where.members.append(person.id)
    text = f"<@{person.id}> has joined the channel"
    notice = posting.new_message(platform, where, person, text)
    notice.subtype = "channel_join"
    await posting.post(platform, notice, made_by="person")
    await events.joined(platform, person, where)


async def leave(platform: Platform, user: Who, where: Channel) -> None:
    """Have somebody go out of a channel."""
    person = platform.workspace.user(user)
    where.members.remove(person.id)
    await events.joined(platform, person, where, kind="member_left_channel")


async def share(platform: Platform, where: Channel, team: str) -> None:
    """Let another company into a channel, also in the middle of a thread."""
    where.pending_with.discard(team)
    where.shared_with.add(team)
    event = {
        "type": "channel_shared",
        "connected_team_id": team,
        "channel": where.id,
        "event_ts": platform.workspace.new_ts(platform.clock.now()),
    }
    await events.emit(platform, "channel_shared", event, where)


async def odd_event(platform: Platform, where: Channel, event: Json) -> None:
    """Deliver an event of any shape, to see what the app makes of it."""
    subscription = MESSAGE_EVENTS[where.kind]
    if platform.app.hears(subscription):
        payload = events.callback(platform, event, where)
        await platform.courier.send("events_api", payload)
