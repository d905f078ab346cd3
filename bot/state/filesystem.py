"""Finds out whether a folder lies on a file system that SQLite's log can trust."""

import re
from pathlib import Path

from bot.core.errors import ConfigError

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
