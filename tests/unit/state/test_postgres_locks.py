"""One process on any host writes; the second is told who does."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.core.errors import Conflict, Unavailable
from bot.state.postgres import locks
from bot.state.store import writer_lock
from tests.fakes.postgres_server import RunningPostgres

HOLD = """
import asyncio, sys
from pathlib import Path
from bot.state.store import writer_lock

async def main(folder, url):
    async with writer_lock(Path(folder), holder="sync", url=url):
        print("held", flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main(*sys.argv[1:]))
"""


KEEPER = """
SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'shirube %: sync'
"""


@asynccontextmanager
async def another_host(
    folder: Path, url: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another process, with a data folder of its own, until it is killed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HOLD, str(folder), url),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"held\n"
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_second_process_is_told_who_holds_it(
    tmp_path: Path, postgres_url: str
) -> None:
    async with another_host(tmp_path / "甲", postgres_url) as process:
        with pytest.raises(Conflict) as refused:
            async with writer_lock(tmp_path / "乙", holder="sync", url=postgres_url):
                pass
    message = str(refused.value)

    assert "'sync' is running already" in message
    assert f"process {process.pid} on {socket.gethostname()}" in message
    assert "UTC" in message
    assert "合言葉" not in message


async def test_a_second_process_on_the_same_host_is_told_by_the_folder(
    tmp_path: Path, postgres_url: str
) -> None:
    async with another_host(tmp_path, postgres_url):
        with pytest.raises(Conflict, match=r"lock .*writer\.lock"):
            async with writer_lock(tmp_path, holder="sync", url=postgres_url):
                pass


async def test_a_killed_process_holds_nothing(
    tmp_path: Path, postgres_url: str
) -> None:
    async with another_host(tmp_path / "甲", postgres_url) as process:
        process.kill()
        await process.wait()

    for _ in range(100):  # the server hears of it a moment later
        try:
            async with writer_lock(tmp_path / "乙", holder="sync", url=postgres_url):
                return
        except Conflict:
            continue
    pytest.fail("the lock of a killed process is still held")


async def test_other_schemas_have_other_locks(
    tmp_path: Path, postgres: RunningPostgres, postgres_url: str
) -> None:
    postgres.make_schema("別")
    async with (
        writer_lock(tmp_path / "甲", holder="sync", url=postgres_url),
        writer_lock(tmp_path / "乙", holder="sync", url=postgres.url("別")),
    ):
        assert (tmp_path / "甲" / "writer.lock").exists()
        assert (tmp_path / "乙" / "writer.lock").exists()


async def write(folder: Path, url: str, began: asyncio.Event) -> None:
    async with writer_lock(folder, holder="sync", url=url):
        began.set()
        await asyncio.Event().wait()


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGSTOP])
async def test_who_loses_the_lock_is_stopped(
    tmp_path: Path,
    postgres: RunningPostgres,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
    sent: signal.Signals,
) -> None:
    """The connection that keeps it breaks off, or the other end falls silent."""
    monkeypatch.setattr(locks, "BEAT", 0.2)
    began = asyncio.Event()
    writing = asyncio.create_task(write(tmp_path, postgres_url, began))
    await began.wait()
    backend = int(await asyncio.to_thread(postgres.tell, KEEPER))
    os.kill(backend, sent)

    with pytest.raises(Unavailable, match="lock of the one who writes"):
        await writing

    if sent is signal.SIGSTOP:
        os.kill(backend, signal.SIGCONT)


async def test_an_error_of_the_writer_stays_what_it_is(
    tmp_path: Path, postgres_url: str
) -> None:
    for error in (TimeoutError("遅い"), ZeroDivisionError("零")):
        with pytest.raises(type(error), match=str(error)):
            async with writer_lock(tmp_path, holder="sync", url=postgres_url):
                raise error
