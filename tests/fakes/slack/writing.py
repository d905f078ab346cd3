"""What Slack makes of the words a person types: mentions, links, rich text."""

import re
from collections.abc import Iterator

from tests.fakes.slack.limits import escape, unescape
from tests.fakes.slack.model import Json, Kind
from tests.fakes.slack.workspace import Workspace

_BROADCASTS = ("channel", "here", "everyone")
_URL = re.compile(r"https?://[\w/:%#$&?~.=+\-;!]+")
_TOKEN = re.compile(r"<([@#!])?([^<>|]+)(?:\|([^<>]*))?>")


def typed(workspace: Workspace, text: str) -> str:
    """Return the text of an event for what was typed: `@name`, `#name`, links."""
    written = _URL.sub(lambda url: f"<{url[0]}>", escape(text))
    if "@" not in written and "#" not in written:
        return written
    names = _mentionable(workspace)
    longest_first = sorted(names, key=len, reverse=True)
    pattern = "|".join(re.escape(name) for name in longest_first)
    return re.sub(pattern, lambda found: names[found[0]], written)


def _mentionable(workspace: Workspace) -> dict[str, str]:
    names = {f"@{word}": f"<!{word}>" for word in _BROADCASTS}
    for user in workspace.users.values():
        names[f"@{user.name}"] = f"<@{user.id}>"
    for group in workspace.usergroups.values():
        names[f"@{group.handle}"] = f"<!subteam^{group.id}>"
    for channel in workspace.channels.values():
        if channel.kind in {Kind.PUBLIC, Kind.PRIVATE}:
            names[f"#{channel.name}"] = f"<#{channel.id}|{channel.name}>"
    return names


def rich_text(text: str, block_id: str) -> list[Json]:
    """The block that a person's client sends beside the text."""
    section = {"type": "rich_text_section", "elements": list(_elements(text))}
    return [{"type": "rich_text", "block_id": block_id, "elements": [section]}]


def _elements(text: str) -> Iterator[Json]:
    end = 0
    for token in _TOKEN.finditer(text):
        yield from _plain(text[end : token.start()])
        yield _element(token[1], token[2])
        end = token.end()
    yield from _plain(text[end:])


def _plain(text: str) -> Iterator[Json]:
    if text:
        yield {"type": "text", "text": unescape(text)}


def _element(sign: str | None, target: str) -> Json:
    match sign:
        case "@":
            return {"type": "user", "user_id": target}
        case "#":
            return {"type": "channel", "channel_id": target}
        case "!" if target.startswith("subteam^"):
            group = target.removeprefix("subteam^")
            return {"type": "usergroup", "usergroup_id": group}
        case "!":
            return {"type": "broadcast", "range": target}
        case _:
            return {"type": "link", "url": unescape(target)}


def mentions(text: str, user_id: str) -> bool:
    """Whether a text names a user."""
    return re.search(rf"<@{user_id}(\|[^>]*)?>", text) is not None
