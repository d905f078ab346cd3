"""A question in Slack ends in one cited answer: `serve` before the fake Slack."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.slack import Slack, slack_server
from tests.fakes.slack.model import Message
from tests.fakes.slack_house import SlackHouse, synced

LEAVE = "有給休暇は入社後いつから何日もらえますか？"


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample documents, read once."""
    return synced(tmp_path_factory.mktemp("read") / "会社")


@pytest.fixture
async def slack(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Slack]:
    """A Slack with a small firm in it."""
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with slack_server() as running:
        yield running


@pytest.fixture
def house(read: Path, slack: Slack, tmp_path: Path) -> SlackHouse:
    """A folder of its own, set up for that Slack."""
    folder = shutil.copytree(read, tmp_path / "会社")
    made = SlackHouse(folder, slack)
    made.configure()
    return made


def shown(message: Message) -> str:
    """Everything that can be read in a message."""
    return json.dumps([message.text, message.blocks], ensure_ascii=False)


def answers(slack: Slack, question: Message) -> list[Message]:
    """The answers in a thread that have come to their final form."""
    return [
        reply
        for reply in slack.replies(question)
        if reply.metadata and reply.metadata["event_payload"]["part"] == "answer"
    ]


async def answer_to(slack: Slack, question: Message) -> str:
    """Wait for the one answer in a thread."""
    [answer] = await slack.until(lambda: answers(slack, question), within=30)
    return shown(answer)


async def told(slack: Slack, who: str) -> str:
    """Wait for the answer in somebody's conversation with the bot."""
    channel = slack.dm(who)

    def found() -> list[Message]:
        roots = [m for m in channel.messages.values() if m.thread_ts is None]
        return [reply for root in roots for reply in answers(slack, root)]

    [answer] = await slack.until(found, within=30)
    return shown(answer)


async def test_a_mention_is_answered_in_its_thread(house: SlackHouse) -> None:
    slack = house.slack
    async with house.serving():
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        answer = await answer_to(slack, question)

    assert "入社日に3日" in answer
    assert "就業規則" in answer
    assert "https://wiki.example.com" in answer
    assert len(slack.replies(question)) == 1
    assert not slack.complaints


async def test_what_follows_needs_no_mention(house: SlackHouse) -> None:
    slack = house.slack
    async with house.serving():
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        await answer_to(slack, question)
        await slack.say("sato", "総務", "出張の精算はいつまでですか？", thread=question)
        both = await slack.until(lambda: answers(slack, question)[1:], within=30)

    assert "10営業日以内" in shown(both[0])


async def test_an_answer_elsewhere_is_not_followed(house: SlackHouse) -> None:
    slack = house.slack
    async with house.serving():
        other = await slack.say("tanaka", "総務", "ランチの話です")
        await slack.say("sato", "総務", "どこに行きますか？", thread=other)
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        await answer_to(slack, question)

    assert not slack.replies(other)


async def test_a_direct_message_is_answered_by_the_rights_of_its_asker(
    house: SlackHouse,
) -> None:
    slack = house.slack
    async with house.serving():
        question = await slack.say("tanaka", slack.dm("tanaka"), LEAVE)
        answer = await answer_to(slack, question)

    assert "入社日に3日" in answer


async def test_a_command_is_answered_in_a_direct_message(house: SlackHouse) -> None:
    slack = house.slack
    async with house.serving():
        await slack.command("tanaka", "総務", "/ask", LEAVE)
        answer = await told(slack, "tanaka")
        pointer = slack.whispers("tanaka")

    assert "入社日に3日" in answer
    assert "ダイレクトメッセージ" in shown(pointer[0])
    assert len(pointer) == 1


async def test_trap_15_a_command_where_the_bot_is_not(house: SlackHouse) -> None:
    slack = house.slack
    async with house.serving():
        await slack.command("tanaka", "secret", "/ask", LEAVE)
        answer = await told(slack, "tanaka")

    assert "入社日に3日" in answer


