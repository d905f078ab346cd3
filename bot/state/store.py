"""Opens the state of an installation and hands out its ports."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.core.errors import Unavailable
from bot.core.ports import Lease
from bot.state import locks, postgres
from bot.state.ageing import Ageing
from bot.state.catalogue import SqlCatalogue
from bot.state.conversations import SqlConversations
from bot.state.database import Database
from bot.state.engine import SqliteDatabase
from bot.state.feedback import SqlFeedback
from bot.state.filesystem import keeping, require_local
from bot.state.generations import SqlGenerations
from bot.state.ledger import SqlLedger
from bot.state.migrate import bring_up_to_date
from bot.state.outbox import SqlOutbox
from bot.state.projection import SqlProjection
from bot.state.quarantine import SqlQuarantine
from bot.state.questions import SqlQuestions
from bot.state.retention import SqlInboxUpkeep
from bot.state.runs import SqlRuns
from bot.state.schema import Clock
from bot.state.sites import DATABASE, FileSite, Site, in_use, opening
from bot.state.threads import SqlThreads
from bot.state.vectors import SqliteVectorCache, make
from bot.state.waiting import SqlLine
from bot.state.writing import SqlWriting

VECTORS = "vectors.db"

LEASE_SECONDS: Final = 30.0
"""How long a process that died without a word keeps another from serving."""

_SERVE = "serve"
_LETTING_GO = 2.0


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
    questions: SqlQuestions
    line: SqlLine
    threads: SqlThreads
    outbox: SqlOutbox
    inbox_upkeep: SqlInboxUpkeep
    feedback: SqlFeedback
    writing: SqlWriting
    lease: Lease


@asynccontextmanager
async def open_state(
    folder: Path,
    /,
    *,
    clock: Clock,
    url: str | None = None,
    lease_seconds: float = LEASE_SECONDS,
    keep_texts: bool = True,
    ageing: Ageing | None = None,
) -> AsyncIterator[State]:
    """Open the state in `folder`, or on the PostgreSQL server that `url` names.

    What is missing is made, and a SQLite file of an earlier release brought up to
    date. Several processes may open it at once. The vector cache lies in `folder`
    always. Without `keep_texts` nothing that was said outlives the end of its
    question; with `ageing` rights do not count for ever. Raises `ConfigError` for a
    folder on a network file system and for a database that is damaged, foreign or of
    another release, and `Conflict` when a file must be migrated while another process
    uses it.
    """
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(_make_folder, folder)
        database, lease = await stack.enter_async_context(
            _file(folder, clock)
            if url is None
            else postgres.open_database(
                url, lease=_SERVE, seconds=lease_seconds, clock=uptime
            )
        )
        await asyncio.to_thread(_make_vectors, folder)
        vectors = SqliteVectorCache(folder / VECTORS)
        stack.push_async_callback(vectors.close)
        stack.push_async_callback(_released, lease)
        yield _ports(
            database, vectors, lease, clock=clock, keep_texts=keep_texts, ageing=ageing
        )


def _ports(
    database: Database,
    vectors: SqliteVectorCache,
    lease: Lease,
    *,
    clock: Clock,
    keep_texts: bool,
    ageing: Ageing | None,
) -> State:
    return State(
        catalogue=SqlCatalogue(database, ageing=ageing),
        generations=SqlGenerations(database, clock=clock),
        runs=SqlRuns(database),
        ledger=SqlLedger(database, clock=clock),
        projection=SqlProjection(database),
        quarantine=SqlQuarantine(database),
        vectors=vectors,
        conversations=SqlConversations(database),
        questions=SqlQuestions(database, keep_texts=keep_texts),
        line=SqlLine(database, clock=clock),
        threads=SqlThreads(database),
        outbox=SqlOutbox(database, keep_texts=keep_texts),
        inbox_upkeep=SqlInboxUpkeep(database, keep_texts=keep_texts),
        feedback=SqlFeedback(database, keep_texts=keep_texts),
        writing=SqlWriting(database, clock=clock),
        lease=lease,
    )


@asynccontextmanager
async def _file(folder: Path, clock: Clock) -> AsyncIterator[tuple[Database, Lease]]:
    path = folder / DATABASE
    with locks.opened(in_use(path)) as lock:

        def bring() -> None:
            with locks.turn(opening(path)):
                bring_up_to_date(path, lock, clock=clock)

        await asyncio.to_thread(bring)
        database = SqliteDatabase(path)
        try:
            yield database, locks.FileLease(folder / f"{_SERVE}.lock")
        finally:
            await database.close()


def _make_folder(folder: Path) -> None:
    with keeping(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    require_local(folder)


def _make_vectors(folder: Path) -> None:
    with locks.turn(opening(folder / VECTORS)):
        make(folder / VECTORS)


async def _released(lease: Lease) -> None:
    with contextlib.suppress(Unavailable, TimeoutError):  # then it ends by itself
        async with asyncio.timeout(_LETTING_GO):
            await lease.release()


def uptime() -> float:
    """Return the seconds since the machine started, those it slept included."""
    try:
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    except (AttributeError, OSError):  # not on Linux
        return time.monotonic()


@asynccontextmanager
async def writer_lock(
    folder: Path, /, *, holder: str, url: str | None = None
) -> AsyncIterator[None]:
    """Hold the locks of the one process that writes; `holder` says what it does.

    One is of the folder, where the index may lie; the other, where there is a
    server, is of the state. Raises `Conflict` at once, with who holds it, if another
    process does, and `Unavailable`, wherever the caller is, when one is lost.
    """
    with locks.writer_lock(folder / "writer.lock", holder=holder):
        if url is None:
            yield
            return
        async with postgres.writer_lock(url, holder=holder):
            yield


async def being_written(folder: Path, /, *, url: str | None = None) -> bool:
    """Say whether a process holds the locks of the one that writes."""
    if locks.held(folder / "writer.lock"):
        return True
    return url is not None and await postgres.being_written(url)


def state_site(folder: Path, /, *, url: str | None = None) -> Site:
    """Return where the state lies, for what is done to it as a whole."""
    return FileSite(folder) if url is None else postgres.server_site(url)
