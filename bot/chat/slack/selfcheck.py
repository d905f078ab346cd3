"""Looks before anything begins whether Slack will let the bot do its work."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.slack.refusals import FAILURES, LOST, meaning_of, word_of
from bot.chat.slack.terms import Us
from bot.core.errors import ConfigError, Unavailable

NEEDED: Final = {
    "app_mentions:read": "nobody can mention it",
    "channels:read": "it cannot tell who reads a public channel",
    "chat:write": "it cannot answer",
    "commands": "`/ask` does not work",
    "im:history": "it does not hear direct messages",
    "im:write": "it cannot answer `/ask` in a direct message",
    "users:read": "it cannot tell colleagues from guests",
}
"""Scopes that the bot is of no use without, and what each is for."""

WANTED: Final = {
    "assistant:write": "answers come without a status line",
    "channels:history": "in threads of public channels it must be mentioned each time",
    "groups:history": "in threads of private channels it must be mentioned each time",
    "groups:read": "in private channels it uses no documents",
    "mpim:history": "in threads of group messages it must be mentioned each time",
    "mpim:read": "in group messages it uses no documents",
    "usergroups:read": "grants of user groups have no effect",
    "users:read.email": "grants by mail address have no effect",
}
"""Scopes that it can do without, and what is lost then."""

SKEW: Final = 60.0
"""Seconds that our clock may differ from Slack's; signatures bear 300."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Who we are, what the bot must do without, and by how much our clock is fast.

    `scopes` are those that it has, and `hears_threads` says whether it hears what is
    said in threads of channels.
    """

    us: Us
    lacking: tuple[str, ...]
    skew: float
    hears_threads: bool = True
    scopes: frozenset[str] = frozenset()


async def look(
    client: AsyncWebClient,
    app_token: str | None,
    /,
    *,
    clock: Callable[[], datetime],
) -> Found:
    """Look at both tokens, the scopes and the clock.

    Raises `ConfigError` with a sentence for each thing that somebody has to change,
    and `Unavailable` where Slack cannot be asked. Without an `app_token` none is
    looked at.
    """
    problems: list[str] = []
    told = await _asked("slack.bot_token", client.auth_test(), problems)
    if app_token is not None:
        opening = client.apps_connections_open(app_token=app_token)
        await _asked("slack.app_token", opening, problems)
    if told is not None:
        scopes = _scopes(told.headers)
        problems += _without(scopes, NEEDED)
    if problems or told is None:
        raise ConfigError("\n".join(problems))
    us = Us(team=told["team_id"], user=told["user_id"], bot=told.get("bot_id") or "")
    return Found(
        us=us,
        lacking=tuple(_without(scopes, WANTED)),
        skew=_skew(told.headers, clock()),
        hears_threads="channels:history" in scopes,
        scopes=scopes,
    )


async def _asked(setting: str, call: Awaitable[Any], problems: list[str]) -> Any | None:
    """Return what Slack says to a token; note why it says no."""
    try:
        return await call
    except FAILURES as error:
        code = word_of(error)
        if code in LOST:
            problems.append(
                f"{setting}: Slack refuses it ({code}); set the token that the pages "
                "of the app show now"
            )
            return None
        if code == "missing_scope":
            problems.append(
                f"{setting}: it lacks the scope connections:write; make another "
                "app-level token with it, under Basic Information"
            )
            return None
        if code == "forbidden_team":
            problems.append(
                f"{setting}: Slack gives it no connection (forbidden_team); switch "
                'Socket Mode on in the pages of the app, or set slack.mode to "http"'
            )
            return None
        meant = meaning_of(error)
        if isinstance(meant, Unavailable):
            raise meant from error
        problems.append(f"{setting}: Slack refuses it ({code})")
        return None


def _scopes(headers: Mapping[str, str]) -> frozenset[str]:
    found = _header(headers, "x-oauth-scopes") or ""
    return frozenset(scope.strip() for scope in found.split(","))


def _without(scopes: frozenset[str], wanted: Mapping[str, str]) -> Iterator[str]:
    for scope, loss in wanted.items():
        if scope not in scopes:
            yield (
                f"the Slack app lacks the scope {scope}: {loss}; add it under OAuth & "
                "Permissions and install the app again"
            )


def _skew(headers: Mapping[str, str], now: datetime) -> float:
    told = _header(headers, "date")
    if told is None:
        return 0.0
    try:
        return (now - parsedate_to_datetime(told)).total_seconds()
    except ValueError:
        return 0.0


def _header(headers: Mapping[str, str], name: str) -> str | None:
    for key, value in headers.items():
        if key.lower() == name:
            return str(value)
    return None
