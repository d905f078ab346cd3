"""Imports what an index needs beside the event loop, which that would block."""

import asyncio
import contextlib
import warnings
from collections.abc import Mapping
from importlib import import_module
from typing import Final

_NEEDED: Final[Mapping[str, str]] = {
    "lance": "bot.backends.lance.index",
    "weaviate": "bot.backends.weaviate.index",
}


async def loaded(backend: str, /) -> None:
    """Have the library of an index at hand; whoever opens the index says what lacks."""
    if backend in _NEEDED:
        await asyncio.to_thread(_import, _NEEDED[backend])


def _import(module: str) -> None:
    # A library of the Weaviate client announces that it will want another one.
    with warnings.catch_warnings(record=True), contextlib.suppress(ImportError):
        import_module(module)
