"""What people press below an answer, and what they get for it."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.chat.audience import Grant, Grants
from bot.core.access import OPEN, Access, principal
from bot.core.feedback import NOTE, Complaint, Judgement, Verdict
from bot.core.inbox import Kind
from bot.core.model import DocumentId
from bot.text import pressing, replies
from tests.contracts.state_records import Desk, a_desk, a_state
from tests.fakes.shown import answered
from tests.fakes.slack import Slack
from tests.fakes.slack.delivery import ACK_SECONDS
from tests.fakes.slack.faults import CUT_AFTER, Refuse
from tests.fakes.slack.model import Json, Message, View
from tests.fakes.slack_bot import Around, Bot, bot

LEAVE = "有給休暇は何日ですか？"
HR = principal("grp:hr")
VERDICT = "shirube_verdict"


@pytest.fixture
async def running(slack: Slack, tmp_path: Path) -> AsyncIterator[Bot]:
    """A bot that finds something."""
    async with bot(slack, tmp_path) as made:
        made.answerer.found = answered().answer
        yield made


async def answer_of(slack: Slack, running: Bot, *, where: str = "総務") -> Message:
    """Have a question of Tanaka's answered, and return the answer."""
    question = await slack.say("tanaka", where, f"@shirube {LEAVE}")
    await running.answer(question)
    found = await slack.until(
        lambda: [m for m in slack.replies(question) if buttons(m.blocks)]
    )
    await ended(running)
    return found[-1]


async def ended(running: Bot) -> None:
    """Wait until nothing is worked on."""
    for asker in ("tanaka", "smith"):
        user = running.slack.workspace.user(asker)
        while await running.state.threads.open_of(user.id, surface="slack"):
            await running.slack.clock.advance(0.01)


def buttons(blocks: Sequence[Json]) -> list[Json]:
    """The thumbs in the blocks of a message."""
    elements = [e for block in blocks for e in block.get("elements", [])]
    return [e for e in elements if e.get("action_id") == VERDICT]


def thumb(message: Message, verdict: str) -> str:
    """The value of a thumb."""
    [found] = buttons(message.blocks)
    side = "positive_button" if verdict == "good" else "negative_button"
    return str(found[side]["value"])


async def press(slack: Slack, who: str, message: Message, verdict: str) -> None:
    """Press a thumb."""
    await slack.click(who, message, VERDICT, value=thumb(message, verdict))


async def judgements(running: Bot) -> list[Judgement]:
    """What people think, as it is kept."""
    found = running.state.feedback.judged(
        kinds=list(Kind), ended_since=datetime(2000, 1, 1, tzinfo=UTC)
    )
    return [judgement async for one in found for judgement in one.judgements]


def filled(complaint: str, note: str | None = None) -> dict[str, Any]:
    """What somebody enters in the window that asks for reasons."""
    chosen = {"type": "radio_buttons", "selected_option": {"value": complaint}}
    written = {"type": "plain_text_input", "value": note}
    return {"why": {"why": chosen}, "note": {"note": written}}


async def test_a_thumb_up_is_kept_and_only_who_pressed_is_thanked(
    slack: Slack, running: Bot
) -> None:
    answer = await answer_of(slack, running)
    await press(slack, "smith", answer, "good")
    [thanks] = await slack.until(lambda: slack.whispers("smith"))

    [kept] = await judgements(running)
    assert (kept.person, kept.verdict) == (
        slack.workspace.user("smith").id,
        Verdict.GOOD,
    )
    assert thanks.text == pressing.THANKS.en
    assert thanks.thread_ts == answer.thread_ts
    assert not slack.whispers("tanaka")


async def test_a_thumb_down_asks_for_the_reason_in_the_language_of_who_pressed(
    slack: Slack, running: Bot
) -> None:
    answer = await answer_of(slack, running)
    await press(slack, "tanaka", answer, "bad")
    window = await slack.until(lambda: slack.modal("tanaka"))
    [early] = await judgements(running)
    await slack.submit("tanaka", filled("outdated", "去年の規程です"))
    [thanks] = await slack.until(lambda: slack.whispers("tanaka"))
    await slack.until(lambda: slack.modal("tanaka") is None)

    [kept] = await judgements(running)
    assert (early.verdict, early.complaint) == (Verdict.BAD, None)
    assert (kept.complaint, kept.note) == (Complaint.OUTDATED, "去年の規程です")
    assert window.content["title"]["text"] == pressing.REASONS.ja
    assert thanks.text == pressing.THANKS.ja


