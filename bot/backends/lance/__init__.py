"""The index in LanceDB: one folder on this machine, one table a generation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bot.core.errors import ConfigError

if TYPE_CHECKING:
    from bot.backends.lance.index import LanceIndex


CACHE = 256 * 2**20
"""Bytes of index that stay in memory: enough for about 200,000 chunks."""


@asynccontextmanager
async def open_index(
    folder: Path, /, *, cache: int = CACHE
) -> AsyncIterator["LanceIndex"]:
    """Open the index in `folder`, which need not exist yet, and close it again.

    LanceDB and Arrow take most of a second and 170 MB to import, and are an extra:
    they are imported here and not before. Raises `ConfigError` without them.
    """
    try:
        from bot.backends.lance.index import connect
    except ImportError as error:
        raise ConfigError(
            "the embedded index needs LanceDB: install shirube[local], "
            f"or set another index backend ({error})"
        ) from error
    async with connect(folder, cache) as index:
        yield index
