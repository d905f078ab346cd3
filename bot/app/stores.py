"""The state database and the index that the settings name."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, nullcontext
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.app.rooms import Opener, Rooms
from bot.app.secret import revealed
from bot.backends import lance, weaviate
from bot.backends.memory import MemoryIndex
from bot.settings import Settings
from bot.state.ageing import Ageing
from bot.state.store import LEASE_SECONDS, State, open_state, writer_lock

if TYPE_CHECKING:
    from bot.backends.weaviate.index import WeaviateIndex


async def state(
    settings: Settings,
    stack: AsyncExitStack,
    *,
    writing: bool,
    holder: str,
    clock: Callable[[], datetime],
    lease_seconds: float = LEASE_SECONDS,
) -> State:
    """Open the state database; `writing` takes the writer lock first, for `holder`."""
    folder, url = settings.folder(), settings.state.address()
    if writing:
        await stack.enter_async_context(writer_lock(folder, holder=holder, url=url))
    return await stack.enter_async_context(
        open_state(
            folder,
            clock=clock,
            url=url,
            lease_seconds=lease_seconds,
            keep_texts=settings.retention.keeps_texts,
            ageing=ageing(settings, clock),
        )
    )


def ageing(settings: Settings, clock: Callable[[], datetime]) -> Ageing:
    """Return for how long the rights of each source count."""
    valid = {
        source.name: timedelta(days=source.rights_valid_days)
        for source in settings.sources
        if source.rights_valid_days is not None
    }
    return Ageing(valid=valid, clock=clock)


def index(settings: Settings, stack: AsyncExitStack, *, writing: bool) -> Rooms:
    """Return the index over every backend; none is opened yet."""
    openers: dict[str, Opener] = {
        "lance": lambda: lance.open_index(settings.folder() / "index"),
        "memory": lambda: nullcontext(MemoryIndex()),
        "weaviate": lambda: weaviate_index(settings, writing=writing),
    }
    return Rooms(openers, stack, preferred=settings.index.backend)


def weaviate_index(
    settings: Settings, /, *, writing: bool
) -> AbstractAsyncContextManager["WeaviateIndex"]:
    """Return the index in Weaviate; who only reads takes the reader's key, if set."""
    chosen = settings.index
    reader = None if writing else chosen.reader_key
    return weaviate.open_index(
        chosen.url,
        grpc=chosen.grpc,
        api_key=revealed(reader or chosen.api_key),
        prefix=chosen.prefix,
        replication=chosen.replication,
        shards=chosen.shards,
    )