async def test_the_window_has_four_reasons_and_a_note_that_may_be_left_out(
    slack: Slack, running: Bot
) -> None:
    answer = await answer_of(slack, running)
    await press(slack, "smith", answer, "bad")
    window = await slack.until(lambda: slack.modal("smith"))
    why, note = window.content["blocks"]
    values = [option["value"] for option in why["element"]["options"]]
    await slack.submit("smith", filled("wrong"))
    await slack.until(lambda: slack.whispers("smith"))

    [kept] = await judgements(running)
    assert values == [complaint.value for complaint in Complaint]
    assert note["optional"]
    assert (kept.complaint, kept.note) == (Complaint.WRONG, "")


async def test_trap_49_a_second_verdict_replaces_the_first_and_others_have_their_own(
    slack: Slack, running: Bot
) -> None:
    answer = await answer_of(slack, running)
    for who, verdict in (
        ("smith", "good"),
        ("smith", "good"),
        ("tanaka", "good"),
        ("tanaka", "bad"),
    ):
        await press(slack, who, answer, verdict)
        await running.heard()
        await slack.until(lambda: len(slack.whispers("smith")) >= 1)
    await slack.until(lambda: slack.modal("tanaka"))

    kept = {one.person: one.verdict for one in await judgements(running)}
    assert kept == {
        slack.workspace.user("smith").id: Verdict.GOOD,
        slack.workspace.user("tanaka").id: Verdict.BAD,
    }


async def test_two_thumbs_down_take_no_reason_back(slack: Slack, running: Bot) -> None:
    answer = await answer_of(slack, running)
    await press(slack, "tanaka", answer, "bad")
    await slack.until(lambda: slack.modal("tanaka"))
    await slack.submit("tanaka", filled("not_found", "あ" * 600))
    await slack.until(lambda: slack.whispers("tanaka"))
    await press(slack, "tanaka", answer, "bad")
    await slack.until(lambda: slack.modal("tanaka"))

    [kept] = await judgements(running)
    assert kept.complaint is Complaint.NOT_FOUND
    assert len(kept.note) == NOTE


async def test_presses_are_counted_by_what_the_button_is_for(
    slack: Slack, running: Bot
) -> None:
    """Neither who pressed nor what about is in a metric."""
    answer = await answer_of(slack, running)
    await slack.click("tanaka", answer, "shirube_link:1")
    await press(slack, "smith", answer, "good")
    await slack.until(lambda: slack.whispers("smith"))
    await slack.click("tanaka", answer, "shirube_passage:1")
    await slack.until(lambda: slack.whispers("tanaka"))
    await press(slack, "tanaka", answer, "bad")
    await slack.until(lambda: slack.modal("tanaka"))

    lines = running.metrics.exposition().decode().splitlines()
    counts = {
        line.partition('button="')[2].partition('"')[0]: float(line.split()[-1])
        for line in lines
        if line.startswith("shirube_presses_total")
    }
    assert counts == {"good": 1, "bad": 1, "passage": 1, "link": 1}


async def test_a_question_that_is_left_to_another_process_is_not_open_here(
    slack: Slack, tmp_path: Path
) -> None:
    async with bot(slack, tmp_path) as running:
        running.answerer.gate.clear()
        await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        await running.at_work()
        before = running.counted("shirube_questions_open")

    assert (before, running.counted("shirube_questions_open")) == (1, 0)


async def test_a_verdict_that_cannot_be_kept_is_not_said_to_be_taken(
    slack: Slack, tmp_path: Path
) -> None:
    """It is stored before the ack: what dies right after that has lost nothing."""
    async with bot(slack, tmp_path, Around(full_of_verdicts=True)) as running:
        running.answerer.found = answered().answer
        answer = await answer_of(slack, running)
        pressed = await slack.click(
            "smith", answer, VERDICT, value=thumb(answer, "bad")
        )
        await slack.clock.advance(ACK_SECONDS + 1)
        await slack.until(lambda: pressed.given_up)

    assert not pressed.acked
    assert not slack.calls_to("views.open")


async def test_of_two_thumbs_the_one_that_was_pressed_last_counts(
    slack: Slack, running: Bot
) -> None:
    """Slack delivers the first one once more, behind the second."""
    answer = await answer_of(slack, running)
    await press(slack, "smith", answer, "good")
    first = slack.courier.deliveries[-1]
    await slack.clock.advance(1)
    await press(slack, "smith", answer, "bad")
    await slack.until(lambda: slack.modal("smith"))
    await slack.courier.again(first)
    await running.heard()
    await slack.until(lambda: slack.whispers("smith")[1:])

    assert [one.verdict for one in await judgements(running)] == [Verdict.BAD]


