"""Reading zips and folders that may be hostile, without ever unpacking them.

Both look alike: a `Tree` of members whose names are relative paths with `/`.
Members with dangerous names, symlinks and devices are left out and reported in
`Tree.skipped`; what is wrong with the whole archive is a `SourceError`.
"""

import io
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, Protocol, Self

from connectors.errors import SourceDenied, SourceUnavailable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_ENCRYPTED = 0x1
_UTF8_NAME = 0x800
_LOCAL_HEADER = 30  # bytes before name, extra field and data
_BUFFER = 1 << 18
_SEE_EXPORT = "export or copy it again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much an archive may hold.

    `total` counts bytes as they are read, because headers lie. `ratio` is how much
    larger than its compressed form a member above `ratio_from` bytes may be. `name`
    is the longest part of a path, in characters.
    """

    total: int = 2 << 30
    entries: int = 200_000
    ratio: int = 200
    ratio_from: int = 10_000_000
    name: int = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One file of a tree; `size` is what the archive says, not what comes out."""

    name: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """One thing of a tree that is not read.

    `reason` is one of `absolute`, `parent`, `name`, `symlink`, `special`,
    `encrypted` and `duplicate`.
    """

    name: str
    reason: str


class Tree(AbstractContextManager["Tree"], Protocol):
    """The readable files of a zip or a folder."""

    @property
    def members(self) -> Mapping[str, Member]:
        """The files by name, in the order of the archive or of their names."""

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """What is there and is not read."""

    def open(self, name: str, /) -> BinaryIO:
        """Open one member for reading; the caller closes it.

        Raises `SourceUnavailable` for a name that is not a member, and while
        reading for whatever is broken or beyond a limit.
        """


def open_tree(path: Path, /, *, limits: Limits | None = None) -> Tree:
    """Open a zip or a folder; raises `SourceError`."""
    limits = limits or Limits()
    with _plainly(path):
        if path.is_dir():
            return _FolderTree(path.resolve(), limits)
        if not path.exists():
            raise SourceUnavailable(
                f"{path} does not exist; set the path of the export"
            )
        return _ZipTree(path, limits)


@contextmanager
def _plainly(what: Path | str, /) -> Iterator[None]:
    """Say in plain words what can go wrong with files and zips."""
    try:
        yield
    except PermissionError as error:
        raise SourceDenied(
            f"{what} may not be read by this user; change its permissions"
        ) from error
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise SourceUnavailable(
            f"{what} is not a whole zip ({error}); {_SEE_EXPORT}"
        ) from error
    except NotImplementedError as error:
        raise SourceUnavailable(
            f"{what} is packed in a way that is not supported ({error}); "
            "pack it again with the usual deflate method"
        ) from error
    except OSError as error:
        raise SourceUnavailable(f"{what} cannot be read: {error}") from error


class _Meter:
    """Counts the bytes that come out of a whole tree."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        self._limits = limits
        self._total = 0

    def add(self, count: int) -> None:
        self._total += count
        if self._total > self._limits.total:
            raise SourceUnavailable(
                f"{self._path} unpacks to more than {self._limits.total} bytes; "
                "raise the limit if that is right"
            )

    def check_ratio(self, name: str, size: int, packed: int) -> None:
        beyond = size > self._limits.ratio * max(packed, 1)
        if beyond and size > self._limits.ratio_from:
            raise SourceUnavailable(
                f"{self._path}: {name} unpacks to more than {self._limits.ratio} "
                "times its size, like a zip bomb; it is not read"
            )


class _Counted(io.RawIOBase):
    """A member that is counted while it is read."""

    def __init__(self, raw: IO[bytes], meter: _Meter, name: str, packed: int) -> None:
        self._raw = raw
        self._meter = meter
        self._name = name
        self._packed = packed
        self._size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        with _plainly(self._name):
            data = self._raw.read(len(view))
        self._size += len(data)
        self._meter.add(len(data))
        self._meter.check_ratio(self._name, self._size, self._packed)
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _unsafe(name: str, limits: Limits) -> str | None:
    parts = name.split("/")
    if name.startswith("/") or name[1:2] == ":":
        return "absolute"
    if ".." in parts:
        return "parent"
    if "\x00" in name or any(not p or len(p) > limits.name for p in parts):
        return "name"
    return None


def _check_count(path: Path, count: int, limits: Limits) -> None:
    if count > limits.entries:
        raise SourceUnavailable(
            f"{path} holds more than {limits.entries} files; "
            "raise the limit if that is right"
        )


class _ZipTree:
    """A zip, looked through before anything is read of it."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        self._meter = _Meter(path, limits)
        self._zip = zipfile.ZipFile(path)
        try:
            infos = self._zip.infolist()
            _check_count(path, len(infos), limits)
            _check_overlap(path, infos, self._zip.start_dir)
            self._infos, self.skipped = _sort_out(infos, limits)
        except BaseException:
            self._zip.close()
            raise
        self.members = {
            name: Member(name=name, size=info.file_size)
            for name, info in self._infos.items()
        }

    def open(self, name: str, /) -> BinaryIO:
        info = self._infos.get(name)
        if info is None:
            raise SourceUnavailable(_why_not(self._path, name, self.skipped))
        self._meter.check_ratio(name, info.file_size, info.compress_size)
        with _plainly(f"{self._path}: {name}"):
            raw = self._zip.open(info)
        counted = _Counted(
            raw, self._meter, f"{self._path}: {name}", info.compress_size
        )
        return io.BufferedReader(counted, _BUFFER)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._zip.close()


