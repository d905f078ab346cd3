"""What one person sees of the workspace, as the page draws it."""

import re
from itertools import chain

from tests.fakes.slack import Slack, assistant
from tests.fakes.slack.limits import unescape
from tests.fakes.slack.model import Channel, Json, Kind, Message, User, View


def screen(
    slack: Slack, me: User, where: Channel | None, thread: str | None, /
) -> Json:
    """Return everything that is on somebody's screen."""
    slack.dm(me)
    return {
        "me": _person(slack, me),
        "bot": slack.bot.real_name,
        "people": [_person(slack, user) for user in _players(slack)],
        "names": names(slack),
        "channels": [_channel(slack, channel) for channel in visible(slack, me)],
        "here": _conversation(slack, me, where) if where else None,
        "thread": _thread(slack, me, where, thread) if where and thread else None,
        "modal": _view(slack.modal(me)),
        "home": _view(slack.home(me)),
        "listening": len(slack.sockets.open) > 1,
        "refused": _refused(slack),
    }


def visible(slack: Slack, me: User, /) -> list[Channel]:
    """Return the conversations that somebody is in, the one with the bot as well."""
    channels = slack.workspace.channels.values()
    return [channel for channel in channels if me.id in channel.members]


def names(slack: Slack, /) -> dict[str, str]:
    """Return what ids are called where somebody is mentioned."""
    workspace = slack.workspace
    return (
        {user.id: f"@{user.real_name}" for user in workspace.users.values()}
        | {channel.id: f"#{channel.name}" for channel in workspace.channels.values()}
        | {group.id: f"@{group.handle}" for group in workspace.usergroups.values()}
    )


def _players(slack: Slack) -> list[User]:
    users = slack.workspace.users.values()
    return [user for user in users if user.bot_id is None and not user.deleted]


def _person(slack: Slack, user: User) -> Json:
    return {
        "id": user.id,
        "name": user.name,
        "real_name": user.real_name,
        "locale": user.locale,
        "guest": user.guest is not None,
        "stranger": user.team != slack.workspace.team.id,
        "bot": user.bot_id is not None,
    }


def _channel(slack: Slack, channel: Channel) -> Json:
    return {
        "id": channel.id,
        "name": channel.name,
        "kind": channel.kind,
        "ours": slack.bot.id in channel.members,
        "shared": channel.ext_shared,
        "members": len(channel.members),
    }


def _conversation(slack: Slack, me: User, where: Channel) -> Json:
    standing = [
        message
        for message in where.messages.values()
        if not message.deleted
        and (message.thread_ts in {None, message.ts} or message.broadcast)
    ]
    whispered = [m for m in slack.whispers(me) if m.thread_ts is None]
    prompts = slack.platform.prompts.get(where.id) if where.kind is Kind.DM else None
    return _channel(slack, where) | {
        "messages": _messages(slack, me, where, [*standing, *whispered]),
        "prompts": prompts,
    }


def _thread(slack: Slack, me: User, where: Channel, root: str) -> Json:
    whispered = [m for m in slack.whispers(me) if m.thread_ts == root]
    together = [*slack.workspace.thread(where, root), *whispered]
    return {"root": root, "messages": _messages(slack, me, where, together)} | (
        _doing(slack, where, root)
    )


def _messages(
    slack: Slack, me: User, where: Channel, messages: list[Message]
) -> list[Json]:
    here = (message for message in messages if message.channel == where.id)
    return [
        _message(slack, me, where, message)
        for message in sorted(here, key=lambda message: message.ts)
    ]


def _message(slack: Slack, me: User, where: Channel, message: Message) -> Json:
    author = slack.workspace.users[message.user]
    replies = slack.workspace.replies_to(message)
    return {
        "ts": message.ts,
        "author": _person(slack, author),
        "mine": author.id == me.id,
        "text": message.text,
        "typed": _typed(slack, message) if author.id == me.id else "",
        "blocks": message.blocks,
        "growing": _growing(message),
        "root": message.root,
        "edited": message.edited is not None,
        "whisper": message.ephemeral_to is not None,
        "tombstone": message.tombstone,
        "files": [file.name for file in message.files],
        "replies": len(replies),
        "reactions": [
            {"name": name, "users": users, "mine": me.id in users}
            for name, users in message.reactions.items()
            if users
        ],
    } | _doing(slack, where, message.ts)


def _typed(slack: Slack, message: Message) -> str:
    """Return what was typed for a message, for the editor."""
    workspace = slack.workspace
    handles = (
        {user.id: f"@{user.name}" for user in workspace.users.values()}
        | {channel.id: f"#{channel.name}" for channel in workspace.channels.values()}
        | {group.id: f"@{group.handle}" for group in workspace.usergroups.values()}
    )

    def handle(token: re.Match[str]) -> str:
        target = token[1].split("|")[0].removeprefix("!subteam^").lstrip("@#!")
        return handles.get(target, target if "://" in target else f"@{target}")

    return unescape(re.sub(r"<([^<>]+)>", handle, message.text))


def _growing(message: Message) -> Json | None:
    """Return what a stream shows until it has its final blocks."""
    stream = message.stream
    if stream is None or message.blocks:
        return None
    return {
        "text": stream.text,
        "plan": stream.plan,
        "tasks": list(stream.tasks.values()),
        "blocks": stream.blocks,
        "ended_by": stream.ended_by,
    }


def _doing(slack: Slack, where: Channel, root: str) -> Json:
    """Return the status line of a thread, and whether Slack offers to stop it."""
    text = assistant.status_of(slack.platform, where.id, root)
    showing = slack.platform.showing.get((where.id, root))
    session = slack.platform.sessions.get((where.id, root))
    working = session is not None and session.status == "processing"
    return {
        "status": text,
        "loading": list(showing.loading) if showing and text else [],
        "stoppable": bool(working and session and session.stoppable),
    }


def _view(view: View | None) -> Json | None:
    return {"id": view.id, "hash": view.hash, **view.content} if view else None


def _refused(slack: Slack) -> list[str]:
    """Return what Slack refused of the bot, or would not like, the last first."""
    refused = (f"{c.method}: {c.error}" for c in slack.calls if c.error)
    return list(chain(slack.complaints, refused))[-20:][::-1]
