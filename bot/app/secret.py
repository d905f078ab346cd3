"""Secrets leave the settings here, and nowhere else."""

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, SecretStr

_SHORTEST = 4
"""Characters of a secret that is looked for: a shorter one would be found anywhere."""

_NAMES = ("token", "password", "secret", "key", "bearer", "proxy")
"""What the options of a source are called that hold one."""


def revealed(value: SecretStr | None) -> str | None:
    """Return the text of a secret, if it is set."""
    return value.get_secret_value() if value else None


def secrets(settings: BaseModel, /) -> frozenset[str]:
    """Return every text that must not be seen, the passwords in addresses too."""
    return frozenset(
        text for text in _secrets(dict(settings), "") if len(text) >= _SHORTEST
    )


def _secrets(value: object, name: str) -> Iterator[str]:
    match value:
        case SecretStr():
            yield from _parts(value.get_secret_value())
        case BaseModel():
            yield from _secrets(dict(value), name)
        case Mapping():
            for key, each in value.items():
                yield from _secrets(each, str(key))
        case str() if any(word in name for word in _NAMES):
            yield from _parts(value)
        case Sequence() if not isinstance(value, str | bytes):
            for each in value:
                yield from _secrets(each, name)


def _parts(secret: str) -> Iterator[str]:
    """Return a secret, and of an address its password, as written and as meant."""
    yield secret
    try:
        password = urlsplit(secret).password
    except ValueError:
        return
    if password:
        yield from (password, unquote(password))
