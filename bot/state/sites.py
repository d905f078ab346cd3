"""Where a state database lies, for what is done to it as a whole."""

import asyncio
import fcntl
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol, TypeVar

from sqlalchemy import Connection

from bot.core.errors import ConfigError, Conflict
from bot.state.engine import looking_at, setting_up
from bot.state.faults import mapped
from bot.state.filesystem import require_local
from bot.state.locks import opened, taken, turn
from bot.state.migrate import back_up

DATABASE: Final = "state.db"
"""The name of the SQLite file in the data folder."""

Result = TypeVar("Result")


class Site(Protocol):
    """A database at whatever revision; what goes wrong is an error of the house."""

    @property
    def name(self) -> str:
        """How it is called in sentences: a path, an address without password."""

    @property
    def remedy(self) -> str:
        """What to do where it holds the tables of something else."""

    async def looked_at(self, look: Callable[[Connection], Result], /) -> Result:
        """Read one state of it."""

    async def changed(self, act: Callable[[Connection], Result], /) -> Result:
        """Write in one transaction while nobody uses it, however long it takes.

        Raises `Conflict` if somebody does.
        """

    def copied(
        self, connection: Connection, revision: str, folder: Path, /, *, now: datetime
    ) -> Path:
        """Back up what `connection` sees into a dated file that only we can read."""


class FileSite:
    """A SQLite file; a change makes it where it is missing."""

    remedy = "move it away"

    def __init__(self, folder: Path, /) -> None:
        self._path = folder / DATABASE
        self.name = str(self._path)

    async def looked_at(self, look: Callable[[Connection], Result], /) -> Result:
        """Read one state of it; raises `ConfigError` where there is none yet."""
        if not self._path.exists():
            raise ConfigError(f"there is no {self._path} yet; `shirube sync` makes it")

        def read() -> Result:
            with looking_at(self._path) as connection:
                return look(connection)

        return await asyncio.to_thread(read)

    async def changed(self, act: Callable[[Connection], Result], /) -> Result:
        """Write in one transaction while nobody uses it."""

        def write() -> Result:
            with (
                turn(opening(self._path)),
                opened(in_use(self._path)) as lock,
            ):
                require_local(self._path.parent)
                if not taken(lock, fcntl.LOCK_EX):
                    raise Conflict(
                        f"another Shirube uses {self._path}; stop that one first"
                    )
                with setting_up(self._path, synchronous="FULL") as connection:
                    return act(connection)

        return await asyncio.to_thread(write)

    def copied(
        self, connection: Connection, revision: str, folder: Path, /, *, now: datetime
    ) -> Path:
        """Back up what was committed last."""
        del connection  # it may be in a transaction, where nothing can be copied
        with mapped(self._path):
            return back_up(self._path, revision, folder, now=now)


def in_use(path: Path, /) -> Path:
    """Return the lock that every process holds while it uses a database."""
    return path.with_name(f"{path.name}.lock")


def opening(path: Path, /) -> Path:
    """Return the lock of the process that makes a database or brings it up to date."""
    return path.with_name(f"{path.name}.opening")
