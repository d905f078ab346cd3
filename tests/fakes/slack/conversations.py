"""The methods that read conversations, open them and react in them."""

from tests.fakes.slack import events, shapes
from tests.fakes.slack.asking import (
    channel_of,
    dm_with,
    flag,
    needs,
    page,
    required,
    user_of,
)
from tests.fakes.slack.limits import Refusal
from tests.fakes.slack.model import Channel, Json, Kind, Message
from tests.fakes.slack.platform import Call, Platform

DISTRIBUTED_PAGE = 15


async def show(platform: Platform, call: Call) -> Json:
    """conversations.info."""
    where = channel_of(platform, call)
    needs(call, where, "read")
    members = flag(call.args, "include_num_members")
    return {"channel": shapes.channel(platform, where, members=members)}


async def members(platform: Platform, call: Call) -> Json:
    """conversations.members."""
    where = channel_of(platform, call)
    needs(call, where, "read")
    ids, more = page(call.args, where.members)
    return {"members": list(ids), **more}


async def list_all(platform: Platform, call: Call) -> Json:
    """conversations.list and users.conversations."""
    kinds = str(call.args.get("types") or "public_channel").split(",")
    names = {
        "public_channel": Kind.PUBLIC,
        "private_channel": Kind.PRIVATE,
        "im": Kind.DM,
        "mpim": Kind.GROUP_DM,
    }
    wanted = {names[kind.strip()] for kind in kinds if kind.strip() in names}
    mine = call.method == "users.conversations"
    found = [
        where
        for where in platform.workspace.channels.values()
        if where.kind in wanted
        and (
            platform.bot.id in where.members or (where.kind is Kind.PUBLIC and not mine)
        )
    ]
    shown, more = page(call.args, found)
    return {"channels": [shapes.channel(platform, where) for where in shown], **more}


async def open_dm(platform: Platform, call: Call) -> Json:
    """conversations.open."""
    users = [name for name in str(call.args.get("users") or "").split(",") if name]
    if not users:
        where = channel_of(platform, call)
    elif len(users) == 1:
        where = dm_with(platform, user_of(platform, {"user": users[0]}))
    else:
        people = [user_of(platform, {"user": user}) for user in users]
        where = platform.workspace.dm(platform.bot, *people)
    if where.kind is Kind.GROUP_DM and "mpim:write" not in call.scopes:
        needs(call, where, "write")
    shown = {"id": where.id}
    if flag(call.args, "return_im"):
        shown = shapes.channel(platform, where)
    return {"channel": shown}


async def history(platform: Platform, call: Call) -> Json:
    """conversations.history: newest first, replies left out."""
    where = _readable(platform, call)
    found = [
        message
        for message in reversed(where.messages.values())
        if not message.deleted
        and (message.thread_ts is None or message.broadcast)
        and _between(message, call.args)
    ]
    return _some(platform, call, found, default=100)


async def replies(platform: Platform, call: Call) -> Json:
    """conversations.replies: the parent first, on every page."""
    where = _readable(platform, call)
    ts = required(call.args, "ts")
    root = where.messages.get(ts)
    if root is None or root.deleted:
        raise Refusal("thread_not_found")
    thread = platform.workspace.thread(where, root.root)
    later = [message for message in thread if message.ts != root.root]
    found = [message for message in later if _between(message, call.args)]
    first = [message for message in thread if message.ts == root.root]
    answer = _some(platform, call, found, default=1000)
    metadata = flag(call.args, "include_all_metadata")
    shown = [shapes.message(platform, root, metadata=metadata) for root in first]
    return answer | {"messages": shown + answer["messages"]}


async def join(platform: Platform, call: Call) -> Json:
    """conversations.join."""
    where = channel_of(platform, call)
    if where.kind is not Kind.PUBLIC:
        raise Refusal("method_not_supported_for_channel_type")
    if platform.bot.id not in where.members:
        where.members.append(platform.bot.id)
        await events.joined(platform, platform.bot, where)
    return {"channel": shapes.channel(platform, where)}


async def react(platform: Platform, call: Call) -> Json:
    """reactions.add and reactions.remove."""
    where = channel_of(platform, call)
    message = platform.workspace.message(where, required(call.args, "timestamp"))
    name = required(call.args, "name").strip(":")
    users = message.reactions.setdefault(name, [])
    adding = call.method == "reactions.add"
    if adding == (platform.bot.id in users):
        raise Refusal("already_reacted" if adding else "no_reaction")
    if adding:
        users.append(platform.bot.id)
    else:
        users.remove(platform.bot.id)
    await events.reacted(platform, message, platform.bot, name=name, added=adding)
    return {}


async def reactions(platform: Platform, call: Call) -> Json:
    """reactions.get."""
    where = channel_of(platform, call)
    message = platform.workspace.message(where, required(call.args, "timestamp"))
    shown = shapes.message(platform, message)
    return {"type": "message", "channel": where.id, "message": shown}


def _readable(platform: Platform, call: Call) -> Channel:
    where = channel_of(platform, call)
    needs(call, where, "history")
    if platform.bot.id not in where.members:
        raise Refusal("not_in_channel")
    return where


def _some(
    platform: Platform, call: Call, found: list[Message], *, default: int
) -> Json:
    args = dict(call.args)
    if platform.tiers.distributed:
        asked = int(args.get("limit") or default)
        args["limit"] = min(asked, DISTRIBUTED_PAGE)
    shown, more = page(args, found, default=default)
    metadata = flag(args, "include_all_metadata")
    messages = [
        shapes.message(platform, message, metadata=metadata) for message in shown
    ]
    has_more = bool(more["response_metadata"]["next_cursor"])
    return {"messages": messages, "has_more": has_more, **more}


def _between(message: Message, args: Json) -> bool:
    oldest = float(args.get("oldest") or 0)
    latest = float(args.get("latest") or "inf")
    at = float(message.ts)
    if flag(args, "inclusive"):
        return oldest <= at <= latest
    return oldest < at < latest