async def test_a_window_that_opens_too_late_is_said_and_the_verdict_is_kept(
    slack: Slack, running: Bot
) -> None:
    answer = await answer_of(slack, running)
    slack.faults.next("views.open", Refuse("expired_trigger_id"))
    await press(slack, "tanaka", answer, "bad")
    [said] = await slack.until(lambda: slack.whispers("tanaka"))

    [kept] = await judgements(running)
    assert kept.verdict is Verdict.BAD
    assert said.text == pressing.TOO_LATE.ja


async def test_a_window_that_may_not_have_opened_is_said(
    slack: Slack, running: Bot
) -> None:
    answer = await answer_of(slack, running)
    slack.faults.next("views.open", CUT_AFTER)
    await press(slack, "tanaka", answer, "bad")
    [said] = await slack.until(lambda: slack.whispers("tanaka"))

    assert said.text == pressing.FAILED.ja


async def test_who_cannot_be_told_is_heard_all_the_same(
    slack: Slack, running: Bot
) -> None:
    answer = await answer_of(slack, running)
    slack.faults.next("chat.postEphemeral", Refuse("user_not_in_channel"))
    await press(slack, "smith", answer, "good")
    await slack.until(lambda: slack.calls_to("chat.postEphemeral"))
    await press(slack, "tanaka", answer, "good")
    await slack.until(lambda: slack.whispers("tanaka"))

    assert len(await judgements(running)) == 2
    assert not slack.whispers("smith")


async def test_a_link_that_is_opened_is_acknowledged_and_no_more(
    slack: Slack, running: Bot
) -> None:
    answer = await answer_of(slack, running)
    await slack.click("tanaka", answer, "shirube_link:1")
    await running.heard()

    assert slack.calls_to("views.open") == []
    assert not slack.whispers("tanaka")


# --- what a source says ------------------------------------------------------------

QUOTE = "年次有給休暇は20日とする。"


async def publish(running: Bot, access: Access = OPEN) -> Desk:
    """Have the document that the answer quotes be live, for whom it is for."""
    desk = await a_desk(running.state, source="handbook")
    await desk.publish(a_state(DocumentId("handbook:1"), access=access))
    return desk


def shown_in(window: View | None) -> str:
    """What a window says."""
    assert window is not None
    return "\n".join(
        block["text"]["text"] for block in window.content["blocks"] if "text" in block
    )


async def refused(slack: Slack, who: str) -> str:
    """Wait until somebody is told something, with no window."""
    [said] = await slack.until(lambda: slack.whispers(who))
    assert slack.modal(who) is None
    return said.text


async def test_a_passage_is_shown_to_who_may_read_it(
    slack: Slack, running: Bot
) -> None:
    await publish(running)
    answer = await answer_of(slack, running)
    await slack.click("smith", answer, "shirube_passage:1")
    window = await slack.until(lambda: slack.modal("smith"))

    said = shown_in(window)
    assert QUOTE in said
    assert "休暇規程 › 第3章 年次有給休暇" in said
    assert window.content["title"]["text"] == pressing.PASSAGE.en
    assert not slack.whispers("smith")


async def test_a_passage_is_shown_by_the_rights_of_who_presses_alone(
    slack: Slack, running: Bot
) -> None:
    own = principal(f"usr:mail:{slack.workspace.user('tanaka').email}")
    await publish(running, Access(layers=(frozenset({own}),)))
    answer = await answer_of(slack, running)
    await slack.click("smith", answer, "shirube_passage:1")
    told = await refused(slack, "smith")
    await slack.click("tanaka", answer, "shirube_passage:1")
    window = await slack.until(lambda: slack.modal("tanaka"))

    assert told == pressing.NOT_SHOWN.en
    assert QUOTE in shown_in(window)
    assert len(slack.calls_to("views.open")) == 1


