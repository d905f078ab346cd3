"""A thread whose answer takes long keeps nobody waiting but itself."""

import asyncio
import time
from pathlib import Path

import pytest

from bot.chat.slack import leftovers
from tests.bench.slack_firm import percentile
from tests.fakes.slack import Slack
from tests.fakes.slack.faults import ratelimited
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


async def test_a_stop_button_that_slack_would_not_take_away_goes_soon_after(
    slack: Slack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack wants fewer calls just when the answer has ended."""
    monkeypatch.setattr(leftovers, "EVERY", 0.1)
    async with bot(slack, tmp_path) as running:
        running.answerer.gate.clear()
        question = await slack.say("tanaka", "総務", "@shirube 有給休暇は何日ですか？")
        await running.at_work()
        await slack.until(lambda: states(slack) == ["processing"])
        slack.faults.next("agents.sessions.setStatus", ratelimited(1))
        running.answerer.gate.set()
        await running.answer(question)
        await slack.until(lambda: states(slack) == ["active"])


def states(slack: Slack) -> list[str]:
    """What Slack shows that the bot does, in each thread."""
    return [session.status for session in slack.platform.sessions.values()]
