"""Walks a folder and reads its files, never following a link out of it."""

import hashlib
import io
import os
import stat
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from connectors.api import Failed
from connectors.encodings import decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A regular file; `id` is its path in NFC, `raw` the path as the disk has it."""

    id: str
    raw: str
    size: int
    mtime_ns: int


class Tree:
    """An open folder; what lies in it is read through its descriptor only."""

    def __init__(self, root: Path, /) -> None:
        self.root = root.resolve(strict=True)
        self._descriptor = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)

    def close(self) -> None:
        """Let go of the folder; twice if asked."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def walk(self) -> Iterator[Found | Failed]:
        """Yield every file in the order of names; hidden ones and links are left out.

        A link that leads out of the folder is a failure, and so is a folder that
        cannot be listed (one without an id: nobody knows what is in it).
        """
        folders = [""]
        while folders:
            folder = folders.pop()
            try:
                children = sorted(os.scandir(self.root / folder), key=lambda c: c.name)
            except OSError as error:
                name = _readable(folder) or repr(folder)
                yield Failed(what=name, reason="unreadable", detail=_told(name, error))
                continue
            visible = [child for child in children if not child.name.startswith(".")]
            for child in visible:
                raw = f"{folder}{child.name}"
                if (item := self._item(child, raw)) is not None:
                    yield item
            folders += [
                f"{folder}{child.name}/"
                for child in reversed(visible)
                if child.is_dir(follow_symlinks=False)
            ]

    def _item(self, child: os.DirEntry[str], raw: str) -> Found | Failed | None:
        if child.is_symlink():
            return self._refused(raw)
        if not child.is_file(follow_symlinks=False):
            return None
        name = _readable(raw)
        if name is None:
            shown = repr(os.fsencode(raw))[2:-1]
            detail = f"the name of '{shown}' is in no known encoding; rename the file"
            return Failed(what=shown, reason="name_encoding", detail=detail, id=shown)
        try:
            seen = child.stat(follow_symlinks=False)
        except OSError as error:
            detail = _told(name, error)
            return Failed(what=name, reason="unreadable", detail=detail, id=name)
        return Found(id=name, raw=raw, size=seen.st_size, mtime_ns=seen.st_mtime_ns)

    def _refused(self, raw: str) -> Failed | None:
        try:
            target = (self.root / raw).resolve()
        except (OSError, RuntimeError):  # a link to itself
            return None
        if target.is_relative_to(self.root):
            return None
        name = _readable(raw) or repr(os.fsencode(raw))[2:-1]
        detail = (
            f"'{name}' links out of the folder; copy what it links to, or remove it"
        )
        return Failed(what=name, reason="symlink_outside", detail=detail, id=name)

    @contextmanager
    def reading(self, raw: str, /) -> Iterator[io.BufferedReader]:
        """Open a regular file for reading, no part of its path a link.

        Raises `OSError`, also where it has become something else meanwhile.
        """
        folder, opened = self._descriptor, []
        try:
            *folders, name = raw.split("/")
            for part in folders:
                flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
                folder = os.open(part, flags, dir_fd=folder)
                opened.append(folder)
            # Without O_NONBLOCK, opening a named pipe would wait for ever.
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
            descriptor = os.open(name, flags, dir_fd=folder)
        finally:
            for folder in opened:
                os.close(folder)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(0, "it is no regular file")
            yield file

    def digest(self, found: Found, /) -> str:
        """Return the SHA-256 of a file's content; raises `OSError`."""
        with self.reading(found.raw) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def unreadable(found: Found, error: OSError, /) -> Failed:
    """Say that a file could not be read."""
    detail = _told(found.id, error)
    return Failed(what=found.id, reason="unreadable", detail=detail, id=found.id)


def distinct(
    items: Iterable[Found | Failed], chosen: Callable[[Found | Failed], bool], /
) -> Iterator[Found | Failed]:
    """Keep what is chosen; of two names that are the same in NFC, the first one."""
    ids: set[str] = set()
    for item in filter(chosen, items):
        if isinstance(item, Found) and item.id in ids:
            detail = f"'{item.id}' is there twice, spelled differently; rename one"
            yield Failed(what=item.id, reason="same_name", detail=detail, id=item.raw)
        else:
            ids |= {item.id} if item.id else set()
            yield item


def _readable(raw: str) -> str | None:
    decoded = decode(os.fsencode(raw))
    return unicodedata.normalize("NFC", decoded.text) if decoded else None


def _told(name: str, error: OSError) -> str:
    return f"'{name}' cannot be read: {error.strerror or error}; check its permissions"
