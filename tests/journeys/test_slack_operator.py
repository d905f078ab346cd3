"""What an operator of Slack has wrong, or not in hand: a sentence, and nothing lost."""

import asyncio
import re
import sqlite3
import time
from collections.abc import MutableMapping, Sequence
from contextlib import closing
from typing import Any, TypeAlias

import aiohttp
import pytest
from sqlalchemy import Connection, Engine, event
from structlog.testing import capture_logs

from bot.chat.slack import refusals
from bot.core.errors import ConfigError
from bot.ops import readiness
from bot.telemetry import LISTENING
from tests.fakes.slack import Slack
from tests.fakes.slack.faults import Refuse, ratelimited
from tests.fakes.slack_house import SlackHouse
from tests.fakes.slack_process import answers

Lines: TypeAlias = Sequence[MutableMapping[str, Any]]

LEAVE = "有給休暇は入社後いつから何日もらえますか？"
ALIVE = '{"alive": true}'
NOWHERE = '[slack.channels.C0NOWHERE]\naccess = ["pub"]\n'


async def probed(lines: Lines, path: str) -> tuple[int, str]:
    """Ask the process over HTTP, on the port that its log tells."""
    [port] = [line["port"] for line in lines if line["event"] == LISTENING]
    async with aiohttp.request("GET", f"http://127.0.0.1:{port}/{path}") as got:
        return got.status, await got.text()


async def until_ready_says(lines: Lines, words: str) -> int:
    """Wait until `/readyz` says something; returns with which status."""
    async with asyncio.timeout(20):
        while words not in (found := await probed(lines, "readyz"))[1]:
            pass
    return found[0]


async def answered_once(slack: Slack, text: str = LEAVE) -> None:
    """Ask something, and have the one answer."""
    question = await slack.say("tanaka", "総務", f"@shirube {text}")
    [answer] = await slack.until(lambda: answers(slack, question), within=30)

    assert "入社日に3日" in answer.reads
    assert len(slack.replies(question)) == 1


# --- tokens and scopes


@pytest.mark.parametrize(
    ("method", "code", "told"),
    [
        ("auth.test", "invalid_auth", r"slack\.bot_token: .*refuses it"),
        ("auth.test", "token_revoked", r"slack\.bot_token: .*refuses it"),
        ("auth.test", "account_inactive", r"slack\.bot_token: .*refuses it"),
        ("apps.connections.open", "invalid_auth", r"slack\.app_token: .*refuses it"),
        ("apps.connections.open", "missing_scope", r"slack\.app_token: .*connections:"),
    ],
)
async def test_a_token_that_slack_refuses_is_named(
    house: SlackHouse, method: str, code: str, told: str
) -> None:
    house.slack.faults.always(method, Refuse(code))
    refusal = pytest.RaisesExc(ConfigError, match=told)
    with pytest.RaisesGroup(refusal, flatten_subgroups=True):
        async with house.process():
            await asyncio.Event().wait()


async def test_a_scope_that_is_missing_is_named_with_the_page_to_add_it_on(
    house: SlackHouse,
) -> None:
    house.slack.app.scopes.remove("chat:write")
    told = "lacks the scope chat:write: it cannot answer; add it under OAuth"
    refusal = pytest.RaisesExc(ConfigError, match=told)
    with pytest.RaisesGroup(refusal, flatten_subgroups=True):
        async with house.process():
            await asyncio.Event().wait()


