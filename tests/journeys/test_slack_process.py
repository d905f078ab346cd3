"""`shirube serve` as a process before the fake Slack: killed, stopped, set up badly."""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.slack import Slack, slack_server
from tests.fakes.slack.faults import Refuse
from tests.fakes.slack_house import SlackHouse, synced
from tests.fakes.slack_process import PATIENCE, answers, listening, process

LEAVE = "有給休暇は入社後いつから何日もらえますか？"


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample documents, read once."""
    return synced(tmp_path_factory.mktemp("read") / "会社")


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    """A Slack with a small firm in it."""
    async with slack_server() as running:
        running.tiers.enforced = False
        yield running


@pytest.fixture
def house(read: Path, slack: Slack, tmp_path: Path) -> SlackHouse:
    """A folder of its own, set up for that Slack."""
    made = SlackHouse(shutil.copytree(read, tmp_path / "会社"), slack)
    made.configure()
    return made


@pytest.mark.parametrize(
    "method",
    ["conversations.info", "assistant.threads.setStatus", "chat.postMessage"],
)
@pytest.mark.parametrize("after", [True, False], ids=["after", "before"])
async def test_rows_1_2_and_4_after_a_kill_there_is_one_answer(
    house: SlackHouse, method: str, *, after: bool
) -> None:
    """The process dies while a call is on its way, before or after Slack obeyed."""
    slack = house.slack
    slack.platform.streaming = False
    hold = slack.faults.hold(method, after_processing=after)
    async with process(house) as running:
        await listening(slack)
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        async with asyncio.timeout(PATIENCE):
            await hold.held.wait()
        running.kill()
        await running.wait()
    hold.release()
    slack.sockets.drop()
    await slack.until(lambda: not slack.sockets.open)
    since = len(slack.sockets.ever)

    async with process(house):
        await listening(slack, since=since)
        for delivery in list(slack.courier.deliveries):
            await slack.courier.again(delivery)
        await slack.until(lambda: answers(slack, question), within=PATIENCE)
        other = await slack.say("sato", "general", f"@shirube {LEAVE}")
        await slack.until(lambda: answers(slack, other), within=PATIENCE)

    assert len(slack.replies(question)) == 1


async def test_row_21_a_process_that_is_told_to_stop_answers_first(
    house: SlackHouse,
) -> None:
    slack = house.slack
    hold = slack.faults.hold("conversations.info")
    async with process(house) as running:
        await listening(slack)
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        async with asyncio.timeout(PATIENCE):
            await hold.held.wait()
        running.send_signal(signal.SIGTERM)
        await slack.until(lambda: not slack.sockets.open, within=PATIENCE)
        hold.release()
        async with asyncio.timeout(PATIENCE):
            code = await running.wait()

    assert code == 0
    assert len(answers(slack, question)) == 1


async def test_a_token_that_was_revoked_is_one_plain_sentence(
    house: SlackHouse,
) -> None:
    house.slack.faults.always("auth.test", Refuse("token_revoked"))
    async with process(house) as running:
        async with asyncio.timeout(PATIENCE):
            _, log = await running.communicate()

    assert running.returncode == 2
    told = log.decode()
    assert "slack.bot_token: Slack refuses it (token_revoked)" in told
    assert "Traceback" not in told
    assert house.slack.bot_token not in told
