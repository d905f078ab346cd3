"""The objects of Slack's API as JSON: users, channels, messages, files."""

from tests.fakes.slack.model import Channel, File, Guest, Json, Kind, Message, User
from tests.fakes.slack.platform import Platform


def user(
    platform: Platform, who: User, *, email: bool = False, locale: bool = False
) -> Json:
    """A user as `users.info` shows them to our workspace."""
    home = platform.workspace.team
    stranger = who.team != home.id
    shape: Json = {
        "id": who.id,
        "team_id": who.team,
        "name": who.name,
        "deleted": who.deleted,
        "real_name": who.real_name,
        "tz": "Asia/Tokyo",
        "profile": _profile(who, email=email and not stranger),
        "is_bot": who.bot_id is not None,
        "is_app_user": False,
        "updated": int(platform.clock.now()),
    }
    if stranger:
        shape["is_stranger"] = True
    elif not who.deleted:
        shape |= _rights(who)
    if who.enterprise:
        shape["enterprise_user"] = {
            "id": who.id,
            "enterprise_id": who.enterprise,
            "teams": [who.team],
        }
    if locale and not stranger:
        shape["locale"] = who.locale
    return shape


def _profile(who: User, *, email: bool) -> Json:
    profile: Json = {
        "real_name": who.real_name,
        "display_name": who.name,
        "team": who.team,
    }
    if who.bot_id:
        profile |= {"bot_id": who.bot_id, "api_app_id": who.app_id}
    if email and who.email:
        profile["email"] = who.email
    return profile


def _rights(who: User) -> Json:
    return {
        "is_admin": who.admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": who.guest is not None,
        "is_ultra_restricted": who.guest is Guest.SINGLE,
    }


def channel(platform: Platform, where: Channel, *, members: bool = False) -> Json:
    """A conversation as `conversations.info` shows it to our bot."""
    private = where.kind is not Kind.PUBLIC
    shape: Json = {
        "id": where.id,
        "created": 1_700_000_000,
        "is_archived": where.archived,
        "is_im": where.kind is Kind.DM,
        "is_org_shared": where.org_shared,
        "context_team_id": platform.workspace.team.id,
    }
    if where.kind is Kind.DM:
        others = [member for member in where.members if member != platform.bot.id]
        return shape | {"user": (others or where.members)[0], "is_open": True}
    shape |= {
        "name": where.name,
        "name_normalized": where.name,
        "is_channel": where.kind is Kind.PUBLIC,
        "is_group": where.kind is Kind.PRIVATE,
        "is_mpim": where.kind is Kind.GROUP_DM,
        "is_private": private,
        "is_general": where.name == "general",
        "is_shared": where.ext_shared or where.org_shared,
        "is_ext_shared": where.ext_shared,
        "is_pending_ext_shared": bool(where.pending_with),
        "is_member": platform.bot.id in where.members,
        "shared_team_ids": sorted({where.team, *where.shared_with}),
        "connected_team_ids": sorted(where.shared_with),
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }
    return shape | ({"num_members": len(where.members)} if members else {})


def message(platform: Platform, what: Message, *, metadata: bool = False) -> Json:
    """A message as histories and events show it; metadata only if asked for."""
    if what.tombstone:
        return _tombstone(what) | _thread(platform, what)
    shape: Json = {
        "type": "message",
        "user": what.user,
        "text": what.text,
        "ts": what.ts,
        "team": what.team,
    }
    optional = {
        "subtype": what.subtype,
        "client_msg_id": what.client_msg_id,
        "bot_id": what.bot_id,
        "app_id": what.app_id,
        "edited": what.edited,
        "metadata": what.metadata if metadata else None,
        "streaming_state": what.stream and what.stream.state,
        "blocks": what.blocks,
        "attachments": what.attachments,
        "files": [file(platform, item) for item in what.files],
        "reactions": [
            {"name": name, "users": users, "count": len(users)}
            for name, users in what.reactions.items()
        ],
    }
    shape |= {name: value for name, value in optional.items() if value}
    if what.bot_id and what.subtype != "bot_message":
        shape["bot_profile"] = _bot_profile(platform, what)
    return shape | _thread(platform, what)


def _tombstone(what: Message) -> Json:
    return {
        "type": "message",
        "subtype": "tombstone",
        "text": "This message was deleted.",
        "user": "USLACKBOT",
        "hidden": True,
        "ts": what.ts,
    }


def _bot_profile(platform: Platform, what: Message) -> Json:
    return {
        "id": what.bot_id,
        "app_id": what.app_id,
        "user_id": what.user,
        "name": platform.workspace.users[what.user].name,
        "deleted": False,
        "team_id": what.team,
    }


def _thread(platform: Platform, what: Message) -> Json:
    place = platform.workspace.channels[what.channel]
    if what.thread_ts is not None:
        root = place.messages.get(what.thread_ts)
        parent = {"parent_user_id": root.user} if root else {}
        return {"thread_ts": what.thread_ts} | parent
    replies = platform.workspace.replies_to(what)
    if not replies:
        return {}
    people = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "thread_ts": what.ts,
        "reply_count": len(replies),
        "reply_users_count": len(people),
        "reply_users": people,
        "latest_reply": replies[-1].ts,
    }


def file(platform: Platform, what: File, *, looked_up: bool = False) -> Json:
    """A file; in a shared channel only its id, until it is looked up."""
    if what.guarded and not looked_up:
        return {"id": what.id, "file_access": "check_file_info", "mode": "file_access"}
    url = f"{platform.url}/files-pri/{what.id}/{what.name}"
    return {
        "id": what.id,
        "name": what.name,
        "title": what.name,
        "mimetype": what.mimetype,
        "filetype": what.name.rpartition(".")[2],
        "user": what.user,
        "size": len(what.content),
        "mode": "hosted",
        "is_external": False,
        "url_private": url,
        "url_private_download": f"{url}?download=1",
        "permalink": f"https://shirube.slack.com/files/{what.user}/{what.id}",
        "file_access": "visible",
    }
