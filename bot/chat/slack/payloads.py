"""What Slack delivers, as far as it matters here; anything else has another shape."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, TypeAdapter

Json: TypeAlias = Mapping[str, Any]


class _Payload(BaseModel):
    """Takes what it knows from a payload that has more."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Message(_Payload):
    """A message that somebody wrote; `bot_id` and `app_id` are a program's."""

    type: Literal["message", "app_mention"] = "message"
    subtype: str | None = None
    user: str | None = None
    bot_id: str | None = None
    app_id: str | None = None
    text: str | None = ""
    ts: str = Field(pattern=r"^\d{1,10}\.\d{1,9}$")
    thread_ts: str | None = None
    channel: str = ""
    channel_type: str | None = None


class Edit(_Payload):
    """A message that has changed, or is gone but for its replies."""

    channel: str
    message: Message
    previous_message: Message | None = None


class Deletion(_Payload):
    """A message that is gone."""

    channel: str
    deleted_ts: str
    previous_message: Message | None = None


class Stop(_Payload):
    """Slack's own button, below a thread in which an agent works."""

    channel: str
    thread_ts: str
    user: str


class Joined(_Payload):
    """Something about a channel has changed that says who reads it."""

    channel: str


_COMPANY: Final = (
    "member_joined_channel",
    "member_left_channel",
    "channel_shared",
    "channel_unshared",
)


def _kind(event: Any) -> str | None:
    match event:
        case {"type": "message", "subtype": "message_changed"}:
            return "edit"
        case {"type": "message", "subtype": "message_deleted"}:
            return "deletion"
        case {"type": "message" | "app_mention"}:
            return "message"
        case {"type": "agent_session_stopped"}:
            return "stop"
        case {"type": kind} if kind in _COMPANY:
            return "joined"
        case _:
            return None


Event: TypeAlias = Annotated[
    Annotated[Message, Tag("message")]
    | Annotated[Edit, Tag("edit")]
    | Annotated[Deletion, Tag("deletion")]
    | Annotated[Stop, Tag("stop")]
    | Annotated[Joined, Tag("joined")],
    Discriminator(_kind),
]


class Callback(_Payload):
    """An event in its envelope."""

    team_id: str
    event_id: str
    event: Event
    is_ext_shared_channel: bool = False


class Command(_Payload):
    """A slash command; its `trigger_id` is unlike any other."""

    command: str
    text: str = ""
    team_id: str
    user_id: str
    channel_id: str
    trigger_id: str
    response_url: str


class _Id(_Payload):
    id: str


class Action(_Payload):
    """A button."""

    action_id: str
    value: str | None = None
    action_ts: str = ""


class Press(_Payload):
    """Somebody pressed a button."""

    user: _Id
    actions: Sequence[Action]
    response_url: str = ""


class Shortcut(_Payload):
    """An entry in the menu of a message."""

    callback_id: str
    user: _Id
    channel: _Id
    message: Message
    trigger_id: str
    response_url: str


def _shape(body: Any) -> str | None:
    if not isinstance(body, dict):
        return None
    if "command" in body:
        return "command"
    return {
        "event_callback": "callback",
        "block_actions": "press",
        "message_action": "shortcut",
    }.get(str(body.get("type")))


Delivery: TypeAlias = Annotated[
    Annotated[Callback, Tag("callback")]
    | Annotated[Command, Tag("command")]
    | Annotated[Press, Tag("press")]
    | Annotated[Shortcut, Tag("shortcut")],
    Discriminator(_shape),
]

DELIVERY: TypeAdapter[Callback | Command | Press | Shortcut] = TypeAdapter(Delivery)


def moment(ts: str, /) -> datetime:
    """Return the time that the id of a message says, to the microsecond."""
    seconds, _, rest = ts.partition(".")
    whole = datetime.fromtimestamp(int(seconds), UTC)
    return whole.replace(microsecond=int(rest[:6].ljust(6, "0")))
