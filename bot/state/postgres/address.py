"""Where the PostgreSQL server is, in a form that may be printed."""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

from bot.core.errors import ConfigError

DEFAULTS: Final = {
    "application_name": "shirube",
    "statement_timeout": "60s",
    "lock_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",
    # So that the locks of a host that vanished are free after 25 seconds.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "jit": "off",  # many small statements; compiling one takes longer than running it
}
"""What is asked of the server, unless the URL says otherwise."""

_SCHEMES = ("postgresql", "postgres")
_PRINTABLE = ("host", "port", "dbname", "user", "search_path")
_HOST = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(:\d+)?")
_UNREADABLE = (
    "state.url is not an address of PostgreSQL; write "
    "postgresql://USER:PASSWORD@HOST:PORT/DATABASE, and in the password %40 for @, "
    "%3A for :, %2F for /, %3F for ?, %23 for # and %25 for %"
)


@dataclass(frozen=True, slots=True)
class Address:
    """What the driver connects to, and how it is called where people can read it."""

    dsn: str = field(repr=False)
    name: str

    def __str__(self) -> str:
        return self.name


def parsed(url: str, /) -> Address:
    """Read a URL as `psql` takes it, and add what we ask of the server.

    Raises `ConfigError`, which quotes nothing: where a special character stands in
    a password, any part may be a piece of it.
    """
    try:
        parts = urlsplit(url.strip())
        query = parse_qsl(parts.query, strict_parsing=True) if parts.query else []
    except ValueError:
        raise ConfigError(_UNREADABLE) from None
    user, _, hosts = parts.netloc.rpartition("@")
    if not _sound(parts, user, hosts):
        raise ConfigError(_UNREADABLE)
    dsn = parts._replace(query=urlencode(DEFAULTS | dict(query))).geturl()
    account = user.partition(":")[0]
    place = f"{account}@{hosts}" if account else hosts
    shown = "&".join(f"{key}={value}" for key, value in query if key in _PRINTABLE)
    name = f"postgresql://{place}{unquote(parts.path)}"
    return Address(dsn, f"{name}?{shown}" if shown else name)


def _sound(parts: SplitResult, user: str, hosts: str) -> bool:
    """Say whether the parts are what they seem: no password was cut in two."""
    return (
        parts.scheme in _SCHEMES
        and not parts.fragment
        and "@" not in user + parts.path
        and all(_HOST.fullmatch(host) for host in hosts.split(","))
    )
