"""What the app hears of: events in their envelope, sent to those who may hear them."""

from tests.fakes.slack import shapes
from tests.fakes.slack.app import MESSAGE_EVENTS
from tests.fakes.slack.model import Channel, Json, Kind, Message, User
from tests.fakes.slack.platform import Platform
from tests.fakes.slack.writing import mentions


async def emit(
    platform: Platform, subscription: str, event: Json, where: Channel | None = None
) -> None:
    """Send an event if the app subscribes to it, may hear it, and is there."""
    absent = where is not None and platform.bot.id not in where.members
    if platform.app.hears(subscription) and not absent:
        await platform.courier.send("events_api", callback(platform, event, where))


def callback(platform: Platform, event: Json, where: Channel | None = None) -> Json:
    """The envelope around every event."""
    team = platform.workspace.team
    number = len(platform.courier.deliveries) + 1
    installed = {
        "enterprise_id": team.enterprise,
        "team_id": team.id,
        "user_id": platform.bot.id,
        "is_bot": True,
        "is_enterprise_install": False,
    }
    return {
        "token": "verification-token",
        "team_id": team.id,
        "context_team_id": team.id,
        "context_enterprise_id": team.enterprise,
        "api_app_id": platform.app.id,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev{number:08d}",
        "event_time": int(platform.clock.now()),
        "authorizations": [installed],
        "is_ext_shared_channel": where is not None and where.ext_shared,
        "event_context": f"4-event-{number:08d}",
    }


async def posted(platform: Platform, message: Message) -> None:
    """Tell of a new message: as a message, and as a mention if it names the bot."""
    where = platform.workspace.channels[message.channel]
    event = _placed(where, shapes.message(platform, message), message.ts)
    event |= _home_of(platform, message, where)
    if message.broadcast and message.thread_ts:
        root = where.messages[message.thread_ts]
        event |= {"subtype": "thread_broadcast", "root": shapes.message(platform, root)}
    direct = where.kind is Kind.DM
    ours = message.user == platform.bot.id
    told = [(MESSAGE_EVENTS[where.kind], event)]
    if mentions(message.text, platform.bot.id) and not direct and not ours:
        left_out = {"channel_type", "subtype", "root"}
        mention = {name: event[name] for name in event if name not in left_out}
        place = 0 if platform.mention_first else 1
        told.insert(place, ("app_mention", mention | {"type": "app_mention"}))
    for subscription, one in told:
        await emit(platform, subscription, one, where)


async def changed(platform: Platform, message: Message, before: Json) -> None:
    """Tell of an edit, an unfurl or a tombstone."""
    where = platform.workspace.channels[message.channel]
    at = platform.workspace.new_ts(platform.clock.now())
    inner = {
        "type": "message",
        "subtype": "message_changed",
        "message": shapes.message(platform, message),
        "previous_message": before,
        "hidden": True,
        "ts": at,
    }
    event = _placed(where, inner, at)
    await emit(platform, MESSAGE_EVENTS[where.kind], event, where)


async def deleted(platform: Platform, message: Message, before: Json) -> None:
    """Tell that a message is gone."""
    where = platform.workspace.channels[message.channel]
    at = platform.workspace.new_ts(platform.clock.now())
    inner = {
        "type": "message",
        "subtype": "message_deleted",
        "previous_message": before,
        "deleted_ts": message.ts,
        "hidden": True,
        "ts": at,
    }
    event = _placed(where, inner, at)
    await emit(platform, MESSAGE_EVENTS[where.kind], event, where)


async def reacted(
    platform: Platform, message: Message, user: User, *, name: str, added: bool
) -> None:
    """Tell of a reaction that came or went."""
    kind = "reaction_added" if added else "reaction_removed"
    item = {"type": "message", "channel": message.channel, "ts": message.ts}
    event = {
        "type": kind,
        "user": user.id,
        "reaction": name,
        "item": item,
        "item_user": message.user,
        "event_ts": platform.workspace.new_ts(platform.clock.now()),
    }
    await emit(platform, kind, event, platform.workspace.channels[message.channel])


async def joined(
    platform: Platform,
    user: User,
    where: Channel,
    *,
    kind: str = "member_joined_channel",
) -> None:
    """Tell that somebody joined or left a channel; that we joined is told as well."""
    event = {
        "type": kind,
        "user": user.id,
        "channel": where.id,
        "channel_type": "C" if where.kind is Kind.PUBLIC else "G",
        "team": user.team,
        "event_ts": platform.workspace.new_ts(platform.clock.now()),
    }
    await emit(platform, kind, event, where)


def _placed(where: Channel, inner: Json, at: str) -> Json:
    place = {"channel": where.id, "event_ts": at, "channel_type": str(where.kind)}
    return inner | place


def _home_of(platform: Platform, message: Message, where: Channel) -> Json:
    """Say where the author belongs, as events of shared channels do."""
    author = platform.workspace.users.get(message.user)
    if author is None or not (where.ext_shared or where.org_shared):
        return {}
    home = author.enterprise or author.team
    return {"user_team": home, "source_team": author.team}
