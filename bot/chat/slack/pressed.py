"""What Slack says of who pressed a button or sent off a window, as far as needed."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Json: TypeAlias = Mapping[str, Any]


class _Payload(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Person(_Payload):
    """Who did it."""

    id: str


class Where(_Payload):
    """The message that the button is on."""

    channel_id: str
    message_ts: str
    thread_ts: str | None = None


class Button(_Payload):
    """The button."""

    action_id: str
    value: str = ""
    action_ts: str = ""


class Pressed(_Payload):
    """Somebody pressed a button; the trigger opens one window within 3 seconds."""

    user: Person
    trigger_id: str
    container: Where
    actions: Sequence[Button] = Field(min_length=1)

    @property
    def button(self) -> Button:
        """The button: Slack sends one at a time."""
        return self.actions[0]


class Choice(_Payload):
    """What was chosen among several."""

    value: str


class Entered(_Payload):
    """What was entered in one place of a window."""

    value: str | None = None
    selected_option: Choice | None = None


class State(_Payload):
    """What was entered, by block and action."""

    values: Mapping[str, Mapping[str, Entered]] = Field(default_factory=dict)

    def of(self, block: str, /) -> Entered:
        """Return what was entered in a block of one element."""
        return next(iter(self.values.get(block, {}).values()), Entered())


class Window(_Payload):
    """A window as it was sent off."""

    callback_id: str
    private_metadata: str = ""
    state: State = Field(default_factory=State)


class Submitted(_Payload):
    """Somebody sent a window off."""

    user: Person
    view: Window


def pressed(body: Json, /) -> Pressed | None:
    """Read a press; None for one that is not on a message, or has another shape."""
    try:
        return Pressed.model_validate(body)
    except ValidationError:
        return None


def submitted(body: Json, /) -> Submitted | None:
    """Read what was sent off."""
    try:
        return Submitted.model_validate(body)
    except ValidationError:
        return None