async def test_a_token_that_is_revoked_while_nobody_asks_is_told(
    house: SlackHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So is that there is a good one again, without a question."""
    monkeypatch.setattr(refusals, "AWAY", 0.1)
    slack = house.slack
    with capture_logs() as lines:
        async with house.serving():
            revoked = slack.tokens.pop(slack.bot_token)
            told = "slack.bot_token: Slack refuses it (invalid_auth); set the token"
            assert await until_ready_says(lines, told) == 503
            slack.tokens[slack.bot_token] = revoked
            assert await until_ready_says(lines, "all are connected") == 200


async def test_a_token_that_is_revoked_meanwhile_loses_no_question(
    house: SlackHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was asked without it is answered when there is one again."""
    monkeypatch.setattr(refusals, "AWAY", 0.5)
    slack = house.slack
    with capture_logs() as lines:
        async with house.serving():
            revoked = slack.tokens.pop(slack.bot_token)
            question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
            await slack.until(lambda: slack.calls[-1].error == "invalid_auth")
            told = "slack.bot_token: Slack refuses it (invalid_auth); set the token"
            assert await until_ready_says(lines, told) == 503
            slack.tokens[slack.bot_token] = revoked
            await slack.until(lambda: answers(slack, question), within=30)
            assert await until_ready_says(lines, "all are connected") == 200

    assert "Slack refuses us: invalid_auth" in str(lines)
    assert len(slack.replies(question)) == 1


# --- channels


async def test_a_channel_of_the_settings_that_nobody_knows_is_told(
    house: SlackHouse,
) -> None:
    house.configure(NOWHERE)
    with capture_logs() as lines:
        async with house.serving():
            await answered_once(house.slack)

    [warning] = [line for line in lines if "C0NOWHERE" in str(line)]
    assert "Slack shows the bot no such channel; correct the id" in warning["problem"]


# --- too often


async def test_a_slack_that_wants_nothing_is_waited_for_from_the_first_call(
    house: SlackHouse,
) -> None:
    slack = house.slack
    slack.faults.always("*", ratelimited(1))
    with capture_logs() as lines:
        async with house.process():
            await slack.until(lambda: slack.calls_to("auth.test"))
            await until_ready_says(lines, "slack: Slack wants this call less often")
            slack.faults.clear()
            await slack.until(lambda: len(slack.sockets.open) > 1)
            await answered_once(slack)


async def test_a_slack_that_wants_nothing_while_it_is_answered_gets_one_answer(
    house: SlackHouse,
) -> None:
    slack = house.slack
    async with house.serving():
        hold = slack.faults.hold("conversations.info")
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        await hold.held.wait()
        slack.faults.always("*", ratelimited(1))
        hold.release()
        await slack.until(lambda: slack.calls[-1].http_status == 429)
        slack.faults.clear()
        await slack.until(lambda: answers(slack, question), within=30)

    assert len(slack.replies(question)) == 1


# --- the clock


async def test_a_clock_that_is_off_by_ten_minutes_is_told(house: SlackHouse) -> None:
    await house.slack.clock.advance(600)
    with capture_logs() as lines:
        async with house.serving():
            await answered_once(house.slack)

    [warning] = [line for line in lines if "differs from Slack's" in str(line)]
    assert re.search(r"by -(5[5-9][0-9]|600) s; set it by NTP", warning["problem"])


async def test_by_http_nothing_that_is_signed_would_be_believed(
    house: SlackHouse,
) -> None:
    await house.slack.clock.advance(600)
    secret = house.slack.app.signing_secret
    house.configure(f'mode = "http"\nsigning_secret = "{secret}"\nport = 0\n')
    with capture_logs() as lines:
        async with house.process():
            await house.slack.until(lambda: house.slack.calls_to("auth.test"))
            status = await until_ready_says(lines, "clock of this host is wrong")

    assert status == 503


# --- the state database


async def test_row_17_a_disk_that_is_full_is_told_until_there_is_room(
    house: SlackHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "EVERY", 0.1)
    pages = [1_000_000]

    def obey(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages[-1]}")

    event.listen(Engine, "begin", obey)
    try:
        with capture_logs() as lines:
            async with house.serving():
                assert await until_ready_says(lines, '"ready": true') == 200
                pages.append(1)
                await house.slack.say("tanaka", "総務", f"@shirube {LEAVE * 100}")
                assert await until_ready_says(lines, "no space left") == 503
                pages.append(1_000_000)
                assert await until_ready_says(lines, '"ready": true') == 200
    finally:
        event.remove(Engine, "begin", obey)


async def test_row_18_while_another_process_writes_nothing_is_acked_and_nothing_lost(
    house: SlackHouse,
) -> None:
    slack = house.slack
    file = house.folder / ".shirube" / "state.db"
    with capture_logs() as lines:
        async with house.serving():
            with closing(sqlite3.connect(file, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                asked = time.monotonic()
                question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
                async with asyncio.timeout(20):
                    while "slack.not_taken" not in str(lines):
                        assert await probed(lines, "healthz") == (200, ALIVE)
                waited = time.monotonic() - asked
            assert not any(d.acked for d in slack.courier.deliveries)
            await slack.clock.advance(64)
            await slack.until(lambda: answers(slack, question), within=30)

    [warning, *_] = [line for line in lines if line["event"] == "slack.not_taken"]
    assert "locked" in str(warning)
    assert waited < 5
    assert len(slack.replies(question)) == 1


# --- Slack is away


async def test_row_101_without_slack_it_is_alive_and_not_ready(
    house: SlackHouse,
) -> None:
    slack = house.slack
    with capture_logs() as lines:
        async with house.serving():
            assert await until_ready_says(lines, '"ready": true') == 200
            await slack.stop()
            assert await until_ready_says(lines, "slack: no connection") == 503
            assert await probed(lines, "healthz") == (200, ALIVE)
            await slack.start()
            await until_ready_says(lines, '"ready": true')
            await answered_once(slack)
