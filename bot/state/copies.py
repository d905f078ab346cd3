"""Files that copies of a database are kept in."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from bot.core.errors import ConfigError


def kept(
    folder: Path, pattern: str, write: Callable[[Path], None], /, *, now: datetime
) -> Path:
    """Have a new file written, whole or not at all, that only its owner can read.

    The moment takes the place of `*` in its name. Nothing is ever overwritten.
    Raises `ConfigError` where the folder cannot be written to.
    """
    target = _new(folder, pattern, f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}")
    partial = target.with_name(f"{target.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        partial.touch(mode=0o600)
        write(partial)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        return partial.replace(target)
    except OSError as error:
        raise ConfigError(
            f"no backup can be kept in {folder}: {error.strerror}; name another "
            "folder with --to, or make room"
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def _new(folder: Path, pattern: str, moment: str) -> Path:
    names = (f"{moment}-{number}" if number else moment for number in count())
    return next(
        path
        for path in (folder / pattern.replace("*", name) for name in names)
        if not path.exists()
    )
