"""The index in LanceDB keeps the promises of the index ports."""

from functools import partial
from pathlib import Path

import pytest

from bot.backends.lance import open_index
from tests.contracts.index import IndexContract
from tests.contracts.index_records import Place


class TestLanceIndex(IndexContract):
    @pytest.fixture
    def place(self, tmp_path: Path) -> Place:
        return partial(open_index, tmp_path / "索引")
