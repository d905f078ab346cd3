"""Lists the files of a commit and reads their contents, running nothing of theirs."""

import subprocess
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from connectors.api import Failed
from connectors.encodings import decode
from connectors.git.attributes import Attributes, read_attributes
from connectors.git.mirror import Mirror
from connectors.git.runner import Git

_SUBMODULE = "160000"
_FILES = frozenset({"100644", "100755", "100664"})
_POINTER = b"version https://git-lfs.github.com/spec/v1"
_POINTER_SIZE = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of a commit; `id` is its path in NFC, `raw` the path as git has it."""

    id: str
    raw: bytes
    blob: str
    size: int


def listed(git: Git, mirror: Mirror, /) -> tuple[list[File | Failed], File | None]:
    """Return every file and submodule of the commit, and the root `.gitattributes`.

    Symbolic links are left out. Submodules are failures: what is in them is
    another repository.
    """
    command = ("ls-tree", "-r", "-z", "--long", "--full-tree", "--end-of-options")
    output = git.run(*mirror.arguments(*command, mirror.commit), seconds=600)
    items = [item for item in map(_item, output.split(b"\0")) if item is not None]
    named = (i for i in items if isinstance(i, File) and i.raw == b".gitattributes")
    return items, next(named, None)


def _item(line: bytes) -> File | Failed | None:
    description, tab, raw = line.partition(b"\t")
    if not tab:
        return None
    mode, _, blob, size = description.decode("ascii").split()
    decoded = decode(raw)
    name = unicodedata.normalize("NFC", decoded.text) if decoded else repr(raw)[2:-1]
    if mode == _SUBMODULE:
        detail = f"'{name}' is a submodule; add its repository as a source of its own"
        return Failed(what=name, reason="submodule", detail=detail, id=name)
    if mode not in _FILES:
        return None
    if decoded is None:
        detail = f"the name of '{name}' is in no known encoding; rename the file"
        return Failed(what=name, reason="name_encoding", detail=detail, id=name)
    return File(id=name, raw=raw, blob=blob, size=int(size))


class Blobs:
    """Reads contents through one `git cat-file --batch`, started when first asked."""

    def __init__(self, git: Git, mirror: Mirror, /) -> None:
        self._git = git
        self._mirror = mirror
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, blob: str, /) -> bytes | None:
        """Return a content; None where the mirror lacks it."""
        if self._process is None:
            arguments = self._mirror.arguments("cat-file", "--batch")
            self._process = self._git.start(*arguments)
        sent, answers = self._process.stdin, self._process.stdout
        if sent is None or answers is None:  # both are pipes
            return None
        try:
            sent.write(f"{blob}\n".encode("ascii"))
            sent.flush()
            header = answers.readline().split()
        except OSError:
            header = []
        if not header:
            self._process = None
            raise self._git.unavailable(
                f"git cannot read its copy; delete '{self._mirror.folder}'"
            )
        if header[-1] == b"missing":
            return None
        content = answers.read(int(header[2]) + 1)
        return content[:-1]


def is_pointer(content: bytes, /) -> bool:
    """Whether a content only points to a file in Git LFS."""
    return len(content) < _POINTER_SIZE and content.startswith(_POINTER)


def attributes_of(blobs: Blobs, file: File | None, limit: int, /) -> Attributes:
    """Read the root `.gitattributes`; one that is missing or huge says nothing."""
    content = blobs.read(file.blob) if file and file.size <= limit else None
    return read_attributes((content or b"").decode("utf-8", "replace"))


def distinct(items: Iterable[File | Failed], /) -> Iterator[File | Failed]:
    """Let the first of several files have an id that is the same in NFC."""
    ids: set[str] = set()
    for item in items:
        if isinstance(item, File) and item.id in ids:
            detail = f"'{item.id}' is there twice, spelled differently; rename one"
            name = repr(item.raw)[2:-1]
            yield Failed(what=item.id, reason="same_name", detail=detail, id=name)
        else:
            ids |= {item.id} if item.id else set()
            yield item
