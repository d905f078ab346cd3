"""Remembers the digests of files between runs, so that most are never read again."""

import json
import time
from collections.abc import Mapping

from connectors.files import Found, Tree

_FORMAT = 1
_FRESH_NS = 2_000_000_000


class Digests:
    """The digests of a folder's files, some of them from a checkpoint.

    One is believed while size and time of the file are the same. `now_ns` is when
    the folder was opened: what changed in the last two seconds before is not
    remembered, for within a clock's tick a file can change and keep its time.
    """

    def __init__(
        self, tree: Tree, checkpoint: str | None, /, *, now_ns: int | None = None
    ) -> None:
        self._tree = tree
        self._now_ns = time.time_ns() if now_ns is None else now_ns
        self._remembered = _read(checkpoint)
        self._known: dict[str, tuple[int, int, str]] = {}

    def of(self, found: Found, /) -> str:
        """Return the digest of a file; raises `OSError`."""
        state = (found.size, found.mtime_ns)
        *remembered, digest = self._remembered.get(found.id, (None, None, ""))
        if tuple(remembered) != state:
            digest = self._tree.digest(found)
        if found.mtime_ns < self._now_ns - _FRESH_NS:
            self._known[found.id] = (*state, digest)
        return digest

    def checkpoint(self) -> str:
        """Return everything that may be remembered."""
        return json.dumps({"format": _FORMAT, "files": self._known})


def _read(
    checkpoint: str | None,
) -> Mapping[str, tuple[int | None, int | None, str]]:
    try:
        stored = json.loads(checkpoint or "{}")
        files = stored["files"] if stored["format"] == _FORMAT else {}
        return {
            str(name): (int(size), int(mtime), str(digest))
            for name, (size, mtime, digest) in files.items()
        }
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}
