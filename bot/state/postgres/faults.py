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

_SETTING = {
    "28P01": "refuses the password; correct it in state.url",
    "28000": "lets this user in from here by no rule; correct state.url, or "
    "pg_hba.conf on the server",
    "3D000": "has no database of that name; make it with createdb, or correct "
    "state.url",
    "3F000": "has no schema to write to; make it with CREATE SCHEMA, or correct "
    "search_path in state.url",
    "42P01": "lacks a table; ask `shirube db check`",
    "42703": "lacks a column; ask `shirube db check`",
    "XX001": "reports damaged data; restore a backup with `shirube db restore`",
    "XX002": "reports a damaged index; run REINDEX on that database",
}
_READ_ONLY = {
    "25006": "is a standby, or was set read-only; point state.url at the primary",
    "53100": "has no disk space left; free some on its host",
}
_RACE = {
    "40001": "undid a transaction because of another",
    "40P01": "undid a transaction that stood in another's way",
}
_FOR_NOW = {
    "53300": "has no connection left; raise max_connections there, or stop what holds "
    "them",
    "55P03": "stayed locked by another process",
    "57014": "took too long for a statement and gave up",
    "57P03": "is starting or stopping; try again soon",
}
_BROKEN = "broke the connection off; what was being written is there whole or not"


def _translated(address: Address, code: str, text: str) -> BotError | None:
    """Find the error for a five-letter SQLSTATE."""
    fault: BotError | None = None
    match code:
        case _ if code in _SETTING:
            fault = ConfigError(f"{address} {_SETTING[code]}")
        case "42501":
            fault = ReadOnly(
                f"{address} says {text!r}; let the user of state.url own the schema"
            )
        case _ if code in _READ_ONLY:
            fault = ReadOnly(f"{address} {_READ_ONLY[code]}")
        case _ if code in _RACE:
            fault = LostRace(f"{address} {_RACE[code]}")
        case _ if code in _FOR_NOW:
            fault = Unavailable(f"{address} {_FOR_NOW[code]}")
        case _ if code[:2] in {"08", "57"} or code == "25P03":
            fault = Unavailable(f"{address} {_BROKEN}")
        case _ if code[:2] in {"53", "58"}:
            fault = Unavailable(f"{address} cannot go on: {text}")
    return fault


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
            fault = Unavailable(f"{address} does not answer in time")
        case OSError():
            reason = error.strerror or error
            fault = Unavailable(f"{address} cannot be reached: {reason}")
        case asyncpg.InterfaceError() if "closed" in str(error):
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
