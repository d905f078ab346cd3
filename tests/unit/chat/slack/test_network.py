"""A network between the bot and Slack that breaks: nothing is lost, nothing twice."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.faulty_proxy import (
    BlackHole,
    CutAfter,
    FaultyProxy,
    Pass,
    Reset,
    faulty_proxy,
)
from tests.fakes.slack import Slack
from tests.fakes.slack_bot import Around, bot

LEAVE = "有給休暇は何日ですか？"


@pytest.fixture
async def network(slack: Slack) -> AsyncIterator[FaultyProxy]:
    """What every call and both connections go through."""
    async with faulty_proxy(slack.url) as proxy:
        yield proxy


def through(network: FaultyProxy, *, ping: float = 10.0) -> Around:
    return Around(way=f"{network.url}/api/", ping=ping)


@pytest.mark.parametrize("size", [0, 40, 300])
async def test_row_5_a_post_whose_receipt_is_cut_stands_there_once(
    slack: Slack, network: FaultyProxy, tmp_path: Path, size: int
) -> None:
    """Slack has the message; what it says of it breaks off after so many bytes."""
    slack.platform.streaming = False
    hold = slack.faults.hold("chat.postMessage", after_processing=True)
    async with bot(slack, tmp_path, through(network)) as running:
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        await hold.held.wait()
        network.fault = CutAfter(size=size)
        hold.release()
        await slack.until(lambda: slack.calls_to("conversations.replies"))
        network.fault = Pass()
        await running.answer(question)
        await slack.clock.advance(64)  # what was on its way comes again
        await running.heard()

    assert len(slack.replies(question)) == 1
    assert len(slack.calls_to("chat.postMessage")) == 1


async def test_row_13_a_connection_that_is_open_and_dead_is_left(
    slack: Slack, network: FaultyProxy, tmp_path: Path
) -> None:
    """What is asked meanwhile comes again over a connection that lives."""
    async with bot(slack, tmp_path, through(network, ping=0.1)) as running:
        await slack.sockets.ping()
        await slack.until(lambda: all(c.pongs for c in slack.sockets.open))
        network.fault = BlackHole()
        network.next(*[Pass()] * 20)
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        await slack.until(lambda: len(slack.sockets.ever) > 3)
        await slack.until(lambda: len(slack.sockets.open) == 2)
        network.fault = Pass()
        await slack.clock.advance(3)
        answer = await running.answer(question)

        assert not running.platform.troubles()

    assert len(slack.courier.deliveries[0].attempts) > 1
    assert answer == f"回答: {LEAVE}"
    assert len(slack.replies(question)) == 1


async def test_a_network_that_comes_back_brings_what_was_asked_without_it(
    slack: Slack, network: FaultyProxy, tmp_path: Path
) -> None:
    async with bot(slack, tmp_path, through(network)) as running:
        network.fault = Reset()
        network.reset_all()
        await slack.until(lambda: not slack.sockets.open)
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")

        assert "no connection" in running.platform.troubles()[0]
        network.fault = Pass()
        await slack.until(lambda: slack.sockets.open)
        await slack.clock.advance(3)
        await running.answer(question)

    assert len(slack.replies(question)) == 1
