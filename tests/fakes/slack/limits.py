"""How long texts may be, and what Slack makes of them when it stores them."""

import re
from typing import Any

from tests.fakes.slack.model import Json

POST_TEXT_CHARACTERS = 40_000
POST_TEXT_ADVISED_BYTES = 4_000
UPDATE_TEXT_BYTES = 4_000
STREAM_CALL_CHARACTERS = 12_000
STREAM_TOTAL_BYTES = 12_000
STREAM_SECONDS = 300.0
STATUS_CHARACTERS = 50
STATUS_SECONDS = 120.0
LOADING_MESSAGES = 10
SESSION_TITLE_CHARACTERS = 200
SUGGESTED_PROMPTS = 4

_BARE_AMPERSAND = re.compile(r"&(?!amp;|lt;|gt;)")
_TOKEN = re.compile(r"<(?:[@#!][^<>\s][^<>]*|(?:https?|mailto|tel):[^<>]*)>")
_URL = re.compile(r"https?://[^\s<>|)\]]+")


class Refusal(Exception):
    """Slack says no: the error's name, and what else the answer carries."""

    def __init__(self, error: str, /, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.more: Json = more


def invalid(error: str, *problems: str) -> Refusal:
    """A refusal that says where the argument is wrong."""
    messages = [f"[ERROR] {problem}" for problem in problems]
    return Refusal(error, response_metadata={"messages": messages})


def escape(text: str) -> str:
    """Write text as Slack writes what people type."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """Read text that Slack has escaped."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def stored(text: str) -> str:
    """Return an app's text as Slack keeps it: stray `& < >` become entities."""
    parts: list[str] = []
    end = 0
    for token in _TOKEN.finditer(text):
        parts += [_without_stray(text[end : token.start()]), token[0]]
        end = token.end()
    return "".join([*parts, _without_stray(text[end:])])


def _without_stray(text: str) -> str:
    text = _BARE_AMPERSAND.sub("&amp;", text)
    return text.replace("<", "&lt;").replace(">", "&gt;")


def size(text: str) -> int:
    """Bytes of a text as Slack keeps it."""
    return len(stored(text).encode())


def links_in(text: str) -> list[str]:
    """The addresses Slack could show a preview of."""
    return _URL.findall(text)
