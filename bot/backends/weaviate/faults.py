"""What Weaviate and its client raise, put into the words of `bot.core.errors`."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
from weaviate.exceptions import (
    AuthenticationFailedError,
    InsufficientPermissionsError,
    ResponseCannotBeDecodedError,
    UnexpectedStatusCodeError,
    WeaviateBaseError,
)

from bot.core.errors import BotError, ConfigError, ReadOnly, Unavailable

_SHOWN = 200

_READ_ONLY = re.compile("read-?only", re.IGNORECASE)
_NO_COLLECTION = re.compile(
    r"could not find class|class \S+ (is )?not (found|present)|class not found"
    r"|collection \S+ (does not exist|not found)",
    re.IGNORECASE,
)
_NO_ENTRY = re.compile("unauthenticated|unauthorized|anonymous access", re.IGNORECASE)
_MAY_NOT = re.compile(r"insufficient permissions to ([^\n]*)")


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
    except httpx.HTTPError as error:
        raise Unavailable(f"{action} failed ({_short(error)}); {_LOOK}") from error
    except WeaviateBaseError as error:
        raise _translated(action, error) from error


_LOOK = "see that the server runs and can be reached on both of its ports"


def refusal(action: str, reason: str, /) -> BotError:
    """Return the error for what the server says of a call or of one object."""
    for pattern, make in _TABLE:
        if found := pattern.search(reason):
            return make(action, found)
    return Unavailable(f"{action} failed ({_first_line(reason)}); {_LOOK}")


def _translated(action: str, error: WeaviateBaseError) -> BotError:
    match error:
        case InsufficientPermissionsError():
            return _forbidden(action, _MAY_NOT.search(str(error.error)))
        case AuthenticationFailedError():
            return _unknown(action, None)
        case UnexpectedStatusCodeError(status_code=401):
            return _unknown(action, None)
        case ResponseCannotBeDecodedError():
            return ConfigError(
                f"{action} failed: what answers there is not Weaviate but sends "
                "something else, such as a web page; correct the address of the index"
            )
        case _:
            return refusal(action, error.message)


def _forbidden(action: str, found: re.Match[str] | None) -> BotError:
    what = f" ({found[1][:_SHOWN]})" if found else ""
    return ConfigError(
        f"{action} is not permitted to the API key{what}; "
        "give its role that permission, or set another key"
    )


def _unknown(action: str, _: re.Match[str] | None) -> BotError:
    return ConfigError(
        f"{action} was refused: Weaviate does not know the API key, or wants one; "
        "set the key of a user that exists there"
    )


def _frozen(action: str, _: re.Match[str] | None) -> BotError:
    return ReadOnly(
        f"{action} was refused: the server takes no writes, most likely because its "
        "disk is nearly full; free some space there"
    )


def _gone(action: str, _: re.Match[str] | None) -> BotError:
    return Unavailable(
        f"{action} failed: that collection does not exist; run `shirube sync`"
    )


def _short(error: Exception) -> str:
    return _first_line(str(error)) or type(error).__name__


def _first_line(text: str) -> str:
    return next((line for line in text.strip().splitlines() if line), "")[:_SHOWN]


_TABLE: tuple[
    tuple[re.Pattern[str], Callable[[str, re.Match[str] | None], BotError]], ...
] = (
    (_READ_ONLY, _frozen),
    (_NO_COLLECTION, _gone),
    (_MAY_NOT, _forbidden),
    (_NO_ENTRY, _unknown),
)
