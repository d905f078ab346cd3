"""Opens the state folder and hands out its ports."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.state.catalogue import SqlCatalogue
from bot.state.conversations import SqlConversations
from bot.state.engine import Database
from bot.state.filesystem import require_local
from bot.state.generations import SqlGenerations
from bot.state.ledger import SqlLedger
from bot.state.locks import opened, turn
from bot.state.migrate import bring_up_to_date
from bot.state.projection import SqlProjection
from bot.state.quarantine import SqlQuarantine
from bot.state.runs import SqlRuns
from bot.state.schema import Clock
from bot.state.vectors import SqliteVectorCache, make

DATABASE = "state.db"
VECTORS = "vectors.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The ports that the state database implements."""

    catalogue: SqlCatalogue
    generations: SqlGenerations
    runs: SqlRuns
    ledger: SqlLedger
    projection: SqlProjection
    quarantine: SqlQuarantine
    vectors: SqliteVectorCache
    conversations: SqlConversations


@asynccontextmanager
async def open_state(folder: Path, /, *, clock: Clock) -> AsyncIterator[State]:
    """Open the state in `folder`, made or brought up to date first where needed.

    Several processes may open it at once. Raises `ConfigError` for a folder on a
    network file system and for a database that is damaged, foreign or newer, and
    `Conflict` when it must be migrated while another process uses it.
    """
    path = folder / DATABASE
    async with AsyncExitStack() as stack:
        lock = stack.enter_context(opened(path.with_name(f"{DATABASE}.lock")))
        require_local(folder)
        await asyncio.to_thread(_set_up, folder, lock, clock)
        database = Database(path)
        stack.push_async_callback(database.close)
        vectors = SqliteVectorCache(folder / VECTORS)
        stack.push_async_callback(vectors.close)
        yield State(
            catalogue=SqlCatalogue(database),
            generations=SqlGenerations(database, clock=clock),
            runs=SqlRuns(database),
            ledger=SqlLedger(database, clock=clock),
            projection=SqlProjection(database),
            quarantine=SqlQuarantine(database),
            vectors=vectors,
            conversations=SqlConversations(database),
        )


def _set_up(folder: Path, lock: int, clock: Clock) -> None:
    with turn(folder / f"{DATABASE}.opening"):
        bring_up_to_date(folder / DATABASE, lock, clock=clock)
        make(folder / VECTORS)
