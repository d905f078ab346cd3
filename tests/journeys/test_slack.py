"""A question in Slack ends in one cited answer: `serve` before the fake Slack."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.app import serving
from bot.chat import desk
from tests.fakes.slack import Slack
from tests.fakes.slack.model import Json, Message
from tests.fakes.slack_house import SlackHouse, synced
from tests.fakes.slack_process import answers
from tests.fakes.terminal import Terminal

ENDED = "question.finished"
LEAVE = "有給休暇は入社後いつから何日もらえますか？"
OUTDATED: dict[str, Json] = {
    "why": {"why": {"type": "radio_buttons", "selected_option": {"value": "outdated"}}},
    "note": {"note": {"type": "plain_text_input", "value": "去年の規程です"}},
}
BUTTONS = {"shirube_verdict", "shirube_more", "shirube_privately"}


def shown(message: Message) -> str:
    """Everything that can be read in a message."""
    return json.dumps([message.text, message.blocks], ensure_ascii=False)


def elements(message: Message) -> Iterator[Json]:
    """Everything in a message that can be pressed."""
    for block in message.blocks:
        yield from block.get("elements", [])
        if "accessory" in block:
            yield block["accessory"]


def pressable(message: Message) -> set[str]:
    return {str(one.get("action_id")) for one in elements(message)}


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


async def test_journey_a_mention_is_answered_in_its_thread(house: SlackHouse) -> None:
    slack = house.slack
    async with house.serving():
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        answer = await answer_to(slack, question)
        await slack.until(lambda: not slack.status(question))

    assert "入社日に3日" in answer
    assert "就業規則" in answer
    assert "https://wiki.example.com" in answer
    assert "[1]" in answer
    assert "該当箇所を見る" in answer
    assert pressable(answers(slack, question)[0]) >= BUTTONS
    assert not slack.status(question)
    assert len(slack.replies(question)) == 1
    assert not slack.complaints


async def test_journey_what_follows_needs_no_mention(house: SlackHouse) -> None:
    slack = house.slack
    async with house.serving():
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        await answer_to(slack, question)
        await slack.say("sato", "総務", "出張の精算はいつまでですか？", thread=question)
        both = await slack.until(lambda: answers(slack, question)[1:], within=30)

    assert "10営業日以内" in shown(both[0])


async def test_journey_elsewhere_nothing_is_followed(house: SlackHouse) -> None:
    slack = house.slack
    async with house.serving():
        other = await slack.say("tanaka", "総務", "ランチの話です")
        await slack.say("sato", "総務", "どこに行きますか？", thread=other)
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        await answer_to(slack, question)

    assert not slack.replies(other)


async def test_trap_1_a_direct_message_is_answered_by_the_rights_of_its_asker(
    house: SlackHouse,
) -> None:
    slack = house.slack
    async with house.serving():
        question = await slack.say("tanaka", slack.dm("tanaka"), LEAVE)
        answer = await answer_to(slack, question)

    assert "入社日に3日" in answer


async def test_journey_a_command_is_answered_in_a_direct_message(
    house: SlackHouse,
) -> None:
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


@pytest.mark.parametrize("who", ["tanaka", "partner"])
async def test_journey_in_a_shared_channel_nothing_of_the_inside_is_told(
    house: SlackHouse, who: str
) -> None:
    slack = house.slack
    async with house.serving():
        question = await slack.say(who, "with-partner", f"@shirube {LEAVE}")
        answer = await answer_to(slack, question)

    assert "入社日に3日" not in slack.outbound()
    assert "社外" in answer


async def test_journey_without_streams_a_message_is_edited(house: SlackHouse) -> None:
    slack = house.slack
    slack.platform.streaming = False
    async with house.serving():
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        await answer_to(slack, question)
        [message] = slack.replies(question)
        await slack.until(lambda: pressable(message) >= BUTTONS)
        await slack.until(lambda: not slack.status(question))

    made_by = {revision.made_by for revision in message.history}
    assert "入社日に3日" in shown(message)
    assert made_by <= {"chat.postMessage", "chat.update"}
    assert len(slack.replies(question)) == 1


async def test_journey_a_verdict_with_its_reason_is_kept(house: SlackHouse) -> None:
    slack = house.slack
    async with house.serving():
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        await answer_to(slack, question)
        await slack.say("sato", "総務", "出張の精算はいつまでですか？", thread=question)
        await slack.until(lambda: answers(slack, question)[1:], within=30)
        answer = answers(slack, question)[0]
        [thumbs] = [
            one for one in elements(answer) if one.get("action_id") == "shirube_verdict"
        ]
        value = thumbs["negative_button"]["value"]
        await slack.click("sato", answer, "shirube_verdict", value=value)
        await slack.until(lambda: slack.modal("sato"))
        await slack.submit("sato", OUTDATED)
        await slack.until(lambda: slack.whispers("sato"))
    terminal = Terminal(house.folder)
    exported = await asyncio.to_thread(terminal.run, "feedback", "export")

    [line] = [json.loads(line) for line in exported.out.splitlines()]
    assert line["question"] == LEAVE
    assert "去年の規程です" in exported.out
    assert "outdated" in exported.out


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


async def test_row_27_a_question_that_ends_the_process_each_time_is_given_up(
    house: SlackHouse,
) -> None:
    """Who asked it is told so, with a number; others have their answers."""
    slack = house.slack
    question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    for _ in range(desk.ATTEMPTS):
        hold = slack.faults.hold("conversations.info")
        async with asyncio.timeout(20), house.serving():
            await slack.clock.advance(64)
            await hold.held.wait()
        hold.release()
    assert not answers(slack, question)

    async with house.serving():
        apology = await answer_to(slack, question)
        other = await slack.say("sato", "general", f"@shirube {LEAVE}")
        answer = await answer_to(slack, other)

    assert "うまく答えられませんでした" in apology
    assert "入社日に3日" in answer
    assert len(slack.replies(question)) == 1


async def test_row_21_what_takes_too_long_at_the_end_is_answered_after_the_restart(
    house: SlackHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "DRAIN_SECONDS", 0.5)
    slack = house.slack
    hold = slack.faults.hold("conversations.info")
    stop = asyncio.Event()
    async with asyncio.timeout(20), house.process(stop):
        await slack.until(lambda: len(slack.sockets.open) > 1)
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        await hold.held.wait()
        stop.set()
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

    first, second = answers(slack, question)
    assert both == [second]
    assert "入社日に3日" in shown(second)
    assert len(second.reads) > len(first.reads)
    assert "shirube_more" in shown(first)
    assert "shirube_more" not in shown(second)


async def test_what_cannot_be_asked_is_said(house: SlackHouse) -> None:
    """Emoji or markup only, nothing but a mention, a file alone, and far too much."""
    slack = house.slack
    slack.tiers.enforced = False
    file = {"name": "規程.pdf", "mimetype": "application/pdf", "content": b"%PDF"}
    async with house.serving():
        emoji = await slack.say("tanaka", "総務", "@shirube 🎉🎉")
        nothing = await slack.say("sato", "general", "@shirube")
        alone = await slack.say("smith", slack.dm("smith"), "", files=[file])
        markup = await slack.say("smith", "general", "@shirube ***~~~> -```")
        asked = (emoji, nothing, alone, markup)
        said = [await answer_to(slack, each) for each in asked]
        long = await slack.say("tanaka", "総務", "@shirube " + "長い質問です。" * 5000)
        said.append(await answer_to(slack, long))

    assert "絵文字だけでは" in said[0]
    assert "空のようです" in said[1]
    assert "空のようです" in said[2]
    assert "空のようです" in said[3]
    assert "長すぎます" in said[4]


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


async def test_the_line_of_a_question_tells_how_it_went(house: SlackHouse) -> None:
    slack = house.slack
    with capture_logs() as logs:
        async with house.serving():
            for where in ("総務", "project"):
                question = await slack.say("tanaka", where, f"@shirube {LEAVE}")
                await answer_to(slack, question)
            # What follows in a thread begins when what was before has ended.
            await slack.say("sato", "project", "@shirube 締め日は？", thread=question)
            await slack.until(lambda: answers(slack, question)[1:], within=30)

    [inside, with_guests, *_] = [line for line in logs if line["event"] == ENDED]
    assert inside["passages"] >= inside["citations"] >= 1
    assert 0 <= inside["waited"] <= inside["searched"] <= inside["shown"]
    assert inside["shown"] <= inside["seconds"]
    assert (inside["limited"], with_guests["limited"]) == (False, True)
    assert with_guests["passages"] == 0
    assert "shown" not in with_guests
