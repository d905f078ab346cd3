"""What PostgreSQL can do wrong, as errors that say what to do next."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.core.errors import BotError, ConfigError, ReadOnly, Unavailable
from bot.state.database import LostRace
from bot.state.postgres.address import Address

DRIVER = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,  # a connection refused, an unknown host, an end in mid-sentence
)
"""What the driver raises."""

_BROKEN = "broke the connection off; what was being written is there whole or not"

_LOOK = "see that the server runs, and that state.url names it"

_OVER = ("closed", "cannot switch to state")
"""What the driver says of a connection that has ended, or that the server has just
said goodbye over."""

_KNOWN: dict[str, tuple[type[BotError], str]] = {
    "25006": (
        ReadOnly,
        "is a standby, or was set read-only; point state.url at the primary",
    ),
    "25P03": (Unavailable, _BROKEN),
    "28000": (
        ConfigError,
        "does not let this user in from here; correct state.url, or its pg_hba.conf",
    ),
    "28P01": (ConfigError, "refuses the password; correct it in state.url"),
    "3D000": (
        ConfigError,
        "has no database of that name; make it with createdb, or correct state.url",
    ),
    "3F000": (ConfigError, "has no such schema; correct search_path in state.url"),
    "40001": (LostRace, "undid a transaction because of another"),
    "40P01": (LostRace, "undid a transaction that stood in another's way"),
    "42501": (ReadOnly, "says {text}; let the user of state.url own the schema"),
    "42704": (ConfigError, "says {text}; correct state.url"),
    "42703": (ConfigError, "lacks a column; ask `shirube db check`"),
    "42P01": (ConfigError, "lacks a table; ask `shirube db check`"),
    "53100": (ReadOnly, "has no disk space left; free some on its host"),
    "53300": (
        Unavailable,
        "has no connection left; raise max_connections there, or stop what holds them",
    ),
    "55000": (
        Unavailable,
        "is not ready ({text}); see that its database takes connections",
    ),
    "55P03": (Unavailable, "stayed locked by another process"),
    "57014": (Unavailable, "took too long for a statement and gave up"),
    "57P03": (Unavailable, "is starting or stopping; try again soon"),
    "XX001": (
        ConfigError,
        "reports damaged data; restore a backup with `shirube db restore`",
    ),
    "XX002": (
        ConfigError,
        "reports a damaged index; run REINDEX on that database",
    ),
}
"""By SQLSTATE, what stands behind the address of the server."""

_KINDS: dict[str, tuple[type[BotError], str]] = {
    "08": (Unavailable, _BROKEN),
    "53": (Unavailable, "cannot go on: {text}"),
    "57": (Unavailable, _BROKEN),
    "58": (Unavailable, "cannot go on: {text}"),
}
"""The same for whole classes of them."""


def _translated(address: Address, code: str, text: str) -> BotError | None:
    found = _KNOWN.get(code) or _KINDS.get(code[:2])
    if found is None:
        return None
    kind, sentence = found
    return kind(f"{address} {sentence.format(text=text)}")


def _unreached(address: Address, error: BaseException) -> BotError | None:
    """Find the error for what is no answer of the server."""
    fault: BotError | None = None
    match error:
        case ssl.SSLError():
            fault = ConfigError(
                f"the certificate of {address} is not accepted ({error}); "
                "correct sslmode and sslrootcert in state.url"
            )
        case asyncpg.exceptions.ClientConfigurationError():
            fault = ConfigError(f"state.url: {error}")
        case TimeoutError():
            fault = Unavailable(f"{address} does not answer in time; {_LOOK}")
        case OSError():
            reason = error.strerror or error
            fault = Unavailable(f"{address} cannot be reached ({reason}); {_LOOK}")
        case asyncpg.InterfaceError() | asyncpg.InternalClientError() if any(
            sign in str(error) for sign in _OVER
        ):
            fault = Unavailable(f"{address} {_BROKEN}")
        case asyncpg.InternalClientError() if "another operation" in str(error):
            # It was about to ask when the server went away.
            fault = Unavailable(f"{address} {_BROKEN}")
        case asyncpg.exceptions.TargetServerAttributeNotMatched():
            fault = Unavailable(f"no server of {address} is as state.url wants it")
    return fault


def _house(address: Address, error: BaseException) -> BotError | None:
    if isinstance(error, PoolTimeout):
        return Unavailable(f"every connection to {address} is busy; try again soon")
    cause = error
    if isinstance(error, DBAPIError) and error.orig is not None:
        cause = error.orig.__cause__ or error.orig  # SQLAlchemy wraps it twice
    code = getattr(cause, "sqlstate", None)
    if code:
        return _translated(address, code, str(cause).partition("\n")[0])
    return _unreached(address, cause)


@contextmanager
def mapped(address: Address, /) -> Iterator[None]:
    """Turn what goes wrong with a server into the errors of the house."""
    try:
        yield
    except (DBAPIError, PoolTimeout, *DRIVER) as error:
        fault = _house(address, error)
        if fault is None:
            raise
        raise fault from error
