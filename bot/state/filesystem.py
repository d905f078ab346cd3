"""Finds out whether the data lies where it can be kept, and says so if it cannot."""

import errno
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.core.errors import ConfigError, ReadOnly

NETWORKED = frozenset(
    {
        "afs",
        "cifs",
        "fuse.glusterfs",
        "fuse.rclone",
        "fuse.sshfs",
        "glusterfs",
        "ncpfs",
        "nfs",
        "nfs4",
        "smb3",
        "smbfs",
    }
)
"""Types whose hosts do not share the memory that the write-ahead log needs."""

ROOM = 1 << 20
"""Bytes without which a database cannot even be read."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

_MOUNTS = Path("/proc/self/mounts")
_OCTAL = re.compile(r"\\([0-7]{3})")


def networked(folder: Path, mounts: str, /) -> str | None:
    """Return the type of the network file system that holds `folder`, if one does.

    `mounts` is the text of /proc/mounts; the mount that is named last wins.
    """
    found, kind = -1, ""
    for line in mounts.splitlines():
        _, point, type_, *_ = line.split(" ")
        place = Path(_OCTAL.sub(lambda code: chr(int(code[1], 8)), point))
        depth = len(place.parts)
        if folder.is_relative_to(place) and depth >= found:
            found, kind = depth, type_
    return kind if kind in NETWORKED else None


def require_local(folder: Path, /) -> None:
    """Raise `ConfigError` for a folder on a network file system."""
    if not _MOUNTS.exists():
        return  # only Linux tells
    kind = networked(folder.resolve(), _MOUNTS.read_text(errors="surrogateescape"))
    if kind is not None:
        raise ConfigError(
            f"{folder} lies on a network file system ({kind}), where SQLite loses "
            "data; set a data folder on a local disk"
        )


def is_full(path: Path, /) -> bool:
    """Whether the disk that a file lies on has no room left to work with."""
    try:
        return shutil.disk_usage(path.parent).free < ROOM
    except OSError:
        return False


def no_room(path: Path, /) -> ReadOnly:
    """Say that there is no space left for a file."""
    return ReadOnly(f"no space left for {path}; free some on that disk")


@contextmanager
def keeping(path: Path, /) -> Iterator[None]:
    """Turn what the system reports of a file of ours into what is to be done."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise no_room(path) from error
        if error.errno == errno.EROFS:
            raise ReadOnly(
                f"{path} lies on a disk that is mounted read-only; mount it to be "
                "written, or set data to another folder"
            ) from error
        raise ConfigError(
            f"{path} cannot be used ({error.strerror}); set data to a folder that "
            "this account may write to"
        ) from error
