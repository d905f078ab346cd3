"""The lock of the one process that writes, kept by a connection of its own."""

import asyncio
import contextlib
import os
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from bot.core.errors import Conflict, Unavailable
from bot.state.postgres.address import Address
from bot.state.postgres.engine import connected, number
from bot.state.postgres.faults import DRIVER, mapped

BEAT: Final = 5.0
"""Seconds between two looks at the connection.

With as many for the answer it is found dead before the server, which waits 25
seconds, gives the lock to somebody else.
"""

_NAME = 63  # bytes of a name that the server keeps, ASCII only
_OURS = re.compile(r"shirube (?P<place>\d+ on [^:]*): (?P<holder>.*)")
_TAKE = "SELECT pg_try_advisory_lock($1)"
_HOLDER = """
SELECT application_name, backend_start
FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND granted AND objsubid = 1
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (classid::bigint << 32 | objid::bigint) = $1
"""


@asynccontextmanager
async def writer_lock(address: Address, /, *, holder: str) -> AsyncIterator[None]:
    """Hold a lock that one process on any host can hold; `holder` says what it does.

    Raises `Conflict` at once, with who holds it, if another process does, and
    `Unavailable`, wherever the caller is, when the lock is lost.
    """
    with mapped(address):
        connection = await connected(address, patience=BEAT)
    try:
        with mapped(address):
            name = f"shirube {os.getpid()} on {socket.gethostname()}: {holder}"
            await connection.execute(
                "SELECT set_config('application_name', $1, false)", name[:_NAME]
            )
            lock = await number(connection, "writer")
            if not await connection.fetchval(_TAKE, lock):
                row = await connection.fetchrow(_HOLDER, lock)
                raise Conflict(_held(row, address))
        async with _until_lost(connection, address):
            yield
    finally:
        await _closed(connection)


async def held(address: Address, /) -> bool:
    """Say whether a process, on whatever host, holds the lock of the one who writes."""
    with mapped(address):
        connection = await connected(address, patience=BEAT)
        try:
            lock = await number(connection, "writer")
            return await connection.fetchrow(_HOLDER, lock) is not None
        finally:
            await _closed(connection)


def _held(row: Any, address: Address) -> str:
    found = _OURS.fullmatch(row["application_name"] or "") if row else None
    if found is None:  # it has gone, or belongs to somebody we may not look at
        return f"another process writes to {address}; wait until it is done"
    return (
        f"{found['holder']!r} is running already (process {found['place']}, since "
        f"{row['backend_start']:%Y-%m-%d %H:%M} UTC, lock in {address}); wait until "
        "it is done, or stop it"
    )


@asynccontextmanager
async def _until_lost(connection: Any, address: Address) -> AsyncIterator[None]:
    """Interrupt the caller as soon as the connection is gone, and the lock with it."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(None) as held:

            def lost(_connection: object) -> None:
                held.reschedule(loop.time())

            connection.add_termination_listener(lost)
            beating = loop.create_task(_beat(connection))
            try:
                yield
            finally:
                connection.remove_termination_listener(lost)
                beating.cancel()
                await asyncio.wait([beating])
    except TimeoutError as error:
        if not held.expired():
            raise
        raise Unavailable(
            f"the connection to {address} broke off, and with it the lock of the one "
            "who writes; start again"
        ) from error


async def _beat(connection: Any) -> None:
    """Look after the connection; one that does not answer is given up."""
    try:
        while True:
            await asyncio.sleep(BEAT)
            await connection.execute("SELECT 1")
    except DRIVER:
        connection.terminate()  # which tells those who listen


async def _closed(connection: Any) -> None:
    with contextlib.suppress(*DRIVER):
        await connection.close(timeout=BEAT)
