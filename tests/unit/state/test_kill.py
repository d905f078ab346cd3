"""A process that is killed while it writes leaves whole documents behind."""

import random
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.core.model import GenerationId, document_id
from bot.state.store import open_state
from tests.contracts.state_records import SOURCE, a_desk, all_live

WRITE = """
import asyncio, sys
from pathlib import Path
from bot.core.model import document_id
from bot.state.store import open_state
from tests.contracts.state_records import NOW, SOURCE, a_desk, a_state

async def main():
    async with open_state(Path(sys.argv[1]), clock=lambda: NOW) as state:
        active = await state.generations.active()
        desk = await a_desk(state, generation=active.id if active else None)
        for turn in range(10_000):
            batch = [
                a_state(document_id(SOURCE, f"頁{n}"), f"第{turn}版の{n}頁")
                for n in range(5)
            ]
            revisions = await desk.publish(*batch)
            print(revisions[0][1], flush=True)

asyncio.run(main())
"""

PAGES = [document_id(SOURCE, f"頁{n}") for n in range(5)]


def write_until_killed(folder: Path, moment: random.Random) -> int:
    """Return the last revision that the process said it had published."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITE, str(folder)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for _ in range(moment.randrange(1, 8)):
            last = process.stdout.readline()
        process.kill()
        said = [last, *process.stdout.readlines()]
    return max(int(line) for line in said if line.endswith("\n"))


@pytest.mark.parametrize("seed", range(3))
async def test_what_was_published_is_there_after_a_kill(
    tmp_path: Path, seed: int
) -> None:
    moment = random.Random(seed)
    said = 0
    for _ in range(2):
        said = max(said, write_until_killed(tmp_path, moment))

    async with open_state(tmp_path, clock=lambda: datetime.now(UTC)) as state:
        live = await all_live(state, GenerationId("g1"))
        assert live.keys() == set(PAGES)
        assert len(set(live.values())) == 1, "a batch is published whole"
        assert live[PAGES[0]] >= said

        stored = await state.projection.staged((PAGES[0], live[PAGES[0]]))
        assert stored is not None
        assert stored.content == f"hash of {stored.markdown}"

        garbage = await state.projection.garbage(GenerationId("g1"), limit=100_000)
        assert not {*garbage} & {*live.items()}

        desk = await a_desk(state, generation=GenerationId("g1"))
        known = await state.ledger.known(desk.run)
        resumable = {key: True for key, row in known.items() if row.staged}
        await state.ledger.publish(desk.run, resumable)
