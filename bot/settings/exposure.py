"""Secret files that everybody on the machine may read."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path


def exposed(folder: Path, /, *, prefix: str) -> Iterator[str]:
    """Say of each secret file of ours that others may read it, and what to do.

    Files of another owner are left alone: what mounts them, as containers do, has
    decided who may read them, and nobody could change that here.
    """
    if not folder.stat().st_mode & stat.S_IXOTH:
        return
    for file in sorted(folder.iterdir()):
        found = file.stat()
        ours = file.name.lower().startswith(prefix) and found.st_uid == os.geteuid()
        if ours and found.st_mode & stat.S_IROTH:
            yield (
                f"everybody on this machine may read the secret in {file}; "
                f"run `chmod 600 {file}`"
            )
