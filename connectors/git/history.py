"""Finds who changed a file last, and when, in one walk through the history."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.git.mirror import Mirror
from connectors.git.runner import Git

_COMMIT = re.compile(rb"\x01(-?\d{1,12}) (.*)", re.DOTALL)
_FORMAT = "--format=tformat:%x01%ct %an"
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The last change of a file; the author by name only."""

    at: datetime
    author: str | None


class History:
    """Walks back only as far as somebody asked: new changes are at the beginning."""

    def __init__(self, git: Git, mirror: Mirror, /) -> None:
        self._git = git
        self._mirror = mirror
        self._seen: dict[bytes, Change] = {}
        self._walk: Iterator[tuple[bytes, Change]] | None = None

    def last(self, raw: bytes, /) -> Change | None:
        """Return the last change of a path; None where the history does not say."""
        if self._walk is None:
            self._walk = self._changes()
        while raw not in self._seen:
            found = next(self._walk, None)
            if found is None:
                return None
            self._seen.setdefault(*found)
        return self._seen[raw]

    def _changes(self) -> Iterator[tuple[bytes, Change]]:
        process = self._git.start(
            *self._mirror.arguments("log", "-z", "--name-only", "--no-renames"),
            *("--no-ext-diff", "--no-textconv", "--no-show-signature", "--no-color"),
            *("--no-mailmap", _FORMAT, "--end-of-options", self._mirror.commit, "--"),
        )
        change, is_first = None, False
        for token in self._tokens(process):
            if found := _COMMIT.fullmatch(token):
                change, is_first = _change(found), True
            elif change is not None:
                # git puts a line end between a commit and its first name.
                yield token[1:] if is_first and token[:1] == b"\n" else token, change
                is_first = False

    def _tokens(self, process: subprocess.Popen[bytes]) -> Iterator[bytes]:
        rest = b""
        while process.stdout and (piece := process.stdout.read(_PIECE)):
            self._git.check_stop()
            *tokens, rest = (rest + piece).split(b"\0")
            yield from filter(None, tokens)


def _change(found: re.Match[bytes]) -> Change:
    try:
        at = datetime.fromtimestamp(int(found[1]), UTC)
    except (ValueError, OverflowError, OSError):
        at = datetime.fromtimestamp(0, UTC)
    try:
        author = found[2].decode("utf-8").strip() or None
    except UnicodeDecodeError:
        author = None
    return Change(at=at, author=author)
