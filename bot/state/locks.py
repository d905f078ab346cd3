"""Locks between processes; the kernel frees them however a process ends."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bot.core.errors import Conflict, Unavailable
from bot.state.filesystem import keeping

_PATIENCE = 60.0
_PAUSE = 0.02

_GLANCE = 0.05
"""Longer than `held` takes to look."""


@contextmanager
def opened(path: Path, /) -> Iterator[int]:
    """Open a lock file, made if it is missing; closing it frees its lock."""
    with keeping(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield file
    finally:
        os.close(file)


def taken(file: int, operation: int, /) -> bool:
    """Lock an open file without waiting; false while another holds it."""
    try:
        fcntl.flock(file, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def turn(path: Path, /) -> Iterator[None]:
    """Wait until nobody else holds the lock, and hold it."""
    deadline = time.monotonic() + _PATIENCE
    with opened(path) as file:
        while not taken(file, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise Unavailable(f"another process has held {path} for long")
            time.sleep(_PAUSE)
        yield


@contextmanager
def writer_lock(path: Path, /, *, holder: str) -> Iterator[None]:
    """Hold a lock that one process can hold; `holder` says what it does.

    Raises `Conflict` at once, with who holds it, if another process does.
    """
    with opened(path) as file:
        if not _taken_but_for_a_glance(file):
            raise Conflict(f"{_holder(path)}; wait until it is done, or stop it")
        with keeping(path):
            os.ftruncate(file, 0)
            held = json.dumps({"holder": holder, "pid": os.getpid()})
            os.pwrite(file, held.encode(), 0)
        yield


def held(path: Path, /) -> bool:
    """Say whether a process holds the lock now."""
    if not path.exists():
        return False
    with opened(path) as file:
        return not taken(file, fcntl.LOCK_SH)


def _taken_but_for_a_glance(file: int) -> bool:
    if taken(file, fcntl.LOCK_EX):
        return True
    time.sleep(_GLANCE)
    return taken(file, fcntl.LOCK_EX)


def _holder(path: Path) -> str:
    # Who holds it writes its name right after it took it: there may be none yet.
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        name, pid = held["holder"], held["pid"]
    except (ValueError, KeyError):
        return f"another process holds {path}"
    since = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return (
        f"{name!r} is running already (process {pid}, since "
        f"{since:%Y-%m-%d %H:%M} UTC, lock {path})"
    )


class FileLease:
    """A lock file that is held from `acquire` to `release`, or to the process's end."""

    def __init__(self, path: Path, /) -> None:
        self._path = path
        self._held = ExitStack()
        self._mine = False

    async def acquire(self) -> bool:
        """Take the lease unless another has it; false while one does."""
        if not self._mine:
            with ExitStack() as stack:
                file = stack.enter_context(opened(self._path))
                self._mine = taken(file, fcntl.LOCK_EX)
                if self._mine:
                    self._held = stack.pop_all()
        return self._mine

    async def renew(self) -> None:
        """Do nothing: what is held stays so; `Conflict` if it is not."""
        if not self._mine:
            raise Conflict(f"the lease {self._path} is not held")

    def covers(self, seconds: float, /) -> bool:
        """Say whether the lease is held: nobody can take it."""
        del seconds
        return self._mine

    async def release(self) -> None:
        """Let another take the lease at once."""
        self._mine = False
        self._held.close()
