"""Whatever people type or send, whoever asked is told, and no question is lost."""

import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.text import phrases
from tests.fakes.slack import Slack
from tests.fakes.slack.model import Json
from tests.fakes.slack_house import SlackHouse
from tests.fakes.slack_library import Library, library
from tests.fakes.slack_process import answers, listening, process
from tests.fakes.source import Page

LEAVE = Page(
    "休暇規程",
    "年次有給休暇は20日とする。\n\nThere are 20 days of annual leave.",
)
QUESTION = "年次有給休暇は何日ですか？"
PDF: Json = {"name": "規程.pdf", "mimetype": "application/pdf", "content": b"%PDF"}


@pytest.fixture
async def running(slack: Slack, tmp_path: Path) -> AsyncIterator[Library]:
    """The bot, which quotes; in the end it still answers, and everything is acked."""
    async with library(slack, tmp_path, {"leave": LEAVE}) as made:
        yield made
        assert "20日" in await made.ask("sato", "general", QUESTION)
        await made.bot.heard()


@pytest.mark.parametrize("where", ["総務", "dm"])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("有給休暇について教えてください。" * 2_200, "ご質問が長すぎます（35199文字）"),
        ("Please tell me about annual leave. " * 1_100, "Your question is too long"),
    ],
)
async def test_100_kilobytes_are_too_long_and_how_much_is_not_is_said(
    running: Library, where: str, text: str, told: str
) -> None:
    shown = await running.ask("tanaka", where, text)

    assert told.rstrip("）").split("（")[0] in shown
    assert "4,000" in shown or "4000" in shown


@pytest.mark.parametrize("where", ["総務", "dm"])
@pytest.mark.parametrize(
    "text", ["🎉🎉", ":tada: :+1:", "👩\u200d👩\u200d👧", "1\ufe0f\u20e3"]
)
async def test_emoji_alone_ask_nothing(running: Library, where: str, text: str) -> None:
    assert phrases.EMOJI_ONLY.ja in await running.ask("tanaka", where, text)


@pytest.mark.parametrize("where", ["総務", "dm"])
@pytest.mark.parametrize(
    "text", ["** **", "```\n\n```", "> ", "~~ ~~", "----", "• \n• ", "`` ``", "？！…"]
)
async def test_markup_alone_asks_nothing(
    running: Library, where: str, text: str
) -> None:
    assert phrases.EMPTY_QUESTION.ja in await running.ask("tanaka", where, text)


async def test_a_mention_alone_asks_nothing(running: Library) -> None:
    assert phrases.EMPTY_QUESTION.ja in await running.ask("tanaka", "総務", "")


@pytest.mark.parametrize(("where", "text"), [("dm", ""), ("総務", "@shirube")])
async def test_a_file_without_a_word_asks_nothing(
    running: Library, where: str, text: str
) -> None:
    """What is in it is not read, and that is said."""
    slack = running.slack
    channel = slack.dm("tanaka") if where == "dm" else where
    said = await slack.say("tanaka", channel, text, files=[PDF])
    shown = await running.shown(said)

    assert phrases.EMPTY_QUESTION.ja in shown
    assert "添付ファイル" in shown


async def test_a_file_with_a_question_is_a_question(running: Library) -> None:
    said = await running.slack.say(
        "tanaka", "総務", f"@shirube {QUESTION}", files=[PDF]
    )

    assert "20日" in await running.shown(said)


@pytest.mark.parametrize(
    "event",
    [
        pytest.param({"type": "tomorrow", "channel": {"id": 7}}, id="new"),
        pytest.param({"type": "message"}, id="empty"),
        pytest.param({"type": "message", "ts": 1, "text": ["?"]}, id="other types"),
        pytest.param({"type": "message", "ts": "x", "user": "UTANAKA"}, id="no time"),
        pytest.param({"type": "message", "subtype": "未来"}, id="subtype"),
        pytest.param({"type": "app_mention", "text": None}, id="no text"),
        pytest.param({"type": ["message"]}, id="no name"),
        pytest.param({}, id="nothing"),
    ],
)
async def test_an_event_of_an_unknown_shape_is_acked_and_left_alone(
    running: Library, event: dict[str, Any]
) -> None:
    slack = running.slack
    await slack.odd_event("総務", event)
    await running.bot.heard()

    assert slack.workspace.channel("総務").messages == {}
    assert all(d.acked for d in slack.courier.deliveries)


# --- what is typed by mistake ------------------------------------------------

SECRETS = (
    "xoxb-123456789012-abcdefGHIJKL",
    "hunter2-Correct-Horse",
    "AKIAIOSFODNN7EXAMPLE",
    "4111-1111-1111-1111",
    "秘密の合言葉は朝顔",
)


def address(log: Path) -> str:
    """Return where a process that logs there answers probes."""
    lines = map(json.loads, log.read_text("utf-8").splitlines())
    [port] = [line["port"] for line in lines if line["event"] == "serve.listening"]
    return f"http://127.0.0.1:{port}"


async def test_row_62_a_secret_in_a_question_is_in_no_log_and_no_metric(
    house: SlackHouse, tmp_path: Path
) -> None:
    """Nor where answering fails, at whatever level is logged."""
    slack = house.slack
    slack.tiers.enforced = False
    log = tmp_path / "記録.jsonl"
    asked = f"VPNのパスワードは {' と '.join(SECRETS)} で合っていますか？"
    async with process(house, log) as running:
        await listening(slack)
        for who, where, text in (
            ("tanaka", "総務", f"@shirube {asked}"),
            ("smith", slack.dm("smith"), f"My password {' '.join(SECRETS)} fails"),
            ("sato", "general", f"@shirube {asked * 60}"),
        ):
            said = await slack.say(who, where, text)
            await slack.until(partial(answers, slack, said), within=30)
        async with aiohttp.ClientSession() as session:
            metrics = await (await session.get(f"{address(log)}/metrics")).text()
        running.terminate()
        assert await running.wait() == 0

    written = log.read_text("utf-8")
    assert written.count('"question.finished"') == 3
    assert "shirube_questions_total{" in metrics
    for secret in SECRETS:
        for form in (secret, secret.encode("unicode_escape").decode()):
            assert form not in written
            assert form not in metrics
