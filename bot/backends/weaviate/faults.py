"""What Weaviate and its client raise, put into the words of `bot.core.errors`."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

import httpx
from weaviate.exceptions import (
    AuthenticationFailedError,
    InsufficientPermissionsError,
    ResponseCannotBeDecodedError,
    UnexpectedStatusCodeError,
    WeaviateBaseError,
    WeaviateConnectionError,
    WeaviateStartUpError,
)

from bot.core.errors import BotError, ConfigError, Gone, ReadOnly, Unavailable

_SHOWN = 200
_LOOK = "see that the server runs and can be reached on both of its ports"


class RefusedError(Exception):
    """The server did not do all of a call; the text is what it says of that."""


@contextmanager
def faults(action: str, /) -> Iterator[None]:
    """Turn what the client raises into errors of the house.

    `action` says what failed, with the place: "reading Kb_g1 in Weaviate at
    http://weaviate:8080".
    """
    try:
        yield
    except TimeoutError as error:
        raise Unavailable(f"{action} took too long; {_LOOK}") from error
    except RefusedError as error:
        raise refusal(action, str(error)) from error
    except httpx.HTTPError as error:
        reason = str(error) or type(error).__name__
        raise refusal(action, reason) from error
    except WeaviateBaseError as error:
        raise _translated(action, error) from error


def refusal(action: str, reason: str, /) -> BotError:
    """Return the error for what the server says of a call or of one object."""
    for pattern, make in _TABLE:
        if found := pattern.search(reason):
            return make(action, found[0][:_SHOWN])
    line = reason.strip().partition("\n")[0][:_SHOWN]
    return Unavailable(f"{action} failed ({line}); {_LOOK}")


def _translated(action: str, error: WeaviateBaseError) -> BotError:
    match error:
        case AuthenticationFailedError() | UnexpectedStatusCodeError(status_code=401):
            return _unknown(action, "")
        case InsufficientPermissionsError():
            found = _MAY_NOT.search(str(error.error))
            return _forbidden(action, found[0][:_SHOWN] if found else "forbidden")
        case ResponseCannotBeDecodedError(status_code=status) if status < _BROKEN:
            return stranger(action)
        case WeaviateConnectionError() | WeaviateStartUpError() if (
            "Connection to Weaviate failed" in error.message
        ):
            return Unavailable(f"{action} failed: no server answers there; {_LOOK}")
        case _:
            return refusal(action, error.message)


def stranger(action: str, /) -> ConfigError:
    """Return the error for an answer that no Weaviate gives."""
    return ConfigError(
        f"{action} failed: what answers there is not Weaviate, but perhaps a proxy or "
        "another server; correct the address of the index"
    )


# --- one maker a row ---------------------------------------------------------


def _forbidden(action: str, reason: str) -> BotError:
    return ConfigError(
        f"{action} is not permitted to the API key ({reason}); "
        "give its role that permission, or set another key"
    )


def _unknown(action: str, _: str) -> BotError:
    return ConfigError(
        f"{action} was refused: Weaviate does not know the API key, or wants one; "
        "set the key of a user that exists there"
    )


def _frozen(action: str, reason: str) -> BotError:
    return ReadOnly(
        f"{action} was refused ({reason}): a server takes no writes when its disk is "
        "nearly full; free some space there, it goes on by itself"
    )


def _gone(action: str, _: str) -> BotError:
    return Gone(f"{action} failed: that collection does not exist; run `shirube sync`")


def _few(action: str, reason: str) -> BotError:
    return ConfigError(
        f"{action} failed ({reason}); set the number of copies to one that the "
        "cluster has nodes for and its administrator allows"
    )


def _old(action: str, reason: str) -> BotError:
    return ConfigError(f"{action} failed: {reason}; upgrade the server")


def _regex(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


_BROKEN = HTTPStatus.INTERNAL_SERVER_ERROR
_MAY_NOT = _regex(r"insufficient permissions to [^\n]*")
_TABLE: tuple[tuple[re.Pattern[str], Callable[[str, str], BotError]], ...] = (
    (_regex(r"read-only[^\n'\"]*"), _frozen),
    (
        _regex(r"could not find class", r"class \S+ not (found|present)"),
        _gone,
    ),
    (
        _regex(
            r"enough weaviate nodes for replication[^\n'\"]*",
            r"minimum replication factor[^\n'\"]*",
        ),
        _few,
    ),
    (_MAY_NOT, _forbidden),
    (_regex("unauthenticated", "unauthorized", "anonymous access"), _unknown),
    (_regex(r"version \S+ is not supported"), _old),
)
