"""In a channel of the operator's choice the bot answers what nobody else answers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.slack import Slack, slack_server
from tests.fakes.slack.clock import Clock
from tests.fakes.slack.model import Message
from tests.fakes.slack_house import SlackHouse
from tests.fakes.slack_process import PATIENCE, answers, listening, process

LEAVE = "有給休暇は入社後いつから何日もらえますか？"
TRAVEL = "出張の精算はいつまでですか？"
UNKNOWN = "火星の首都はどこですか？"


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    """A Slack with a small firm in it, by the time of the process before it."""
    async with slack_server(clock=Clock(ticking=True)) as running:
        running.tiers.enforced = False
        yield running


def hearing(house: SlackHouse, *, after: int = 2, per_hour: int = 10) -> Slack:
    """Have the bot overhear in 総務."""
    house.configure(f"""
[slack.channels.CSOUMU]
auto_answer = true
auto_answer_after = {after}
auto_answer_per_hour = {per_hour}
""")
    return house.slack


async def answered(slack: Slack, question: Message) -> Message:
    """Wait for the one answer in a thread."""
    [answer] = await slack.until(lambda: answers(slack, question), within=PATIENCE)
    return answer


async def heard(slack: Slack) -> None:
    """Wait until everything that was delivered is acknowledged."""
    courier = slack.courier
    await slack.until(lambda: all(d.acked for d in courier.deliveries))


async def test_journey_what_nobody_answers_is_answered_with_sources(
    house: SlackHouse,
) -> None:
    """After a while, in one message, and the thread goes on without mentions."""
    slack = hearing(house)
    async with house.serving():
        question = await slack.say("tanaka", "総務", LEAVE)
        answer = await answered(slack, question)
        elsewhere = await slack.say("smith", "general", f"@shirube {TRAVEL}")
        await answered(slack, elsewhere)
        await slack.say("sato", "総務", TRAVEL, thread=question)
        await slack.until(lambda: answers(slack, question)[1:], within=PATIENCE)

    assert "入社日に3日" in answer.reads
    assert "就業規則" in answer.reads
    assert "shirube_verdict" in str(answer.blocks)
    assert float(answer.ts) - float(question.ts) >= 2
    assert len(answer.history) == 1
    assert not slack.complaints


async def test_journey_a_colleague_who_replies_first_has_the_word(
    house: SlackHouse,
) -> None:
    slack = hearing(house)
    async with house.serving():
        question = await slack.say("tanaka", "総務", LEAVE)
        await slack.say("sato", "総務", "入社日からです", thread=question)
        later = await slack.say("smith", "総務", TRAVEL)
        await answered(slack, later)

    assert not slack.replies(question)


async def test_journey_what_the_documents_do_not_say_is_left_alone(
    house: SlackHouse,
) -> None:
    slack = hearing(house)
    async with house.serving():
        question = await slack.say("tanaka", "総務", UNKNOWN)
        later = await slack.say("smith", "総務", TRAVEL)
        await answered(slack, later)

    assert not slack.replies(question)
    assert not slack.whispers("tanaka")


async def test_journey_so_many_are_answered_in_an_hour(house: SlackHouse) -> None:
    slack = hearing(house, after=1, per_hour=1)
    async with house.serving():
        question = await slack.say("tanaka", "総務", LEAVE)
        await heard(slack)
        another = await slack.say("smith", "総務", TRAVEL)
        await answered(slack, question)
        asked = await slack.say("smith", "総務", f"@shirube {TRAVEL}")
        await answered(slack, asked)

    assert not slack.replies(another)


async def test_journey_what_waits_outlives_a_kill_and_is_answered_once(
    house: SlackHouse,
) -> None:
    slack = hearing(house, after=5)
    async with process(house) as running:
        await listening(slack)
        question = await slack.say("tanaka", "総務", LEAVE)
        await heard(slack)
        running.kill()
        await running.wait()
    assert not slack.replies(question)
    await slack.until(lambda: not slack.sockets.open)
    since = len(slack.sockets.ever)

    async with process(house):
        await listening(slack, since=since)
        for delivery in list(slack.courier.deliveries):
            await slack.courier.again(delivery)
        await answered(slack, question)
        other = await slack.say("sato", "general", f"@shirube {TRAVEL}")
        await answered(slack, other)

    assert len(slack.replies(question)) == 1


async def test_where_it_would_hear_nothing_serve_says_so(
    house: SlackHouse, tmp_path: Path
) -> None:
    """The minimal manifest has no scope to hear what is said in channels."""
    slack = hearing(house)
    slack.app.scopes.discard("channels:history")
    log = tmp_path / "serve.log"
    async with process(house, log):
        await listening(slack)
    told = log.read_text(encoding="utf-8")

    assert "slack.channels.CSOUMU.auto_answer: without the scope channels:history" in (
        told
    )
