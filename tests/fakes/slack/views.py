"""The methods that show modals and Home tabs."""

import json

from tests.fakes.slack.asking import required, user_of
from tests.fakes.slack.blocks import check_view
from tests.fakes.slack.limits import Refusal
from tests.fakes.slack.model import Json, View
from tests.fakes.slack.platform import Call, Platform

TRIGGER_SECONDS = 3.0
STACKED = 3


async def open_modal(platform: Platform, call: Call) -> Json:
    """views.open."""
    content = content_of(call.args, "modal")
    user = _triggered(platform, call.args)
    view = new_view(platform, user, content)
    platform.modals[user] = [view]
    return {"view": shape(platform, view)}


async def push(platform: Platform, call: Call) -> Json:
    """views.push."""
    content = content_of(call.args, "modal")
    user = _triggered(platform, call.args)
    stack = platform.modals.get(user, [])
    if not stack:
        raise Refusal("not_found")
    return {"view": shape(platform, push_on(platform, user, content))}


async def update(platform: Platform, call: Call) -> Json:
    """views.update."""
    view = _known(platform, call.args)
    given = call.args.get("hash")
    if given and given != view.hash:
        raise Refusal("hash_conflict")
    content = content_of(call.args, str(view.content["type"]))
    replace(platform, view, content)
    return {"view": shape(platform, view)}


async def publish(platform: Platform, call: Call) -> Json:
    """views.publish."""
    user = user_of(platform, call.args, "user_id")
    content = content_of(call.args, "home")
    if user.team != platform.workspace.team.id:
        raise Refusal("not_enabled")
    view = new_view(platform, user.id, content)
    platform.homes[user.id] = view
    return {"view": shape(platform, view)}


def content_of(args: Json, kind: str) -> Json:
    """The view of a call, checked."""
    view = args.get("view")
    if isinstance(view, str):
        view = json.loads(view)
    if not isinstance(view, dict):
        raise Refusal("invalid_arguments")
    check_view(view)
    if view["type"] != kind:
        raise Refusal("invalid_arguments")
    return view


def new_view(
    platform: Platform, user: str, content: Json, previous: View | None = None
) -> View:
    """Make a view, on top of another one or alone."""
    identity = platform.workspace.new_id("V")
    return View(
        id=identity,
        user=user,
        content=content,
        hash=platform.workspace.new_ts(platform.clock.now()),
        root=previous.root if previous else identity,
        previous=previous.id if previous else None,
    )


def push_on(platform: Platform, user: str, content: Json) -> View:
    """Put a view on top of what the person sees."""
    stack = platform.modals[user]
    if len(stack) >= STACKED:
        raise Refusal("push_limit_reached")
    stack.append(new_view(platform, user, content, stack[-1]))
    return stack[-1]


def replace(platform: Platform, view: View, content: Json) -> None:
    """Show something else in a view."""
    view.content = content
    view.hash = platform.workspace.new_ts(platform.clock.now())


def shape(platform: Platform, view: View) -> Json:
    """A view as the API shows it."""
    defaults: Json = {
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        "clear_on_close": False,
        "notify_on_close": False,
        "close": None,
        "submit": None,
        "title": None,
    }
    return {
        **defaults,
        **view.content,
        "id": view.id,
        "team_id": platform.workspace.team.id,
        "app_id": platform.app.id,
        "app_installed_team_id": platform.workspace.team.id,
        "bot_id": platform.bot.bot_id,
        "hash": view.hash,
        "root_view_id": view.root,
        "previous_view_id": view.previous,
        "state": {"values": {}},
    }


def _triggered(platform: Platform, args: Json) -> str:
    trigger = required(args, "trigger_id")
    if trigger not in platform.triggers:
        raise Refusal("invalid_trigger_id")
    user, made = platform.triggers[trigger]
    if not user:
        raise Refusal("exchanged_trigger_id")
    if platform.clock.now() >= made + TRIGGER_SECONDS:
        raise Refusal("expired_trigger_id")
    platform.triggers[trigger] = ("", made)
    return user


def _known(platform: Platform, args: Json) -> View:
    views = [view for stack in platform.modals.values() for view in stack]
    for view in [*views, *platform.homes.values()]:
        external = view.content.get("external_id")
        if args.get("view_id") == view.id or (
            external and args.get("external_id") == external
        ):
            return view
    raise Refusal("not_found")