def _why_not(path: Path, name: str, skipped: tuple[Skipped, ...]) -> str:
    reason = next((item.reason for item in skipped if item.name == name), None)
    if reason is None:
        return f"{path} has no {name}; {_SEE_EXPORT}"
    if reason == "encrypted":
        return f"{path} is password protected; pack it without a password"
    return f"{path}: {name} is not read ({reason}); put a plain file in its place"


def _check_overlap(path: Path, infos: list[zipfile.ZipInfo], end: int) -> None:
    # Python refuses overlapping members only since 3.13. The local extra field is
    # left out of the sum: it can only make a member longer.
    for info in sorted(infos, key=lambda i: i.header_offset, reverse=True):
        name = info.orig_filename.encode("utf-8" if _utf8(info) else "cp437")
        length = _LOCAL_HEADER + len(name) + info.compress_size
        if info.header_offset + length > end:
            raise SourceUnavailable(
                f"{path} is not a proper zip: its files overlap, like a zip bomb; "
                "it is not read"
            )
        end = info.header_offset


def _sort_out(
    infos: list[zipfile.ZipInfo], limits: Limits
) -> tuple[dict[str, zipfile.ZipInfo], tuple[Skipped, ...]]:
    readable: dict[str, zipfile.ZipInfo] = {}
    skipped: list[Skipped] = []
    for info in infos:
        name = _zip_name(info)
        if name.endswith("/"):
            continue
        reason = _unsafe(name, limits) or _unreadable(info)
        if reason is None and name in readable:
            reason = "duplicate"
        if reason is None:
            readable[name] = info
        else:
            skipped.append(Skipped(name=name, reason=reason))
    return readable, tuple(skipped)


def _unreadable(info: zipfile.ZipInfo) -> str | None:
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        return "symlink"
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        return "special"
    return "encrypted" if info.flag_bits & _ENCRYPTED else None


def _utf8(info: zipfile.ZipInfo) -> bool:
    return bool(info.flag_bits & _UTF8_NAME)


def _zip_name(info: zipfile.ZipInfo) -> str:
    """Return the name as its author meant it, backslashes as slashes.

    Without the UTF-8 flag Python reads cp437; Windows in Japan writes cp932 (whose
    second bytes may be a backslash), other systems UTF-8.
    """
    name = info.orig_filename
    if not _utf8(info) and not name.isascii():
        raw = name.encode("cp437")
        for encoding in ("utf-8", "cp932"):
            try:
                name = raw.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    return name.replace("\\", "/").removeprefix("./")


class _FolderTree:
    """A folder, from which no symlink leads out."""

    def __init__(self, root: Path, limits: Limits) -> None:
        self._root = root
        self._meter = _Meter(root, limits)
        self._paths: dict[str, Path] = {}
        self.members: dict[str, Member] = {}
        skipped: list[Skipped] = []
        for path, kind in _walk(root):
            name = _folder_name(path.relative_to(root))
            if kind:
                skipped.append(Skipped(name=name, reason=kind))
                continue
            self._paths[name] = path
            self.members[name] = Member(name=name, size=path.lstat().st_size)
            _check_count(root, len(self._paths), limits)
        self.skipped = tuple(skipped)

    def open(self, name: str, /) -> BinaryIO:
        path = self._paths.get(name)
        if path is None:
            raise SourceUnavailable(_why_not(self._root, name, self.skipped))
        with _plainly(path):
            raw = open_regular(path, root=self._root)
        size = self.members[name].size
        counted = _Counted(raw, self._meter, str(path), size)
        return io.BufferedReader(counted, _BUFFER)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        pass


def open_regular(path: Path, /, *, root: Path) -> BinaryIO:
    """Open a regular file below `root`, following no symlink.

    Raises `OSError`, also for what is no regular file or lies outside.
    """
    if not path.parent.resolve().is_relative_to(root):
        raise OSError(f"it lies outside {root}")
    # Without O_NONBLOCK the opening of a FIFO would wait for a writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise OSError("it is no regular file")


def _walk(root: Path) -> Iterator[tuple[Path, str | None]]:
    """Yield every file below `root` in order, with why it is not to be read."""
    for folder, folders, files in os.walk(root, onerror=_raise):
        folders.sort()
        here = Path(folder)
        links = [name for name in folders if (here / name).is_symlink()]
        for name in sorted([*files, *links]):
            path = here / name
            yield path, _kind(path.lstat().st_mode)


def _kind(mode: int) -> str | None:
    if stat.S_ISLNK(mode):
        return "symlink"
    return None if stat.S_ISREG(mode) else "special"


def _raise(error: OSError) -> None:
    raise error


def _folder_name(path: Path) -> str:
    name = path.as_posix()
    try:
        name.encode()
    except UnicodeEncodeError:
        return os.fsencode(name).decode("cp932", errors="replace")
    return name
