"""Slack comes by HTTP: what is not signed by it is turned away."""

import gzip
import hashlib
import hmac
import json
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


async def test_what_comes_first_with_a_retry_number_of_zero_is_answered(
    slack: Slack, running: Bot
) -> None:
    """The number counts, not that there is one."""
    slack.http.numbered = True
    question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")

    assert await running.answer(question) == f"回答: {LEAVE}"
    assert running.counted("shirube_duplicate_events_total") == 0


async def test_what_is_heard_first_when_it_comes_again_is_answered(
    slack: Slack, running: Bot
) -> None:
    """The first delivery was spoilt on its way; that it is the second says nothing."""
    slack.http.tamper = b" "
    question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await slack.until(lambda: all(d.attempts for d in slack.courier.deliveries))
    await slack.until(lambda: slack.http.answers[1:])
    slack.http.tamper = b""
    await slack.clock.advance(1)

    assert await running.answer(question) == f"回答: {LEAVE}"
    numbers = [attempt.number for attempt in slack.courier.deliveries[0].attempts]
    assert numbers == [0, 1]
    assert len(running.answers(question)) == 1


def signed(slack: Slack, body: bytes, *, age: int = 0) -> dict[str, str]:
    """The headers of a request that Slack signed so many seconds ago."""
    stamp = str(int(time.time()) - age)
    secret = slack.app.signing_secret.encode()
    digest = hmac.new(secret, f"v0:{stamp}:".encode() + body, hashlib.sha256)
    return {STAMP: stamp, SIGNATURE: f"v0={digest.hexdigest()}"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {STAMP: "昨日".encode().decode("latin-1"), SIGNATURE: "v0=" + "0" * 64},
        {STAMP: "x", SIGNATURE: "v0=" + "0" * 64},
        {STAMP: "1", SIGNATURE: "v0=é"},
        {STAMP: "1700000000", SIGNATURE: "v0=" + "0" * 64},
        SIGNED,
    ],
)
@pytest.mark.usefixtures("running")
async def test_row_99_and_trap_27_what_is_not_signed_is_turned_away(
    url: str, headers: Mapping[str, str]
) -> None:
    assert await status(url, headers=headers) == 401
    assert await status(url, headers=headers, body=b"ssl_check=1") == 401


@pytest.mark.parametrize(("age", "expected"), [(301, 401), (-301, 401), (290, 200)])
async def test_row_99_what_was_signed_too_long_ago_is_turned_away(
    slack: Slack, running: Bot, url: str, age: int, expected: int
) -> None:
    body = json.dumps({"type": "event_callback", "event": {"type": "message"}}).encode()
    headers = {**signed(slack, body, age=age), "Content-Type": "application/json"}

    assert await status(url, headers=headers, body=body) == expected
    assert not running.answerer.asked


async def test_row_99_a_request_that_is_repeated_asks_once(
    slack: Slack, running: Bot, url: str
) -> None:
    question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await running.answer(question)
    body = json.dumps(slack.courier.deliveries[0].payload).encode()
    headers = {**signed(slack, body), "Content-Type": "application/json"}
    replayed = [await status(url, headers=headers, body=body) for _ in range(3)]
    other = await slack.say("sato", "総務", "@shirube 育休は何日ですか？")
    await running.answer(other)

    assert replayed == [200] * 3
    assert len(running.answerer.asked) == 2


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (gzip.compress(b'{"type": "event_callback"}'), 401),
        (gzip.compress(b"x" * 2 * 1024 * 1024), 413),
        (b"no gzip at all", 400),
    ],
    ids=["small", "large", "broken"],
)
@pytest.mark.usefixtures("running")
async def test_row_99_what_is_packed_is_turned_away(
    slack: Slack, url: str, sent: bytes, expected: int
) -> None:
    """Slack packs nothing; what is unpacked is not what was signed."""
    headers = {**signed(slack, sent), "Content-Encoding": "gzip"}

    assert await status(url, headers=headers, body=sent) == expected


@pytest.mark.usefixtures("running")
async def test_row_99_what_is_too_large_is_turned_away(slack: Slack, url: str) -> None:
    body = b"x" * 2 * 1024 * 1024

    assert await status(url, headers=signed(slack, body), body=body) == 413


@pytest.mark.usefixtures("running")
async def test_row_99_what_is_no_text_is_turned_away(slack: Slack, url: str) -> None:
    body = b"\xff\xfe"

    assert await status(url, headers=signed(slack, body), body=body) == 400


async def test_trap_27_a_changed_body_asks_nothing(slack: Slack, running: Bot) -> None:
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
