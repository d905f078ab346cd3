"""Slack comes by HTTP: what is not signed by it is turned away."""

import socket
import time
from collections.abc import AsyncIterator, Mapping
from io import BytesIO
from pathlib import Path

import pytest
from aiohttp import ClientSession

from bot.core.errors import ConfigError
from tests.fakes.slack import Slack
from tests.fakes.slack_bot import Around, Bot, bot

LEAVE = "有給休暇は何日ですか？"
STAMP = "X-Slack-Request-Timestamp"
SIGNATURE = "X-Slack-Signature"
SIGNED = {STAMP: str(int(time.time())), SIGNATURE: "v0=" + "0" * 64}


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture
def url() -> str:
    return f"http://127.0.0.1:{free_port()}/slack/events"


@pytest.fixture
async def running(slack: Slack, tmp_path: Path, url: str) -> AsyncIterator[Bot]:
    """A bot that Slack comes to."""
    slack.app.socket_mode = False
    port = int(url.split(":")[2].split("/", maxsplit=1)[0])
    around = Around(signing_secret=slack.app.signing_secret, port=port)
    async with bot(slack, tmp_path, around) as made:
        await slack.until(lambda: slack.calls_to("auth.test"))
        while not await knocked(url):
            pass
        assert await slack.deliver_by_http(url)
        yield made


async def knocked(url: str) -> bool:
    """Whether somebody is at the door."""
    try:
        await status(url, headers=SIGNED)
    except OSError:
        return False
    return True


async def status(url: str, *, headers: Mapping[str, str], body: bytes = b"{}") -> int:
    """How the door answers."""
    async with (
        ClientSession() as session,
        session.post(url, data=BytesIO(body), headers=headers) as answer,
    ):
        return answer.status


async def test_point_12_a_mention_by_http_is_answered(
    slack: Slack, running: Bot
) -> None:
    question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    assert await running.answer(question) == f"回答: {LEAVE}"
    await slack.command("tanaka", "総務", "/ask", LEAVE)
    await running.heard()

    assert "ダイレクトメッセージ" in slack.whispers("tanaka")[0].text
    assert not running.platform.troubles()


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 401),
        ({STAMP: "昨日".encode().decode("latin-1"), SIGNATURE: "v0=" + "0" * 64}, 401),
        ({STAMP: "x", SIGNATURE: "v0=" + "0" * 64}, 401),
        ({STAMP: "1", SIGNATURE: "v0=é"}, 401),
        ({STAMP: "1700000000", SIGNATURE: "v0=" + "0" * 64}, 401),
        (SIGNED, 401),
    ],
)
@pytest.mark.usefixtures("running")
async def test_trap_27_what_is_not_signed_is_turned_away(
    url: str, headers: Mapping[str, str], expected: int
) -> None:
    assert await status(url, headers=headers) == expected
    assert await status(url, headers=headers, body=b"ssl_check=1") == expected


@pytest.mark.usefixtures("running")
async def test_what_is_too_large_is_turned_away(url: str) -> None:
    body = b"x" * (1024 * 1024 + 1)

    assert await status(url, headers=SIGNED, body=body) == 413


@pytest.mark.usefixtures("running")
async def test_what_is_no_text_is_turned_away(url: str) -> None:
    assert await status(url, headers=SIGNED, body=b"\xff\xfe") == 400


async def test_a_changed_body_asks_nothing(slack: Slack, running: Bot) -> None:
    slack.http.tamper = b" "
    await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await slack.until(lambda: slack.courier.deliveries[-1].attempts[1:])

    assert slack.http.answers[-1][0] == 401
    assert not running.answerer.asked


async def test_a_port_that_is_taken_is_one_plain_sentence(
    slack: Slack, tmp_path: Path
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        around = Around(signing_secret=slack.app.signing_secret, port=port)
        expected = pytest.RaisesExc(ConfigError, match="Address already in use.*port")
        with pytest.RaisesGroup(expected, flatten_subgroups=True):
            async with bot(slack, tmp_path, around):
                await slack.until(lambda: None)
