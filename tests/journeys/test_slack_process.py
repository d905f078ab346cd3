"""`shirube serve` as a process before the fake Slack: killed, stopped, set up badly."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.fakes.slack import Slack, slack_server
from tests.fakes.slack.faults import Refuse
from tests.fakes.slack_house import SlackHouse
from tests.fakes.slack_process import (
    PATIENCE,
    answers,
    comes_again,
    listening,
    process,
)

LEAVE = "有給休暇は入社後いつから何日もらえますか？"


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    """A Slack with a small firm in it."""
    async with slack_server() as running:
        running.tiers.enforced = False
        yield running


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

    await comes_again(house, question, then=LEAVE)

    assert len(slack.replies(question)) == 1


async def test_row_21_a_process_that_is_told_to_stop_answers_first(
    house: SlackHouse,
) -> None:
    """Ten people have asked when SIGTERM comes; 25 seconds are enough for all."""
    slack = house.slack
    people = [slack.workspace.add_user(f"社員{number}") for number in range(10)]
    holds = [slack.faults.hold("users.info") for _ in people]
    async with process(house) as running:
        await listening(slack)
        texts = [LEAVE, *["火星の首都はどこですか？"] * 9]
        questions = [
            await slack.say(who, slack.dm(who), text)
            for who, text in zip(people, texts, strict=True)
        ]
        async with asyncio.timeout(PATIENCE):
            for hold in holds:
                await hold.held.wait()
        running.send_signal(signal.SIGTERM)
        await slack.until(lambda: not slack.sockets.open, within=PATIENCE)
        for hold in holds:
            hold.release()
        async with asyncio.timeout(25):
            code = await running.wait()

    assert code == 0
    assert [len(slack.replies(question)) for question in questions] == [1] * 10
    assert "入社日に3日" in slack.replies(questions[0])[0].reads


async def test_row_102_log_and_metrics_hold_nothing_that_was_said(
    house: SlackHouse, tmp_path: Path
) -> None:
    """Not even a log that tells everything."""
    slack = house.slack
    log = tmp_path / "serve.log"
    said = ("カナリア", "入社日に3日", "就業規則", slack.bot_token, slack.app_token)
    async with process(house, log, "--verbose"):
        await listening(slack)
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}カナリア一号")
        await slack.until(lambda: answers(slack, question), within=PATIENCE)
        await slack.command("sato", "総務", "/ask", f"{LEAVE}カナリア二号")
        await slack.until(lambda: slack.whispers("sato"), within=PATIENCE)
        await slack.say("smith", "general", "カナリア三号の話です")
        other = await slack.say("smith", "general", f"@shirube {LEAVE}")
        await slack.until(lambda: answers(slack, other), within=PATIENCE)
        metrics = await asyncio.to_thread(probed, log, "metrics")
        ready = await asyncio.to_thread(probed, log, "readyz")
    told = log.read_text(encoding="utf-8")

    assert "question.finished" in told
    assert "shirube_questions_total{" in metrics
    assert not [word for word in said if word in told + metrics + ready]


def probed(log: Path, path: str) -> str:
    """What a process says over HTTP, on the port that its log tells."""
    lines = map(json.loads, log.read_text(encoding="utf-8").splitlines())
    [port] = [line["port"] for line in lines if line["event"] == "serve.listening"]
    with urlopen(f"http://127.0.0.1:{port}/{path}", timeout=PATIENCE) as got:
        return str(got.read().decode())


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
