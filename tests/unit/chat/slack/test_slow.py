"""A thread whose answer takes long keeps nobody waiting but itself."""

import asyncio
import time
from pathlib import Path

from tests.bench.slack_firm import percentile
from tests.fakes.slack import Slack
from tests.fakes.slack_bot import bot

SLOW = "全部の規程を要約してください。"
LIMIT = 5.0
"""Seconds, on a machine that is busy with other tests."""


async def test_row_24_the_other_threads_do_not_wait_for_a_slow_one(
    slack: Slack, tmp_path: Path
) -> None:
    """The follow-up in the slow thread does, as its turn has not come."""
    slack.tiers.enforced = False
    people = [slack.workspace.add_user(f"社員{number}") for number in range(20)]
    waits = []
    async with bot(slack, tmp_path) as running:
        slow = running.answerer.gates[SLOW] = asyncio.Event()
        first = await slack.say("tanaka", "総務", f"@shirube {SLOW}")
        await running.at_work()
        await slack.say("sato", "総務", "@shirube 期限は？", thread=first)
        for person in people:
            begun = time.monotonic()
            room = slack.dm(person)
            await running.answer(await slack.say(person, room, "休暇は何日？"))
            waits.append(time.monotonic() - begun)
        assert running.answers(first) == []
        slow.set()
        answers = await slack.until(
            lambda: len(found := running.answers(first)) > 1 and found
        )

    assert percentile(waits, 0.95) < LIMIT
    assert answers == [f"回答: {SLOW}", "回答: 期限は？"]
