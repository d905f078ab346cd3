"""Vectors that were computed once: the port `VectorCache`, a file of its own."""

import asyncio
from array import array
from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path
from typing import Final, TypeVar

import structlog
from sqlalchemy import Column, LargeBinary, MetaData, Table, Text, select

from bot.core.model import Vector
from bot.state.database import uninterrupted
from bot.state.engine import SqliteDatabase, setting_up
from bot.state.faults import Damaged
from bot.state.rows import add_missing, fetched
from bot.telemetry import VECTORS_SET_ASIDE

log = structlog.get_logger()

Result = TypeVar("Result")

_SYNCHRONOUS: Final = "NORMAL"  # to lose the last vectors at a power cut is fine

_metadata = MetaData()

_vectors = Table(
    "vectors",
    _metadata,
    Column("key", Text, primary_key=True),
    Column("vector", LargeBinary, nullable=False),
)


def make(path: Path, /) -> None:
    """Make the file if it is missing, and anew if it is damaged."""
    try:
        _create(path)
    except Damaged:
        _set_aside(path)
        _create(path)


def _create(path: Path) -> None:
    with setting_up(path, synchronous=_SYNCHRONOUS) as connection:
        _metadata.create_all(connection)


def _set_aside(path: Path) -> None:
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    aside = path.with_name(f"{path.name}.damaged")
    path.replace(aside)
    log.warning(VECTORS_SET_ASIDE, file=str(aside))


class SqliteVectorCache:
    """Keeps vectors as float32 in a file that `make` made.

    To lose it costs only time: a file that is damaged is set aside and begun anew.
    """

    def __init__(self, path: Path, /) -> None:
        self._path = path
        self._database = SqliteDatabase(path, synchronous=_SYNCHRONOUS)
        self._turn = asyncio.Lock()
        self._begun = 0

    async def get(self, keys: Collection[str], /) -> Mapping[str, Vector]:
        """Return those that are stored."""

        async def read() -> dict[str, Vector]:
            async with self._database.reading() as connection:
                rows = await fetched(connection, select(_vectors), _vectors.c.key, keys)
            return {key: array("f", blob) for key, blob in rows}

        return await self._healed(read)

    @uninterrupted
    async def put(self, vectors: Mapping[str, Vector], /) -> None:
        """Store vectors; a key always has the same vector."""
        rows = [{"key": key, "vector": each.tobytes()} for key, each in vectors.items()]

        async def write() -> None:
            async with self._database.writing() as connection:
                await add_missing(connection, _vectors, rows)

        await self._healed(write)

    async def close(self) -> None:
        """Close the file."""
        await self._database.close()

    async def _healed(self, act: Callable[[], Awaitable[Result]]) -> Result:
        """Do something; where the file is damaged, do it again with a new one."""
        begun = self._begun
        try:
            return await act()
        except Damaged:
            async with self._turn:
                if begun == self._begun:
                    await self._begin_anew()
            return await act()

    async def _begin_anew(self) -> None:
        await self._database.close()
        await asyncio.to_thread(_set_aside, self._path)
        await asyncio.to_thread(_create, self._path)
        self._begun += 1
