"""The methods that say who is who: users, groups, teams, bots, files, tokens."""

from tests.fakes.slack import shapes
from tests.fakes.slack.asking import flag, missing_scope, page, required, user_of
from tests.fakes.slack.limits import Refusal
from tests.fakes.slack.model import Json, User, Usergroup
from tests.fakes.slack.platform import Call, Platform


async def auth_test(platform: Platform, call: Call) -> Json:
    """auth.test."""
    team = platform.workspace.team
    who: Json = {
        "url": f"https://{team.domain}.slack.com/",
        "team": team.name,
        "team_id": team.id,
        "is_enterprise_install": False,
    }
    if team.enterprise:
        who["enterprise_id"] = team.enterprise
    if platform.tokens[call.token].kind == "app":
        return who | {"app_name": platform.bot.name, "app_id": platform.app.id}
    bot = platform.bot
    return who | {"user": bot.name, "user_id": bot.id, "bot_id": bot.bot_id}


async def user(platform: Platform, call: Call) -> Json:
    """users.info."""
    found = user_of(platform, call.args)
    return {"user": _shown(platform, call, found)}


async def users(platform: Platform, call: Call) -> Json:
    """users.list."""
    found = list(platform.workspace.users.values())
    shown, more = page(call.args, found)
    return {"members": [_shown(platform, call, user) for user in shown], **more}


async def user_by_email(platform: Platform, call: Call) -> Json:
    """users.lookupByEmail: colleagues only, deactivated ones not."""
    email = required(call.args, "email").lower()
    for found in platform.workspace.users.values():
        ours = found.team == platform.workspace.team.id and not found.deleted
        if ours and (found.email or "").lower() == email:
            return {"user": _shown(platform, call, found)}
    raise Refusal("users_not_found")


async def usergroups(platform: Platform, call: Call) -> Json:
    """usergroups.list."""
    with_users = flag(call.args, "include_users")
    groups = platform.workspace.usergroups.values()
    return {"usergroups": [_group(group, users=with_users) for group in groups]}


async def usergroup_users(platform: Platform, call: Call) -> Json:
    """usergroups.users.list."""
    group = platform.workspace.usergroups.get(required(call.args, "usergroup"))
    if group is None:
        raise Refusal("no_such_subteam")
    return {"users": list(group.users)}


async def team(platform: Platform, call: Call) -> Json:
    """team.info."""
    found = platform.workspace.teams.get(
        call.args.get("team") or platform.workspace.team.id
    )
    if found is None:
        raise Refusal("team_not_found")
    shape = {"id": found.id, "name": found.name, "domain": found.domain}
    if found.enterprise:
        shape["enterprise_id"] = found.enterprise
    return {"team": shape}


async def bot(platform: Platform, call: Call) -> Json:
    """bots.info."""
    wanted = call.args.get("bot") or platform.bot.bot_id
    for found in platform.workspace.users.values():
        if found.bot_id == wanted:
            return {
                "bot": {
                    "id": found.bot_id,
                    "name": found.name,
                    "app_id": found.app_id,
                    "user_id": found.id,
                    "deleted": found.deleted,
                }
            }
    raise Refusal("bot_not_found")


async def file(platform: Platform, call: Call) -> Json:
    """files.info."""
    found = platform.workspace.files.get(required(call.args, "file"))
    if found is None:
        raise Refusal("file_not_found")
    return {"file": shapes.file(platform, found, looked_up=True)}


def _shown(platform: Platform, call: Call, found: User) -> Json:
    if "users:read" not in call.scopes:
        raise missing_scope("users:read", call.scopes)
    return shapes.user(
        platform,
        found,
        email="users:read.email" in call.scopes,
        locale=flag(call.args, "include_locale"),
    )


def _group(group: Usergroup, *, users: bool) -> Json:
    shape: Json = {
        "id": group.id,
        "team_id": group.team,
        "is_usergroup": True,
        "name": group.name,
        "handle": group.handle,
        "date_delete": 0,
        "user_count": len(group.users),
    }
    return shape | ({"users": list(group.users)} if users else {})
