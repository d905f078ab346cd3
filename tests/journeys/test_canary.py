"""What is no question to the bot is written down nowhere, and questions in no log."""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.fakes.slack import Slack, slack_server
from tests.fakes.slack.clock import Clock
from tests.fakes.slack.model import Message
from tests.fakes.slack_house import SlackHouse, synced

CANARY = "カナリア金糸雀"
"""Said by people among themselves."""

ASKED = "有給休暇は入社した後、いつから何日もらえますか？"
"""In no document, nor in the questions that lie beside them."""
LOG = "記録.jsonl"
PATIENCE = 25.0


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    """A Slack with a small firm in it, by the time of the process before it."""
    async with slack_server(clock=Clock(ticking=True)) as running:
        running.tiers.enforced = False
        yield running


@pytest.fixture
def house(slack: Slack, tmp_path: Path) -> SlackHouse:
    """A folder whose documents were read, set up for that Slack."""
    made = SlackHouse(synced(tmp_path / "会社"), slack)
    made.configure()
    return made


@asynccontextmanager
async def serving(house: SlackHouse) -> AsyncIterator[None]:
    """Run `shirube serve` with all that it can log, and stop it as systemd does."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("SHIRUBE_") and not name.lower().endswith("_proxy")
    }
    command = ("-m", "bot", "serve", "--verbose", "--config", "slack.toml")
    with (house.folder / LOG).open("wb") as log:
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, *command),
            cwd=house.folder,
            env=kept | {"PYTHONPATH": str(Path(__file__).parents[2])},
            stderr=log,
        )
        try:
            await house.slack.until(
                lambda: len(house.slack.sockets.open) > 1, within=PATIENCE
            )
            yield
            running.send_signal(signal.SIGTERM)
            async with asyncio.timeout(PATIENCE):
                assert await running.wait() == 0
        finally:
            if running.returncode is None:
                running.kill()
                await running.wait()


def answers(slack: Slack, question: Message) -> list[Message]:
    return [
        reply
        for reply in slack.replies(question)
        if reply.metadata and reply.metadata["event_payload"]["part"] == "answer"
    ]


def holding(folder: Path, *texts: str) -> set[str]:
    """Return the names of the files that hold one of these, however it is spelled."""
    spelled = [
        form
        for text in texts
        for form in (
            text.encode(),
            text.encode("unicode_escape"),
            text.encode("unicode_escape").upper().replace(b"\\U", b"\\u"),
            text.encode("utf-16-le"),
        )
    ]
    return {
        path.name
        for path in folder.rglob("*")
        if path.is_file() and any(form in path.read_bytes() for form in spelled)
    }


async def chatter(slack: Slack, answered: Message) -> None:
    """Have people talk to each other, everywhere the bot could listen."""
    said = await slack.say("tanaka", "総務", f"{CANARY}の件、明日にします")
    await slack.say("sato", "総務", f"{CANARY}はいつですか？")
    await slack.say("sato", "総務", f"{CANARY}って何時から？", thread=said)
    await slack.edit(said, f"{CANARY}の件、明後日にします。どうですか？")
    await slack.say("tanaka", "総務", f"@sato {CANARY}を送ってもらえますか？")
    await slack.classic_bot_says("deploy-bot", "総務", f"{CANARY} deployed?")
    await slack.say("sato", "総務", f"了解、{CANARY}", thread=answered)
    await slack.say("sato", "総務", f"@tanaka {CANARY}は何日？", thread=answered)
    await slack.say("sato", "総務", f"静かに {CANARY}", thread=answered)
    await slack.delete(await slack.say("sato", "総務", f"誤送信 {CANARY}"))


async def test_what_is_no_question_reaches_neither_database_nor_log(
    house: SlackHouse,
) -> None:
    """Looked at while the write-ahead log is there, and after the process is gone."""
    slack = house.slack
    async with serving(house):
        question = await slack.say("tanaka", "総務", f"@shirube {ASKED}")
        await slack.until(lambda: answers(slack, question), within=PATIENCE)
        await chatter(slack, question)
        for asks in ("これってどうなってる？", "まとめて"):
            await slack.say("sato", "総務", f"@shirube {asks}", thread=question)
        await slack.until(lambda: answers(slack, question)[2:], within=PATIENCE)
        assert slack.calls_to("conversations.replies"), "but threads are read"
        # Whatever was delivered before it is seen to by then.
        last = await slack.say("sato", "general", f"@shirube {ASKED}")
        await slack.until(lambda: answers(slack, last), within=PATIENCE)

        assert holding(house.folder / ".shirube", CANARY) == set()
        assert holding(house.folder / ".shirube", ASKED), "but questions are kept"

    assert holding(house.folder, CANARY) == set()
    assert "state.db" in holding(house.folder, ASKED)
    log = (house.folder / LOG).read_text("utf-8")
    assert "slack.connected" in log
    assert LOG not in holding(house.folder, ASKED, "入社日に3日", CANARY)


OVERHEARING = """
[slack.channels.CSOUMU]
auto_answer = true
auto_answer_after = 5
auto_answer_per_hour = 2
"""


async def test_where_questions_are_overheard_only_those_that_count_are_kept(
    house: SlackHouse,
) -> None:
    """Not one too many, nor what its asker or others say around one."""
    house.configure(OVERHEARING)
    slack = house.slack
    async with serving(house):
        for text in (
            f"{CANARY}の件、明日にします",
            f"@sato {CANARY}を送ってもらえますか？",
            f"田中さん、{CANARY}はいつですか？",
            f"@soumu-team {CANARY}はいつですか？",
            f"> {CANARY}はいつですか？",
            f"```{CANARY}?```",
        ):
            await slack.say("smith", "総務", text)
        await slack.classic_bot_says("deploy-bot", "総務", f"{CANARY}は何日？")
        question = await slack.say("tanaka", "総務", ASKED)
        other = await slack.say("sato", "総務", "出張の精算の期限は？")
        await slack.say("smith", "総務", f"{CANARY}はいつですか？")
        await slack.say("tanaka", "総務", f"{CANARY}のことです", thread=question)
        await slack.say("smith", "総務", f"{CANARY}って何？", thread=other)
        await slack.edit(other, f"{CANARY}、解決しました")
        await slack.until(lambda: answers(slack, question), within=PATIENCE)
        last = await slack.say("sato", "general", f"@shirube {ASKED}")
        await slack.until(lambda: answers(slack, last), within=PATIENCE)
        assert not slack.replies(other)

        assert holding(house.folder / ".shirube", CANARY) == set()

    assert holding(house.folder, CANARY) == set()
    assert "state.db" in holding(house.folder, ASKED)


async def test_without_retention_no_word_is_left_of_a_question_and_its_answer(
    house: SlackHouse,
) -> None:
    house.configure("\n[retention]\ntext_days = 0\n")
    slack = house.slack
    async with serving(house):
        question = await slack.say("tanaka", "総務", f"@shirube {ASKED}")
        await slack.until(lambda: answers(slack, question), within=PATIENCE)

    again = house.folder / "もう一度"
    async with serving(house):
        shutil.copytree(house.folder / ".shirube", again)

    assert holding(house.folder, ASKED) == set()


async def test_what_is_older_than_it_may_be_is_gone_soon_after_the_start(
    house: SlackHouse,
) -> None:
    slack = house.slack
    async with serving(house):
        question = await slack.say("tanaka", "総務", f"@shirube {ASKED}")
        await slack.until(lambda: answers(slack, question), within=PATIENCE)
    assert holding(house.folder, ASKED) == {"state.db"}
    house.configure("\n[retention]\ntext_days = 0\n")

    async with serving(house):
        other = await slack.say("sato", "general", "@shirube 出張の精算の期限は？")
        await slack.until(lambda: answers(slack, other), within=PATIENCE)

        assert holding(house.folder, ASKED) == set()

    assert "serve.texts_forgotten" in (house.folder / LOG).read_text("utf-8")
