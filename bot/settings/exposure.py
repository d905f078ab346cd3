"""Files with secrets that everybody on the machine may read."""

import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path


def exposed(folder: Path, /, *, prefix: str) -> Iterator[str]:
    """Say of each secret file of ours that others may read it, and what to do.

    Files of another owner are left alone: what mounts them, as containers do, has
    decided who may read them, and nobody could change that here.
    """
    for file in sorted(folder.iterdir()):
        named = file.name.lower().startswith(prefix)
        if named and file.stat().st_uid == os.geteuid() and _open(file):
            yield (
                f"everybody on this machine may read the secret in {file}; "
                f"run `chmod 600 {file}`"
            )


def telling(file: Path, /, secrets: Collection[str]) -> bool:
    """Whether everybody may read one of these secrets in a file."""
    if not file.is_file() or not _open(file):
        return False
    text = file.read_text(encoding="utf-8", errors="replace")
    return any(secret in text for secret in secrets)


def _open(file: Path) -> bool:
    folder = file.parent.stat().st_mode & stat.S_IXOTH
    return bool(folder and file.stat().st_mode & stat.S_IROTH)