async def test_a_message_is_asked_about_by_its_menu(house: SlackHouse) -> None:
    slack = house.slack
    async with house.serving():
        said = await slack.say("sato", "総務", "出張の精算っていつまでだっけ")
        await slack.shortcut("tanaka", "shirube_about", on=said)
        answer = await told(slack, "tanaka")
        pointer = await slack.until(lambda: slack.whispers("tanaka"))

    assert "10営業日以内" in answer
    assert "ダイレクトメッセージ" in shown(pointer[0])


@pytest.mark.parametrize("mention_first", [True, False])
async def test_row_8_and_9_what_is_delivered_again_is_answered_once(
    house: SlackHouse, *, mention_first: bool
) -> None:
    slack = house.slack
    slack.platform.mention_first = mention_first
    async with house.serving():
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        await answer_to(slack, question)
        for delivery in list(slack.courier.deliveries[:2]):
            await slack.courier.again(delivery)
        await slack.until(lambda: all(d.acked for d in slack.courier.deliveries))
        other = await slack.say("tanaka", "general", f"@shirube {LEAVE}")
        await answer_to(slack, other)

    assert len(slack.replies(question)) == 1


async def test_row_35_a_guest_in_the_channel_limits_the_answer(
    house: SlackHouse,
) -> None:
    slack = house.slack
    async with house.serving():
        question = await slack.say("tanaka", "project", f"@shirube {LEAVE}")
        answer = await answer_to(slack, question)

    assert "入社日に3日" not in slack.outbound()
    assert "ゲストがいるため" in answer


async def test_row_1_a_question_taken_before_a_kill_is_answered_after_it_once(
    house: SlackHouse,
) -> None:
    slack = house.slack
    hold = slack.faults.hold("users.info")
    async with house.serving():
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        await slack.until(lambda: all(d.acked for d in slack.courier.deliveries))
    hold.release()
    assert not answers(slack, question)

    async with house.serving():
        await answer_to(slack, question)

    assert len(slack.replies(question)) == 1


async def test_more_is_the_same_at_length(house: SlackHouse) -> None:
    slack = house.slack
    async with house.serving():
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        await answer_to(slack, question)
        await slack.click("sato", answers(slack, question)[-1], "shirube_more")
        both = await slack.until(lambda: answers(slack, question)[1:], within=30)

    assert "入社日に3日" in shown(both[0])


async def test_what_cannot_be_asked_is_said(house: SlackHouse) -> None:
    """Emoji only, nothing but a mention, a file alone, and far too much."""
    slack = house.slack
    slack.tiers.enforced = False
    file = {"name": "規程.pdf", "mimetype": "application/pdf", "content": b"%PDF"}
    async with house.serving():
        emoji = await slack.say("tanaka", "総務", "@shirube 🎉🎉")
        nothing = await slack.say("sato", "general", "@shirube")
        alone = await slack.say("smith", slack.dm("smith"), "", files=[file])
        said = [await answer_to(slack, each) for each in (emoji, nothing, alone)]
        long = await slack.say("tanaka", "総務", "@shirube " + "長い質問です。" * 5000)
        said.append(await answer_to(slack, long))

    assert "絵文字だけでは" in said[0]
    assert "空のようです" in said[1]
    assert "空のようです" in said[2]
    assert "長すぎます" in said[3]


async def test_row_1_the_same_with_the_state_on_a_server(
    slack: Slack, tmp_path: Path, postgres_url: str
) -> None:
    folder = await asyncio.to_thread(synced, tmp_path / "会社", state=postgres_url)
    house = SlackHouse(folder, slack)
    house.configure()
    hold = slack.faults.hold("conversations.info")
    async with house.serving():
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        await slack.until(lambda: all(d.acked for d in slack.courier.deliveries))
    hold.release()
    assert not answers(slack, question)

    async with house.serving():
        await answer_to(slack, question)
        await slack.say("sato", "総務", "出張の精算はいつまで？", thread=question)
        both = await slack.until(lambda: answers(slack, question)[1:], within=30)

    assert "10営業日以内" in shown(both[0])
    assert len(slack.replies(question)) == 2
