"""`shirube serve` as a process before the fake Slack."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

from tests.fakes.slack import Slack
from tests.fakes.slack.model import Message
from tests.fakes.slack_house import SlackHouse

PATIENCE = 60.0
"""Seconds for a process to start on a machine that is busy."""


def environment() -> dict[str, str]:
    """Return the variables of a process that finds the bot and no settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("SHIRUBE_") and not name.lower().endswith("_proxy")
    }
    return kept | {"PYTHONPATH": str(Path(__file__).parents[2]), "LANG": "C.UTF-8"}


@asynccontextmanager
async def process(
    house: SlackHouse, log: Path | None = None, *words: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `shirube serve`, logging into a file or a pipe; it is killed at the end."""
    with ExitStack() as stack:
        file = stack.enter_context(log.open("ab")) if log else asyncio.subprocess.PIPE
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "serve", "--config", "slack.toml", *words),
            cwd=house.folder,
            env=environment(),
            stderr=file,
        )
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
        await running.communicate()


async def listening(slack: Slack, *, since: int = 0) -> None:
    """Wait for two connections beyond those there have been."""
    await slack.until(
        lambda: len(slack.sockets.open) > 1 and len(slack.sockets.ever) >= since + 2,
        within=PATIENCE,
    )


def answers(slack: Slack, question: Message) -> list[Message]:
    """Our messages in the thread of a message that are answers in their final form."""
    return [
        reply
        for reply in slack.replies(question)
        if reply.metadata and reply.metadata["event_payload"]["part"] == "answer"
    ]


async def comes_again(house: SlackHouse, question: Message, *, then: str) -> None:
    """Serve anew, while Slack delivers again what was not acknowledged.

    Returns when the question is answered, and so is another that was asked after it.
    """
    slack = house.slack
    slack.sockets.drop()
    await slack.until(lambda: not slack.sockets.open)
    since = len(slack.sockets.ever)
    async with process(house):
        await listening(slack, since=since)
        for delivery in list(slack.courier.deliveries):
            await slack.courier.again(delivery)
        await slack.until(lambda: answers(slack, question), within=PATIENCE)
        other = await slack.say("sato", "general", f"@shirube {then}")
        await slack.until(lambda: answers(slack, other), within=PATIENCE)