async def test_a_passage_is_shown_to_members_of_the_channel_it_was_granted_to(
    slack: Slack, tmp_path: Path
) -> None:
    """Who has left the channel has no part in what was granted to it."""
    granted = Grants(channels={"CJINJI": Grant(principals=frozenset({HR}))})
    async with bot(slack, tmp_path, Around(grants=granted)) as running:
        await slack.invite("tanaka", "jinji")
        running.answerer.found = answered().answer
        await publish(running, Access(layers=(frozenset({HR}),)))
        answer = await answer_of(slack, running, where="jinji")
        await slack.click("sato", answer, "shirube_passage:1")
        window = await slack.until(lambda: slack.modal("sato"))
        await slack.leave("tanaka", "jinji")
        await running.heard()
        await slack.click("tanaka", answer, "shirube_passage:1")
        [told] = await slack.until(lambda: slack.calls_to("chat.postEphemeral"))

    assert QUOTE in shown_in(window)
    assert told.args["text"] == pressing.NOT_SHOWN.ja
    assert slack.modal("tanaka") is None


async def test_a_passage_of_an_answer_elsewhere_takes_nothing_from_a_channel(
    slack: Slack, tmp_path: Path
) -> None:
    granted = Grants(channels={"CJINJI": Grant(principals=frozenset({HR}))})
    async with bot(slack, tmp_path, Around(grants=granted)) as running:
        running.answerer.found = answered().answer
        await publish(running, Access(layers=(frozenset({HR}),)))
        answer = await answer_of(slack, running)
        await slack.click("sato", answer, "shirube_passage:1")
        told = await refused(slack, "sato")

    assert told == pressing.NOT_SHOWN.ja


async def test_a_guest_sees_no_passage_of_what_all_colleagues_may_read(
    slack: Slack, running: Bot
) -> None:
    await publish(running)
    answer = await answer_of(slack, running, where="project")
    await slack.click("suzuki", answer, "shirube_passage:1")
    told = await refused(slack, "suzuki")
    await slack.click("tanaka", answer, "shirube_passage:1")
    await slack.until(lambda: slack.modal("tanaka"))

    assert told == pressing.NOT_SHOWN.ja


@pytest.mark.parametrize("live", [True, False])
async def test_a_passage_of_a_document_that_is_gone_ends_in_one_sentence(
    slack: Slack, running: Bot, *, live: bool
) -> None:
    if live:
        desk = await publish(running)
        await running.state.ledger.remove(desk.run, [DocumentId("handbook:1")])
    answer = await answer_of(slack, running)
    await slack.click("tanaka", answer, "shirube_passage:1")

    assert await refused(slack, "tanaka") == pressing.NOT_SHOWN.ja


async def test_a_passage_of_a_document_that_has_changed_is_not_shown_as_it_was(
    slack: Slack, running: Bot
) -> None:
    desk = await publish(running)
    answer = await answer_of(slack, running)
    changed = a_state(
        DocumentId("handbook:1"), "年次有給休暇は10日です。", version="v2"
    )
    await desk.publish(changed)
    await slack.click("tanaka", answer, "shirube_passage:1")

    assert await refused(slack, "tanaka") == pressing.CHANGED.ja


async def test_a_passage_that_is_asked_for_too_late_ends_in_one_sentence(
    slack: Slack, running: Bot
) -> None:
    await publish(running)
    answer = await answer_of(slack, running)
    slack.faults.next("views.open", Refuse("expired_trigger_id"))
    await slack.click("tanaka", answer, "shirube_passage:1")

    assert await refused(slack, "tanaka") == pressing.TOO_LATE.ja


async def test_a_passage_of_an_answer_that_is_forgotten_is_said_to_be(
    slack: Slack, running: Bot
) -> None:
    await publish(running)
    answer = await answer_of(slack, running)
    later = slack.clock.datetime() + timedelta(days=400)
    await running.state.inbox_upkeep.purge(before=later)
    await slack.click("tanaka", answer, "shirube_passage:1")
    passage = await refused(slack, "tanaka")
    await slack.click("tanaka", answer, "shirube_privately")
    [_, again] = await slack.until(
        lambda: slack.whispers("tanaka")[1:] and slack.whispers("tanaka")
    )

    assert passage == again.text == pressing.FORGOTTEN.ja


async def test_who_wants_a_private_answer_is_told_where_it_comes(
    slack: Slack, running: Bot
) -> None:
    answer = await answer_of(slack, running)
    await slack.click("smith", answer, "shirube_privately")
    await slack.click("smith", answer, "shirube_privately")
    await slack.until(lambda: running.told("smith")[1:])
    await slack.until(lambda: slack.whispers("smith"))
    await running.heard()

    [_, private] = running.answerer.asked
    mail = slack.workspace.user("smith").email
    assert f"usr:mail:{mail}" in private.audience.principals
    assert {said.text for said in slack.whispers("smith")} == {replies.IN_DIRECT.en}
