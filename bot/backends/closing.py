"""Closes a model's stream however the reader leaves it, which frees the host."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

T = TypeVar("T")


@asynccontextmanager
async def closing(stream: AsyncIterator[T], /) -> AsyncIterator[AsyncIterator[T]]:
    """Yield the stream, and close it in the end if it can be closed."""
    try:
        yield stream
    finally:
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()
