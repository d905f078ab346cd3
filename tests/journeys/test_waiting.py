"""Questions go before embeddings, also when the sync is another process."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.chat.entries import LEASE
from bot.state.store import open_state
from tests.fakes.terminal import Terminal
from tests.fakes.watched_host import WatchedHost, watching

SETTINGS = """\
    [[sources]]
    name = "handbook"
    connector = "folder"
    access = ["pub"]
    options = { path = "文書" }
    """
TOPICS = [
    *("annual leave 年次有給休暇", "parking", "printers", "coffee", "travel"),
    *("laptops", "badges", "pensions", "first aid", "fire drills", "lockers"),
    *("translation", "overtime", "training", "recycling", "visitors", "keys"),
    *("insurance", "payroll", "canteen"),
]
QUESTION = "What are the rules of annual leave for new staff"
BATCH = "Press button"
PATIENCE = 1.5
"""Seconds in which a batch that does not wait would have come for certain."""


@pytest.fixture
async def host(ollama_url: str) -> AsyncIterator[WatchedHost]:
    async with watching(ollama_url) as watched:
        yield watched


@pytest.fixture
def terminal(tmp_path: Path, host: WatchedHost, minilm_model: str) -> Terminal:
    terminal = Terminal(
        tmp_path,
        {
            "SHIRUBE_OLLAMA__URL": host.url,
            "SHIRUBE_OLLAMA__CHAT_MODEL": "none",
            "SHIRUBE_OLLAMA__EMBED_MODEL": minilm_model,
        },
    )
    terminal.configure(SETTINGS)
    for topic in TOPICS:  # enough to find out that the model speaks English
        text = f"# The rules of {topic}\n\nAll about {topic} for new staff.\n"
        terminal.write(f"文書/{topic}.md", text)
    return terminal


@asynccontextmanager
async def started(
    terminal: Terminal, *words: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start a command without holding up the host, and kill it if it still runs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *words),
        cwd=terminal.folder,
        env=terminal.variables(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ran(terminal: Terminal, *words: str) -> str:
    async with started(terminal, *words) as process:
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()


@pytest.mark.ollama
async def test_a_question_waits_for_one_batch_of_a_sync_in_another_process(
    terminal: Terminal, host: WatchedHost
) -> None:
    await ran(terminal, "sync")
    for number in range(20):
        terminal.write(
            f"文書/{number}.md", f"# Procedure {number}\n\n{BATCH} {number}.\n"
        )

    async with asyncio.timeout(120), started(terminal, "sync") as sync:
        host.hold(BATCH)
        host.hold(QUESTION)
        await host.next(BATCH)
        async with started(terminal, "ask", "--json", QUESTION) as ask:
            await host.next(QUESTION)
            before = len(host.embeddings)
            host.release(BATCH)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await host.next(BATCH, after=before)

            host.release(QUESTION)
            out, _ = await ask.communicate()
            assert json.loads(out)["outcome"] == "answered"
        await host.next(BATCH, after=before)
        await sync.communicate()

    assert sync.returncode == 0
    await killed(terminal, host)


async def killed(terminal: Terminal, host: WatchedHost) -> None:
    """A question that was killed holds nothing up for longer than its lease."""
    before = len(host.embeddings)
    host.hold(QUESTION)
    async with asyncio.timeout(60), started(terminal, "ask", QUESTION) as ask:
        await host.next(QUESTION, after=before)
        ask.kill()

    clock = [datetime.now(UTC)]
    folder = terminal.folder / ".shirube"
    async with open_state(folder, clock=lambda: clock[0]) as state:
        assert await state.line.any()
        clock[0] += LEASE
        assert not await state.line.any()
        assert await state.inbox_upkeep.abandon(now=clock[0]) == 1
        assert await state.inbox_upkeep.abandon(now=clock[0]) == 0
