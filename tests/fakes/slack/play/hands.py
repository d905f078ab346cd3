"""What people do on the page, each with the hands of the fake's people."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

from tests.fakes.slack import Slack
from tests.fakes.slack.model import Channel, Json, Message, User, View
from tests.fakes.slack.speaking import NotPossible

Act: TypeAlias = Callable[[Slack, User, Json], Awaitable[object]]


async def act(slack: Slack, wish: Json, /) -> None:
    """Do what somebody wishes; raises `NotPossible` where Slack has no such thing.

    A wish says `act` and `who`, and what it is about: `where` and `ts` for a message,
    `view` for a modal or the Home tab.
    """
    what = ACTS.get(str(wish.get("act")))
    if what is None:
        raise NotPossible(f"nobody can {wish.get('act')!r} here")
    try:
        await what(slack, slack.workspace.user(str(wish.get("who"))), wish)
    except KeyError as error:
        raise NotPossible(f"there is no {error}") from error
    except LookupError as error:
        raise NotPossible(str(error)) from error
    slack.platform.notify()


def _where(slack: Slack, wish: Json) -> Channel:
    return slack.workspace.channel(str(wish["where"]))


def _message(slack: Slack, wish: Json) -> Message:
    ts = wish["ts"]
    found = _where(slack, wish).messages.get(ts) or next(
        (whisper for whisper in slack.workspace.ephemerals if whisper.ts == ts), None
    )
    if found is None or found.deleted:
        raise NotPossible("this message is gone")
    return found


def _own(slack: Slack, me: User, wish: Json) -> Message:
    message = _message(slack, wish)
    if message.user != me.id:
        raise NotPossible("this message is somebody else's")
    return message


async def _say(slack: Slack, me: User, wish: Json) -> None:
    where, text = _where(slack, wish), str(wish["text"]).strip()
    word, _, rest = text.partition(" ")
    if word.startswith("/"):
        root = wish.get("thread")
        thread = where.messages[root] if root else None
        await slack.command(me, where, word, rest.strip(), thread=thread)
    elif text:
        await slack.say(me, where, text, thread=wish.get("thread"))


async def _edit(slack: Slack, me: User, wish: Json) -> None:
    await slack.edit(_own(slack, me, wish), str(wish["text"]))


async def _delete(slack: Slack, me: User, wish: Json) -> None:
    await slack.delete(_own(slack, me, wish))


async def _react(slack: Slack, me: User, wish: Json) -> None:
    message, name = _message(slack, wish), str(wish["name"])
    if me.id in message.reactions.get(name, []):
        await slack.unreact(me, message, name)
    else:
        await slack.react(me, message, name)


async def _click(slack: Slack, me: User, wish: Json) -> None:
    what = _shown(slack, me, wish) if wish.get("view") else _message(slack, wish)
    await slack.click(me, what, str(wish["action"]), value=wish.get("value"))


def _shown(slack: Slack, me: User, wish: Json) -> View:
    for view in (slack.modal(me), slack.home(me)):
        if view is not None and view.id == wish["view"]:
            return view
    raise NotPossible("this view is gone")


async def _submit(slack: Slack, me: User, wish: Json) -> None:
    await slack.submit(me, wish.get("values"))


async def _close(slack: Slack, me: User, _: Json) -> None:
    if slack.modal(me) is not None:
        await slack.close(me)


async def _ask_about(slack: Slack, me: User, wish: Json) -> None:
    await slack.shortcut(me, "shirube_about", on=_message(slack, wish))


async def _stop(slack: Slack, me: User, wish: Json) -> None:
    await slack.press_stop(me, _message(slack, wish))


async def _open_home(slack: Slack, me: User, wish: Json) -> None:
    await slack.open_home(me, tab=str(wish.get("tab", "home")))


async def _look_at(slack: Slack, me: User, wish: Json) -> None:
    await slack.look_at(me, _where(slack, wish))


async def _reload(slack: Slack, me: User, _: Json) -> None:
    slack.reload(me)


ACTS: Final[Mapping[str, Act]] = {
    "say": _say,
    "edit": _edit,
    "delete": _delete,
    "react": _react,
    "click": _click,
    "submit": _submit,
    "close": _close,
    "ask_about": _ask_about,
    "stop": _stop,
    "open_home": _open_home,
    "look_at": _look_at,
    "reload": _reload,
}
