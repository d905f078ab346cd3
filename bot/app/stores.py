"""The state database and the index that the settings name."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Protocol, assert_never

from bot.app.secret import revealed
from bot.backends import lance, weaviate
from bot.backends.memory import MemoryIndex
from bot.core.ports import ChunkStore, IndexGenerations, PassageIndex
from bot.settings import Settings
from bot.state.store import LEASE_SECONDS, State, open_state, writer_lock


class Index(PassageIndex, ChunkStore, IndexGenerations, Protocol):
    """What an index backend is."""


async def state(
    settings: Settings,
    stack: AsyncExitStack,
    *,
    writing: bool,
    clock: Callable[[], datetime],
    lease_seconds: float = LEASE_SECONDS,
) -> State:
    """Open the state database; `writing` takes the writer lock first."""
    folder, url = settings.folder(), settings.state.address()
    if writing:
        await stack.enter_async_context(writer_lock(folder, holder="sync", url=url))
    return await stack.enter_async_context(
        open_state(folder, clock=clock, url=url, lease_seconds=lease_seconds)
    )


async def index(settings: Settings, stack: AsyncExitStack) -> Index:
    """Open the index."""
    chosen = settings.index
    match chosen.backend:
        case "memory":
            return MemoryIndex()
        case "lance":
            opening = lance.open_index(settings.folder() / "index")
            return await stack.enter_async_context(opening)
        case "weaviate":
            return await stack.enter_async_context(
                weaviate.open_index(
                    chosen.url,
                    grpc=chosen.grpc,
                    api_key=revealed(chosen.api_key),
                    prefix=chosen.prefix,
                    replication=chosen.replication,
                    shards=chosen.shards,
                )
            )
        case _:
            assert_never(chosen.backend)
