"""A firm with many people in the fake Slack and `shirube serve` before it."""

import asyncio
import os
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import NamedTuple

from tests.fakes.slack import Slack
from tests.fakes.slack.model import Channel, Message
from tests.fakes.slack_house import SlackHouse

PATIENCE = 60.0
CHANNELS = 8
QUESTIONS = (
    "有給休暇は入社後いつから何日もらえますか?",
    "本番環境への設備の変更には誰の承認が必要ですか？",
    "How many days of paid leave do I get after six months?",
    "社員食堂のカレーはいくらですか？",
)
"""What is asked in turn; to the last one there is no answer in the documents."""


def settle(slack: Slack, people: int) -> tuple[list[str], list[Channel]]:
    """Let people move into channels together with the bot."""
    names = [f"社員{number:03}" for number in range(people)]
    for name in names:
        slack.workspace.add_user(name)
    rooms = [
        slack.workspace.add_channel(f"部屋{number}", "shirube", *names)
        for number in range(CHANNELS)
    ]
    return names, rooms


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
    house: SlackHouse, log: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `shirube serve`, which logs into a file; it is killed at the end."""
    with log.open("ab") as file:
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "serve", "--config", "slack.toml"),
            cwd=house.folder,
            env=environment(),
            stderr=file,
        )
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()


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


class Row(NamedTuple):
    """A question as the state has it; without an outcome it is still open."""

    id: str
    message: str
    outcome: str | None
    attempts: int


def rows(folder: Path) -> list[Row]:
    """Return everything that was taken."""
    state = (folder / ".shirube" / "state.db").as_uri()
    with closing(sqlite3.connect(f"{state}?mode=ro", uri=True)) as connection:
        found = connection.execute(
            "SELECT id, message, outcome, attempt FROM questions"
        ).fetchall()
    return [Row(*row) for row in found]


def percentile(values: list[float], share: float) -> float:
    """Return the value that this share of all does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
