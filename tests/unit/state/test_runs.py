"""Old runs are forgotten, what they left is not."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.state import runs
from bot.state.quarantine import DELAYS, delay
from bot.state.store import open_state
from tests.contracts.state_records import SOURCE, a_desk, a_report

NOW = datetime(2026, 4, 1, 2, 30, tzinfo=UTC)


async def test_only_the_newest_runs_of_a_source_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "REMEMBERED", 2)
    async with open_state(tmp_path, clock=lambda: NOW) as state:
        first = await a_desk(state, source="他")
        for number in range(4):
            desk = await a_desk(state, generation=first.generation)
            await state.runs.finish(
                desk.run,
                a_report(),
                checkpoint=None if number else "頁1",
                now=NOW,
            )

        kept = await state.runs.recent(SOURCE, limit=9)
        assert [run.id for run in kept] == ["r5", "r4"]
        assert await state.runs.checkpoint(SOURCE) == "頁1"
        assert len(await state.runs.recent("他", limit=9)) == 1


def test_the_wait_grows_to_a_week_and_no_further() -> None:
    waits = [delay(attempts) for attempts in range(1, 9)]

    assert waits[: len(DELAYS)] == list(DELAYS)
    assert set(waits[len(DELAYS) :]) == {DELAYS[-1]}
