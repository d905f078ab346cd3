"""`serve` before the fake Slack dies around a commit, an ack, a signal."""

import asyncio
import signal
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.bench.slack_firm import rows
from tests.fakes.faulty_proxy import CutAfter, FaultyProxy, Pass, faulty_proxy
from tests.fakes.slack import Slack
from tests.fakes.slack_house import SlackHouse
from tests.fakes.slack_process import PATIENCE, answers, comes_again, listening, process

LEAVE = "有給休暇は入社後いつから何日もらえますか？"


@pytest.fixture
async def proxy(slack: Slack) -> AsyncIterator[FaultyProxy]:
    """What stands between the bot and Slack."""
    slack.tiers.enforced = False
    async with faulty_proxy(slack.platform.url) as proxy:
        slack.platform.url = proxy.url
        yield proxy


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Be the one who writes."""
    writer = sqlite3.connect(folder / ".shirube" / "state.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        writer.close()


async def stored(folder: Path) -> None:
    """Wait until a question is in the database, which tells nobody so."""
    async with asyncio.timeout(PATIENCE):
        while not await asyncio.to_thread(rows, folder):
            pass


async def delivered(slack: Slack) -> None:
    """Wait until Slack has sent all that it has."""
    await slack.until(
        lambda: (
            all(sent.attempts for sent in slack.courier.deliveries)
            and bool(slack.courier.deliveries)
        )
    )


async def test_row_2_what_was_stored_and_not_acked_is_answered_once(
    proxy: FaultyProxy, house: SlackHouse
) -> None:
    """The connections break under the ack, and then the process dies."""
    slack = house.slack
    async with process(house) as running:
        await listening(slack)
        proxy.fault = CutAfter(size=1, to_server=True)
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        await stored(house.folder)
        running.kill()
        await running.wait()
    assert not any(sent.acked for sent in slack.courier.deliveries)
    proxy.fault = Pass()

    await comes_again(house, question, then=LEAVE)

    assert len(slack.replies(question)) == 1
    assert len([row for row in rows(house.folder) if row.message == question.ts]) == 1


async def test_row_3_what_was_not_stored_is_not_acked_and_comes_again(
    proxy: FaultyProxy, house: SlackHouse
) -> None:
    """The process dies while it waits to write."""
    del proxy
    slack = house.slack
    async with process(house) as running:
        await listening(slack)
        with locked(house.folder):
            question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
            await delivered(slack)
            running.kill()
            await running.wait()
    assert not any(sent.acked for sent in slack.courier.deliveries)
    assert rows(house.folder) == []

    await comes_again(house, question, then=LEAVE)

    assert len(slack.replies(question)) == 1


async def test_row_22_a_second_signal_ends_the_process_at_once_and_loses_nothing(
    proxy: FaultyProxy, house: SlackHouse
) -> None:
    del proxy
    slack = house.slack
    hold = slack.faults.hold("users.info")
    async with process(house) as running:
        await listening(slack)
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        async with asyncio.timeout(PATIENCE):
            await hold.held.wait()
        running.send_signal(signal.SIGTERM)
        await slack.until(lambda: not slack.sockets.open, within=PATIENCE)
        running.send_signal(signal.SIGTERM)
        async with asyncio.timeout(1):
            code = await running.wait()
    hold.release()

    assert code == -signal.SIGTERM
    assert not answers(slack, question)
    await comes_again(house, question, then=LEAVE)
    assert len(slack.replies(question)) == 1
