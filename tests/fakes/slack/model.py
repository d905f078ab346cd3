"""What a workspace is made of: teams, people, channels, messages, views, tokens."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


class Kind(StrEnum):
    """The kinds of conversations, named as `channel_type` names them."""

    PUBLIC = "channel"
    PRIVATE = "group"
    DM = "im"
    GROUP_DM = "mpim"


class Guest(StrEnum):
    """How far a guest gets."""

    MULTI = "multi-channel"
    SINGLE = "single-channel"


@dataclass(slots=True, kw_only=True)
class Team:
    """A workspace; `enterprise` is set for one of an organisation."""

    id: str
    name: str
    domain: str
    enterprise: str | None = None


@dataclass(slots=True, kw_only=True)
class User:
    """A person or a bot; `team` tells strangers from colleagues."""

    id: str
    name: str
    real_name: str
    team: str
    email: str | None = None
    locale: str = "ja-JP"
    guest: Guest | None = None
    admin: bool = False
    deleted: bool = False
    bot_id: str | None = None
    app_id: str | None = None
    enterprise: str | None = None


@dataclass(slots=True, kw_only=True)
class Usergroup:
    """A group that can be mentioned."""

    id: str
    handle: str
    name: str
    team: str
    users: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """How a message looked from a time on, and which call made it look so."""

    at: float
    made_by: str
    text: str
    blocks: tuple[Json, ...]


@dataclass(slots=True, kw_only=True)
class Stream:
    """The streaming half of a message: `state` is `in_progress` or `completed`.

    `ended_by` says who ended it: the app, the five minutes, or the person. A `full`
    one takes no more text.
    """

    started: float
    text: str = ""
    tasks: dict[str, Json] = field(default_factory=dict)
    plan: str = ""
    blocks: list[Json] = field(default_factory=list)
    ended_by: str = ""
    full: bool = False
    recipient_user: str | None = None
    recipient_team: str | None = None

    @property
    def state(self) -> str:
        """What the API calls `streaming_state`."""
        return "completed" if self.ended_by else "in_progress"


@dataclass(slots=True, kw_only=True)
class Message:
    """A message as people see it, with how it came to be so."""

    ts: str
    channel: str
    user: str
    team: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    broadcast: bool = False
    subtype: str | None = None
    bot_id: str | None = None
    app_id: str | None = None
    client_msg_id: str | None = None
    files: list["File"] = field(default_factory=list)
    metadata: Json | None = None
    attachments: list[Json] = field(default_factory=list)
    ephemeral_to: str | None = None
    edited: Json | None = None
    deleted: bool = False
    tombstone: bool = False
    unfurl_links: bool | None = None
    unfurl_media: bool | None = None
    stream: Stream | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    history: list[Revision] = field(default_factory=list)

    @property
    def root(self) -> str:
        """The thread it belongs to, or would open."""
        return self.thread_ts or self.ts

    @property
    def reads(self) -> str:
        """Everything a person can read in it."""
        plain = self.text if self.stream is None else self.stream.text
        return "\n".join(texts_in(self.blocks)) or plain


@dataclass(slots=True, kw_only=True)
class File:
    """A file somebody shared; `guarded` ones come as an id to look up."""

    id: str
    name: str
    mimetype: str
    content: bytes
    user: str
    guarded: bool = False


@dataclass(slots=True, kw_only=True)
class Channel:
    """A conversation with its members and messages."""

    id: str
    name: str
    kind: Kind
    team: str
    members: list[str] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)
    threads: dict[str, list[Message]] = field(default_factory=dict)
    archived: bool = False
    shared_with: set[str] = field(default_factory=set)
    pending_with: set[str] = field(default_factory=set)
    org_shared: bool = False

    def add(self, message: Message) -> None:
        """Take a message in, as the last one."""
        self.messages[message.ts] = message
        if message.thread_ts not in {None, message.ts}:
            self.threads.setdefault(message.root, []).append(message)

    @property
    def ext_shared(self) -> bool:
        """Whether people of other companies are in it."""
        return bool(self.shared_with)


@dataclass(slots=True, kw_only=True)
class View:
    """A modal on somebody's screen, or somebody's Home tab."""

    id: str
    user: str
    content: Json
    hash: str
    root: str
    previous: str | None = None


@dataclass(slots=True, kw_only=True)
class Token:
    """A token with what it may do."""

    value: str
    scopes: set[str]
    kind: str = "bot"
    revoked: bool = False


def texts_in(part: Any) -> list[str]:
    """Every text a person can read in blocks, in their order."""
    match part:
        case list():
            return [text for item in part for text in texts_in(item)]
        case dict():
            here = [part["text"]] if isinstance(part.get("text"), str) else []
            inner = (value for value in part.values() if isinstance(value, dict | list))
            return here + [text for value in inner for text in texts_in(value)]
        case _:
            return []
