"""What people do with the app: click, submit, command, shortcut, open, stop."""

from collections.abc import Iterator
from typing import Any

from tests.fakes.slack import events, posting, shapes, streams, views
from tests.fakes.slack.delivery import Delivery
from tests.fakes.slack.limits import unescape
from tests.fakes.slack.model import Channel, Json, Kind, Message, User, View
from tests.fakes.slack.platform import Platform
from tests.fakes.slack.response_urls import ResponseUrls
from tests.fakes.slack.speaking import NotPossible
from tests.fakes.slack.writing import typed

_CHANNEL_NAMES = {Kind.DM: "directmessage", Kind.PRIVATE: "privategroup"}


class Interactions:
    """Everything that comes with an ack, a trigger or a response URL."""

    def __init__(self, platform: Platform, response_urls: ResponseUrls) -> None:
        self._platform = platform
        self._response_urls = response_urls

    async def command(
        self, user: User, where: Channel, command: str, text: str, *, in_thread: bool
    ) -> Delivery:
        """Type a slash command; what the ack says is shown to this person."""
        if in_thread:
            raise NotPossible(f"{command} is not supported in threads. Sorry!")
        if command not in self._platform.app.commands:
            raise NotPossible(f"{command} is not a valid command.")
        address = self._response_urls.make(where, user)
        payload = {
            "token": "verification-token",
            "team_id": self._platform.workspace.team.id,
            "team_domain": self._platform.workspace.team.domain,
            "channel_id": where.id,
            "channel_name": _CHANNEL_NAMES.get(where.kind, where.name),
            "user_id": user.id,
            "user_name": user.name,
            "command": command,
            "text": typed(self._platform.workspace, text),
            "api_app_id": self._platform.app.id,
            "is_enterprise_install": "false",
            "response_url": address.url,
            "trigger_id": self._platform.new_trigger(user),
        }

        def show(answer: Json) -> None:
            self._whisper(user, where, answer)

        courier = self._platform.courier
        return await courier.send("slash_commands", payload, read_answer=show)

    async def click(
        self, user: User, message: Message, action_id: str, value: str | None
    ) -> Delivery:
        """Click an element of a message."""
        if message.ephemeral_to not in {None, user.id} or message.deleted:
            raise NotPossible(f"{user.name} does not see this message")
        where = self._platform.workspace.channels[message.channel]
        address = self._response_urls.make(where, user, source=message)
        payload = self._interaction("block_actions", user) | {
            "container": _container(message),
            "channel": self._channel(where),
            "trigger_id": self._platform.new_trigger(user),
            "response_url": address.url,
            "state": {"values": {}},
            "actions": [self._action(message.blocks, action_id, value)],
        }
        if message.ephemeral_to is None:
            payload["message"] = shapes.message(self._platform, message)
        return await self._platform.courier.send("interactive", payload)

    async def click_in_view(
        self, user: User, view: View, action_id: str, value: str | None
    ) -> Delivery:
        """Click an element of a modal or of the Home tab."""
        payload = self._interaction("block_actions", user) | {
            "container": {"type": "view", "view_id": view.id},
            "view": views.shape(self._platform, view),
            "trigger_id": self._platform.new_trigger(user),
            "actions": [self._action(view.content["blocks"], action_id, value)],
        }
        return await self._platform.courier.send("interactive", payload)

    async def submit(self, user: User, values: dict[str, Json]) -> Delivery:
        """Submit the modal on top; `values` is block id → action id → state."""
        view = self._top(user)
        shape = views.shape(self._platform, view)
        shape["state"] = {"values": values}
        payload = self._interaction("view_submission", user) | {
            "view": shape,
            "trigger_id": self._platform.new_trigger(user),
            "response_urls": [],
        }

        def obey(answer: Json) -> None:
            self._after_submit(user, view, answer)

        courier = self._platform.courier
        return await courier.send("interactive", payload, read_answer=obey)

    async def close(self, user: User) -> None:
        """Close the modal on top; the app hears of it only if it asked to."""
        view = self._platform.modals[user.id].pop()
        if view.content.get("notify_on_close"):
            payload = self._interaction("view_closed", user) | {
                "view": views.shape(self._platform, view),
                "is_cleared": False,
            }
            await self._platform.courier.send("interactive", payload)

    async def message_shortcut(
        self, user: User, message: Message, callback_id: str
    ) -> Delivery:
        """Choose a shortcut from a message's menu."""
        self._declared(callback_id)
        where = self._platform.workspace.channels[message.channel]
        address = self._response_urls.make(where, user)
        payload = self._interaction("message_action", user) | {
            "callback_id": callback_id,
            "action_ts": self._now(),
            "trigger_id": self._platform.new_trigger(user),
            "response_url": address.url,
            "message_ts": message.ts,
            "channel": self._channel(where),
            "message": shapes.message(self._platform, message),
        }
        return await self._platform.courier.send("interactive", payload)

    async def shortcut(self, user: User, callback_id: str) -> Delivery:
        """Choose a global shortcut."""
        self._declared(callback_id)
        payload = self._interaction("shortcut", user) | {
            "callback_id": callback_id,
            "action_ts": self._now(),
            "trigger_id": self._platform.new_trigger(user),
        }
        return await self._platform.courier.send("interactive", payload)

    async def open_home(self, user: User, tab: str, context: Json | None) -> None:
        """Open the app's Home or Messages tab."""
        event: Json = {
            "type": "app_home_opened",
            "user": user.id,
            "channel": self._platform.workspace.dm(self._platform.bot, user).id,
            "tab": tab,
            "event_ts": self._now(),
        }
        if context is not None:
            event["context"] = context
        if tab == "home" and user.id in self._platform.homes:
            home = self._platform.homes[user.id]
            event["view"] = views.shape(self._platform, home)
        await events.emit(self._platform, "app_home_opened", event)

    async def look_at(self, user: User, where: Channel) -> None:
        """Go to a channel while the agent's pane is open."""
        entity = {
            "type": "slack#/types/channel_id",
            "value": where.id,
            "team_id": where.team,
        }
        event = {
            "type": "app_context_changed",
            "user": user.id,
            "context": {"entities": [entity]},
            "event_ts": self._now(),
        }
        await events.emit(self._platform, "app_context_changed", event)

    async def press_stop(self, user: User, where: Channel, thread_ts: str) -> None:
        """Press the stop button that shows while an agent is processing."""
        session = self._platform.sessions.get((where.id, thread_ts))
        if session is None or session.status != "processing" or not session.stoppable:
            raise NotPossible("there is no stop button in this thread")
        event = {
            "type": "agent_session_stopped",
            "channel": where.id,
            "thread_ts": thread_ts,
            "user": user.id,
            "streaming_message_ts": streams.stopped_by(
                self._platform, where, thread_ts
            ),
            "event_ts": self._now(),
        }
        await events.emit(self._platform, "agent_session_stopped", event, where)

    def _now(self) -> str:
        return self._platform.workspace.new_ts(self._platform.clock.now())

    def _interaction(self, kind: str, user: User) -> Json:
        team = self._platform.workspace.team
        grid = user.enterprise or team.enterprise
        return {
            "type": kind,
            "token": "verification-token",
            "api_app_id": self._platform.app.id,
            # What somebody of an organisation does may come without a workspace.
            "team": None if grid else {"id": team.id, "domain": team.domain},
            "enterprise": {"id": grid} if grid else None,
            "is_enterprise_install": False,
            "user": {
                "id": user.id,
                "username": user.name,
                "name": user.name,
                "team_id": user.team,
            },
        }

    def _channel(self, where: Channel) -> Json:
        return {
            "id": where.id,
            "name": _CHANNEL_NAMES.get(where.kind, where.name),
        }

    def _declared(self, callback_id: str) -> None:
        declared = self._platform.app.shortcuts
        if declared is not None and callback_id not in declared:
            raise NotPossible(f"no shortcut {callback_id!r} in the menu")

    def _top(self, user: User) -> View:
        stack = self._platform.modals.get(user.id)
        if not stack:
            raise NotPossible(f"{user.name} has no modal open")
        return stack[-1]

    def _action(self, blocks: list[Json], action_id: str, value: str | None) -> Json:
        for block in blocks:
            for item in _elements(block):
                if item.get("action_id") == action_id:
                    chosen = _chosen(item, value)
                    ids = {
                        "action_id": action_id,
                        "block_id": block.get("block_id", ""),
                        "type": item["type"],
                        "action_ts": self._now(),
                    }
                    return ids | chosen
        raise NotPossible(f"nothing here has the action {action_id!r}")

    def _whisper(self, user: User, where: Channel, answer: Json) -> None:
        if not answer.get("text") and not answer.get("blocks"):
            return
        message = posting.new_message(
            self._platform,
            where,
            self._platform.bot,
            unescape(str(answer.get("text") or "")),
            blocks=answer.get("blocks") or [],
        )
        message.ephemeral_to = user.id
        self._platform.workspace.ephemerals.append(message)
        posting.keep(self._platform, message, "ack")

    def _after_submit(self, user: User, view: View, answer: Json) -> None:
        stack = self._platform.modals[user.id]
        match answer.get("response_action"):
            case None:
                stack.remove(view)
            case "clear":
                stack.clear()
            case "update":
                views.replace(self._platform, view, views.content_of(answer, "modal"))
            case "push":
                content = views.content_of(answer, "modal")
                views.push_on(self._platform, user.id, content)


def _container(message: Message) -> Json:
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": message.ephemeral_to is not None,
    }
    return container | ({"thread_ts": message.thread_ts} if message.thread_ts else {})


def _elements(part: Any) -> Iterator[Json]:
    if isinstance(part, list):
        for item in part:
            yield from _elements(item)
    elif isinstance(part, dict):
        if "action_id" in part:
            yield part
        for name in ("elements", "accessory", "element", "child_blocks"):
            yield from _elements(part.get(name, []))


def _chosen(item: Json, value: str | None) -> Json:
    if item["type"] == "feedback_buttons":
        buttons = (item["positive_button"], item["negative_button"])
        pressed = next((b for b in buttons if b["value"] == value), buttons[0])
        return {"value": pressed["value"], "text": pressed["text"]}
    if "options" in item:
        chosen = next(o for o in item["options"] if o["value"] == value)
        return {"selected_option": chosen}
    shown = {name: item[name] for name in ("text", "style", "url") if name in item}
    return shown | {"value": item.get("value", value)}
