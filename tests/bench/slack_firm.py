"""A firm with many people in the fake Slack and `shirube serve` before it."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from tests.fakes.slack import Slack
from tests.fakes.slack.model import Channel

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
