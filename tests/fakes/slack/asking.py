"""Reads the arguments of a call: conversations, lists, flags, pages."""

import base64
import json
from collections.abc import Sequence
from typing import Any, TypeVar

from tests.fakes.slack.limits import Refusal
from tests.fakes.slack.model import Channel, Json, Kind, User
from tests.fakes.slack.platform import Call, Platform

Item = TypeVar("Item")
_SCOPE_WORDS = {
    Kind.PUBLIC: "channels",
    Kind.PRIVATE: "groups",
    Kind.DM: "im",
    Kind.GROUP_DM: "mpim",
}


def required(args: Json, name: str) -> str:
    """An argument that has to be there."""
    value = args.get(name)
    if value in {None, ""}:
        raise Refusal(
            "invalid_arguments",
            response_metadata={"messages": [f"[ERROR] missing required field: {name}"]},
        )
    return str(value)


def listed(args: Json, name: str) -> list[Any]:
    """An argument that is a list, written as JSON where it came in a query."""
    value = args.get(name) or []
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise Refusal(f"invalid_{name}_format") from None
    if not isinstance(value, list):
        raise Refusal(f"invalid_{name}_format")
    return value


def flag(args: Json, name: str) -> bool:
    """A boolean; in a query the SDK writes `1` and `0`."""
    return args.get(name) in {True, "1", "true"}


def channel_of(
    platform: Platform,
    call: Call,
    *,
    posting_to: bool = False,
    name: str = "channel",
) -> Channel:
    """The conversation a call names, if our bot may see it, or write to it."""
    named = required(call.args, name)
    where = platform.workspace.channels.get(named)
    if where is None and posting_to and named in platform.workspace.users:
        where = dm_with(platform, platform.workspace.users[named])
    inside = where is not None and platform.bot.id in where.members
    if where is None or (where.kind is not Kind.PUBLIC and not inside):
        raise Refusal("channel_not_found")
    if posting_to:
        _writable(call, where, inside=inside)
    return where


def _writable(call: Call, where: Channel, *, inside: bool) -> None:
    anywhere = "chat:write.public" in call.scopes
    if not inside and not (anywhere and call.method == "chat.postMessage"):
        raise Refusal("not_in_channel")
    if where.archived:
        raise Refusal("is_archived")


def thread_of(platform: Platform, where: Channel, args: Json) -> str | None:
    """The thread a call writes in; the reply's time for the parent's is no refusal."""
    thread_ts = args.get("thread_ts")
    if thread_ts is None:
        return None
    root = where.messages.get(str(thread_ts))
    if root is None or root.deleted:
        raise Refusal("thread_not_found")
    if root.thread_ts not in {None, root.ts}:
        platform.complain(f"thread_ts {thread_ts} is a reply's, not its parent's")
    return str(thread_ts)


def metadata_of(args: Json) -> Json | None:
    """The metadata of a message, which has to have its two fields."""
    metadata = args.get("metadata")
    if isinstance(metadata, str):
        metadata = json.loads(metadata)
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or not metadata.get("event_type"):
        raise Refusal("invalid_metadata_format")
    if not isinstance(metadata.get("event_payload"), dict):
        raise Refusal("invalid_metadata_schema")
    return metadata


def dm_with(platform: Platform, user: User) -> Channel:
    """Open the bot's conversation with a person, if that can be."""
    if user.deleted:
        raise Refusal("user_disabled")
    if user.bot_id is not None:
        raise Refusal("cannot_dm_bot")
    if user.team != platform.workspace.team.id and not _met(platform, user):
        raise Refusal("user_not_found")
    return platform.workspace.dm(platform.bot, user)


def _met(platform: Platform, user: User) -> bool:
    channels = platform.workspace.channels.values()
    return any({user.id, platform.bot.id} <= set(where.members) for where in channels)


def user_of(platform: Platform, args: Json, name: str = "user") -> User:
    """The user that a call names."""
    user = platform.workspace.users.get(required(args, name))
    if user is None:
        raise Refusal("user_not_found")
    return user


def needs(call: Call, where: Channel, right: str) -> None:
    """Refuse when the token's scopes do not cover this kind of conversation."""
    needed = f"{_SCOPE_WORDS[where.kind]}:{right}"
    if needed not in call.scopes:
        raise missing_scope(needed, call.scopes)
    call.used.add(needed)


def missing_scope(needed: str, provided: frozenset[str]) -> Refusal:
    """The refusal that names the scope that is needed."""
    return Refusal("missing_scope", needed=needed, provided=",".join(sorted(provided)))


def page(
    args: Json, items: Sequence[Item], *, default: int = 100, most: int = 1000
) -> tuple[Sequence[Item], Json]:
    """One page of items, and what says how to get the next."""
    try:
        limit = int(args.get("limit") or default)
        start = int(base64.b64decode(args.get("cursor") or "MA==").decode())
    except ValueError:
        raise Refusal("invalid_cursor") from None
    if not 1 <= limit <= most:
        raise Refusal("invalid_limit")
    end = start + limit
    more = end < len(items)
    cursor = base64.b64encode(str(end).encode()).decode() if more else ""
    return items[start:end], {"response_metadata": {"next_cursor": cursor}}
