"""What each method of the Web API asks for: scopes, calls a minute, JSON or not."""

from dataclasses import dataclass

T1, T2, T3, T4 = 1, 20, 50, 100
UNMETERED = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A method's needs; any one of `scopes` will do, none means a token is enough.

    A method that takes no JSON ignores it: the SDK sends its arguments in the query.
    """

    scopes: tuple[str, ...] = ()
    per_minute: int | None = UNMETERED
    json: bool = False
    token: str = "bot"

    @property
    def by_kind(self) -> bool:
        """Whether the kind of the conversation says which of the scopes it takes."""
        return self.scopes in {_READ, _HISTORY}


_READ = ("channels:read", "groups:read", "im:read", "mpim:read")
_HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")
_STATUS = ("chat:write", "assistant:write")
_OPEN = ("im:write", "mpim:write")


def _write(per_minute: int | None, *scopes: str) -> Rule:
    return Rule(scopes=scopes, per_minute=per_minute, json=True)


def _read(per_minute: int | None, *scopes: str) -> Rule:
    return Rule(scopes=scopes, per_minute=per_minute)


RULES: dict[str, Rule] = {
    "agents.sessions.setStatus": _write(T3, "chat:write"),
    "apps.connections.open": Rule(
        scopes=("connections:write",), per_minute=T3, token="app"
    ),
    "assistant.threads.setStatus": _write(UNMETERED, *_STATUS),
    "assistant.threads.setSuggestedPrompts": _write(T4, "assistant:write"),
    "assistant.threads.setTitle": _read(T4, "assistant:write"),
    "auth.test": _read(UNMETERED),
    "bots.info": _read(T3, "users:read"),
    "chat.appendStream": _write(T4, "chat:write"),
    "chat.delete": _read(T3, "chat:write"),
    "chat.getPermalink": _read(UNMETERED),
    "chat.postEphemeral": _write(T4, "chat:write"),
    "chat.postMessage": _write(UNMETERED, "chat:write"),
    "chat.startStream": _write(T2, "chat:write"),
    "chat.stopStream": _write(T2, "chat:write"),
    "chat.update": _write(T3, "chat:write"),
    "conversations.history": _read(T3, *_HISTORY),
    "conversations.info": _read(T3, *_READ),
    "conversations.join": _read(T3, "channels:join"),
    "conversations.list": _read(T2, *_READ),
    "conversations.members": _read(T4, *_READ),
    "conversations.open": _read(T3, *_OPEN),
    "conversations.replies": _read(T3, *_HISTORY),
    "files.info": _read(T4, "files:read"),
    "reactions.add": _read(T3, "reactions:write"),
    "reactions.get": _read(T3, "reactions:read"),
    "reactions.remove": _read(T2, "reactions:write"),
    "team.info": _read(T3, "team:read"),
    "usergroups.list": _read(T2, "usergroups:read"),
    "usergroups.users.list": _read(T2, "usergroups:read"),
    "users.conversations": _read(T3, *_READ),
    "users.info": _read(T4, "users:read"),
    "users.list": _read(T2, "users:read"),
    "users.lookupByEmail": _read(T3, "users:read.email"),
    "views.open": _write(T4),
    "views.publish": _write(T4),
    "views.push": _write(T4),
    "views.update": _write(T4),
}
