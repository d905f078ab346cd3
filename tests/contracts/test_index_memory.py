"""The index in memory keeps the promises of the index ports."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.backends.memory import MemoryIndex
from tests.contracts.index import IndexContract
from tests.contracts.index_records import Index, Place


class TestMemoryIndex(IndexContract):
    @pytest.fixture
    def place(self) -> Place:
        index = MemoryIndex()

        @asynccontextmanager
        async def opened() -> AsyncIterator[Index]:
            yield index

        return opened
