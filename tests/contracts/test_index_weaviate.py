"""The index in Weaviate keeps the promises of the index ports, and some of its own."""

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from uuid import uuid4

import pytest

from bot.backends.weaviate import open_index
from bot.backends.weaviate.index import WeaviateIndex
from tests.contracts.index import IndexContract
from tests.contracts.index_records import Place
from tests.fakes.weaviate_server import ROOT_KEY, Node

Open = Callable[..., AbstractAsyncContextManager[WeaviateIndex]]


@pytest.fixture
def prefix(weaviate: Node) -> Iterator[str]:
    """Collections whose names begin so are deleted at the end."""
    prefix = f"T{uuid4().hex[:8]}"
    yield prefix
    weaviate.forget(prefix)


@pytest.fixture
def opened(weaviate: Node, prefix: str) -> Open:
    """Opens an index that is this test's own."""
    return partial(
        open_index, weaviate.url, grpc=weaviate.grpc, api_key=ROOT_KEY, prefix=prefix
    )


class TestWeaviateIndex(IndexContract):
    @pytest.fixture
    def place(self, opened: Open) -> Place:
        return opened
