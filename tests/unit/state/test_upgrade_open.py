"""Questions that are open while the bot is upgraded are answered by the new release."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.core.model import Outcome
from bot.state.locks import opened
from bot.state.migrate import bring_up_to_date
from bot.state.release import THIS, Release
from bot.state.store import open_state

NOW = datetime(2026, 4, 1, 2, 30, tzinfo=UTC)
BEFORE = Release(head="0005", scripts=THIS.scripts)
TOLD = f"{NOW:%Y-%m-%d %H:%M:%S}"
ENDS = f"{NOW + timedelta(minutes=15):%Y-%m-%d %H:%M:%S}"
CLAIMED = f"{NOW - timedelta(seconds=1):%Y-%m-%d %H:%M:%S}"

THREAD = "INSERT INTO conversations (id, started_at) VALUES ('slack:T1:C1:1', ?)"
QUESTION = """
INSERT INTO questions (
  id, kind, surface, event, workspace, channel, thread, message, asker, conversation,
  text, language, hints, asked_at, received_at, expires_at, attempt, worker,
  leased_until, staged
) VALUES (
  :id, 'mention', 'slack', 'Ev' || :id, 'T1', 'C1', '1', :id, 'U山田', 'slack:T1:C1:1',
  '有給休暇は何日ですか？', 'ja', '{}', :asked, :asked, :ends, :attempt, :worker,
  :leased, :staged
)
"""


def an_earlier_release(path: Path) -> None:
    """Leave what a process of the release before left: it was killed at its work."""
    with opened(path.with_name("state.db.lock")) as lock:
        bring_up_to_date(path, lock, clock=lambda: NOW, release=BEFORE)
    waiting: dict[str, object] = {
        "attempt": 0,
        "worker": None,
        "leased": None,
        "staged": None,
    }
    begun = waiting | {"attempt": 1, "worker": "旧", "leased": CLAIMED}
    rows = [begun | {"staged": "二十日です[1]。"}, begun, waiting]
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(THREAD, [TOLD])
        for number, row in enumerate(rows):
            times = {"asked": TOLD, "ends": ENDS}
            connection.execute(QUESTION, row | times | {"id": f"q{number}"})
        connection.commit()


async def test_row_28_what_was_open_at_an_upgrade_is_answered_after_it(
    tmp_path: Path,
) -> None:
    an_earlier_release(tmp_path / "state.db")
    answered = []

    async with open_state(tmp_path, clock=lambda: NOW) as state:
        while claim := await state.questions.claim(
            "新", surfaces={"slack"}, now=NOW, until=NOW + timedelta(seconds=60)
        ):
            answered.append((claim.question, claim.staged))
            assert claim.incoming.text == "有給休暇は何日ですか？"
            await state.questions.finish(claim, Outcome.ANSWERED, now=NOW)
        assert not await state.line.any()

    assert answered == [("q0", "二十日です[1]。"), ("q1", None), ("q2", None)]
