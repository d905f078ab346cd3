"""What it means when Slack refuses a call, told by what the caller does next.

* Denied        Slack says no, and has done nothing
  x Missing     there is no such place or message, or not any more
* Unavailable   nothing was done; try again
  x TooOften    not before `retry_after`
  x Unsure      it may have been done: look before you try again
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.core.errors import Unavailable

FAILURES: Final = (SlackApiError, aiohttp.ClientError, TimeoutError)
"""What the SDK raises when a call fails."""

AWAY: Final = 30.0
"""Seconds to wait for when Slack does not say how long."""

_GONE: Final = frozenset(
    [
        "cannot_reply_to_message",
        "channel_not_found",
        "is_archived",
        "message_not_found",
        "not_in_channel",
        "thread_not_found",
    ]
)
_UNSURE: Final = frozenset(["fatal_error", "internal_error", "request_timeout"])
LOST: Final = frozenset(
    [
        "account_inactive",
        "invalid_auth",
        "not_allowed_token_type",
        "not_authed",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
    ]
)
"""What Slack says of a token that somebody has to replace."""

_AWAY: Final = LOST - {"not_allowed_token_type"} | {"service_unavailable"}


class Denied(Exception):
    """Slack says no, and has done nothing; `code` is its word for the reason."""

    def __init__(self, code: str, /) -> None:
        super().__init__(code)
        self.code = code


class Missing(Denied):
    """There is no such channel, thread or message, or it is closed to us."""


class TooOften(Unavailable):
    """Slack wants the call less often."""


class Unsure(Unavailable):
    """No answer came: it was done or not."""


def meaning_of(error: Exception, /) -> Denied | Unavailable:
    """Return what one of `FAILURES` means."""
    if isinstance(error, SlackApiError):
        return refusal(error.response)
    on_the_way = _on_the_way(error)
    if on_the_way is not None:
        return Unavailable(on_the_way)
    return Unsure(f"Slack does not answer: {type(error).__name__}")


def word_of(error: Exception, /) -> str | None:
    """Return Slack's word for why a call failed, where it is Slack that says so."""
    data = getattr(getattr(error, "response", None), "data", None)
    return data.get("error") if isinstance(data, Mapping) else None


def _on_the_way(error: Exception) -> str | None:
    """Say why a call did not get as far as Slack; a proxy's login is left out."""
    match error:
        case aiohttp.ClientHttpProxyError(status=status):
            return _of_proxy(status)
        case aiohttp.ClientProxyConnectionError(host=host, port=port):
            return (
                f"the proxy at {host}:{port} cannot be reached; start it, or correct "
                "slack.proxy"
            )
        case aiohttp.ClientConnectorCertificateError():
            return (
                "Slack cannot be reached: its certificate is not trusted; set "
                "slack.ca_file to the authority of your network that signs it"
            )
        case aiohttp.ClientConnectorError():
            return "Slack cannot be reached"
        case _:
            return None


def _of_proxy(status: int) -> str:
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return (
            "the proxy refuses our login (407); correct the user and the password in "
            "slack.proxy"
        )
    return (
        f"the proxy does not let us through to Slack ({status}); look at its rules, or "
        "correct slack.proxy"
    )


def refusal(told: Any, /) -> Denied | Unavailable:
    """Return what an answer means that is not the one hoped for."""
    status = _status(told)
    code = _code(told)
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return Unavailable(_of_proxy(status))
    if status == HTTPStatus.TOO_MANY_REQUESTS or code == "ratelimited":
        message = "Slack wants this call less often"
        return TooOften(message, retry_after=_seconds(told))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or code is None or code in _UNSURE:
        return Unsure(f"Slack fails: {code or status}")
    if code in _AWAY:
        return Unavailable(f"Slack refuses us: {code}", retry_after=AWAY)
    return Missing(code) if code in _GONE else Denied(code)


def _status(told: Any) -> int:
    found = getattr(told, "status_code", None) or getattr(told, "status", None)
    return int(found or 0)


def _code(told: Any) -> str | None:
    """Return Slack's word; its response URLs answer in plain text."""
    data = getattr(told, "data", None)
    if isinstance(data, Mapping):
        return data.get("error")
    return getattr(told, "body", None)


def _seconds(told: Any) -> float:
    headers = {key.lower(): value for key, value in dict(told.headers).items()}
    try:
        return max(1.0, float(headers["retry-after"]))
    except (KeyError, ValueError):
        return AWAY
