"""Keeps the bodies of an export on disk while it is open."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Self


class BodyType(IntEnum):
    """What `bodyType` says; a raw body is for programs."""

    WIKI = 0
    RAW = 1
    STORAGE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Where a body lies, and what tells it from another one.

    A site has many of them: they are kept small.
    """

    type: BodyType
    offset: int
    size: int
    digest: bytes


class Spool:
    """A nameless file: nothing is left of it when the process dies."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=folder)
        Path(name).unlink()
        self._file = os.fdopen(descriptor, "w+b")
        self._end = 0

    def add(self, type_: BodyType, text: str, /) -> Body:
        """Keep a body."""
        data = text.encode()
        body = measured(type_, data, offset=self._end)
        self._file.write(data)
        self._end += len(data)
        return body

    def read(self, body: Body, /) -> str:
        """Return a body that was kept."""
        self._file.seek(body.offset)
        return self._file.read(body.size).decode()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Throw the bodies away."""
        self._file.close()


class NoSpool:
    """Stands where nobody is going to read the bodies."""

    def add(self, type_: BodyType, text: str, /) -> Body:
        """Measure a body."""
        return measured(type_, text.encode(), offset=0)


def measured(type_: BodyType, data: bytes, /, *, offset: int) -> Body:
    """Return what is known of a body."""
    digest = hashlib.blake2b(data, digest_size=16).digest()
    return Body(type=type_, offset=offset, size=len(data), digest=digest)
