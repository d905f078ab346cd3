"""The app as its manifest declares it: events, scopes, commands, shortcuts."""

from dataclasses import dataclass, field
from typing import Self

from tests.fakes.slack.model import Json

ALL_SCOPES = frozenset(
    [
        "app_mentions:read",
        "assistant:write",
        "channels:history",
        "channels:read",
        "chat:write",
        "commands",
        "files:read",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "mpim:history",
        "mpim:read",
        "reactions:read",
        "reactions:write",
        "team:read",
        "usergroups:read",
        "users:read",
        "users:read.email",
    ]
)
ALL_EVENTS = frozenset(
    [
        "agent_session_stopped",
        "app_context_changed",
        "app_home_opened",
        "app_mention",
        "member_joined_channel",
        "member_left_channel",
        "message.channels",
        "message.groups",
        "message.im",
        "message.mpim",
        "reaction_added",
        "reaction_removed",
        "channel_shared",
        "channel_unshared",
    ]
)
MESSAGE_EVENTS = {
    "channel": "message.channels",
    "group": "message.groups",
    "im": "message.im",
    "mpim": "message.mpim",
}
EVENT_SCOPES = {
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
    "member_joined_channel": "channels:read",
    "member_left_channel": "channels:read",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
    "channel_shared": "channels:read",
    "channel_unshared": "channels:read",
}


@dataclass(slots=True, kw_only=True)
class SlackApp:
    """What the workspace's admin has installed."""

    id: str = "ASHIRUBE"
    scopes: set[str] = field(default_factory=lambda: set(ALL_SCOPES))
    events: set[str] = field(default_factory=lambda: set(ALL_EVENTS))
    commands: set[str] = field(default_factory=lambda: {"/ask"})
    shortcuts: set[str] | None = None
    agent: bool = True
    socket_mode: bool = True
    signing_secret: str = "8f742231b10e8888abcd99yyyzzz85a5"

    @classmethod
    def from_manifest(cls, manifest: Json, /) -> Self:
        """Read what a manifest subscribes to, asks for and declares."""
        features = manifest.get("features", {})
        settings = manifest.get("settings", {})
        subscriptions = settings.get("event_subscriptions", {})
        commands = features.get("slash_commands", [])
        shortcuts = features.get("shortcuts", [])
        scopes = manifest.get("oauth_config", {}).get("scopes", {}).get("bot", [])
        return cls(
            scopes=set(scopes),
            events=set(subscriptions.get("bot_events", [])),
            commands={command["command"] for command in commands},
            shortcuts={shortcut["callback_id"] for shortcut in shortcuts},
            agent="agent_view" in features,
            socket_mode=settings.get("socket_mode_enabled", False),
        )

    def hears(self, subscription: str, /) -> bool:
        """Whether an event comes: subscribed to, and allowed by a scope."""
        scope = EVENT_SCOPES.get(subscription)
        return subscription in self.events and (scope is None or scope in self.scopes)
