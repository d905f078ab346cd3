"""Two connections to Slack: one is always there, and only what was taken is acked."""

import ssl
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.fakes.certificates import certificates
from tests.fakes.connect_proxy import connect_proxy
from tests.fakes.slack import Slack, slack_server
from tests.fakes.slack.faults import CUT_BEFORE, Fail, Refuse
from tests.fakes.slack.model import Message
from tests.fakes.slack_bot import Around, Bot, bot

LEAVE = "有給休暇は何日ですか？"


async def asked(slack: Slack, running: Bot, text: str = LEAVE) -> str:
    """Ask something and wait for the answer."""
    return await running.answer(await slack.say("tanaka", "総務", f"@shirube {text}"))


async def renewed(slack: Slack, ever: int) -> None:
    """Wait for two connections that are not the first ones."""
    await slack.until(
        lambda: len(slack.sockets.ever) >= ever and len(slack.sockets.open) > 1
    )


async def test_row_17_what_could_not_be_stored_is_not_acked(
    slack: Slack, tmp_path: Path
) -> None:
    """The app is told again, and then the question is answered once."""
    async with bot(slack, tmp_path, Around(full=4)) as running:
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        await slack.clock.advance(3)
        await slack.clock.advance(63)
        await running.answer(question)

    first = slack.courier.deliveries[0]
    assert [attempt.number for attempt in first.attempts][:2] == [0, 1]
    assert len(running.answers(question)) == 1


async def test_row_8_and_trap_11_what_comes_three_times_more_is_answered_once(
    slack: Slack, tmp_path: Path
) -> None:
    """No ack gets through while a slow answer is written."""
    async with bot(slack, tmp_path) as running:
        running.answerer.gate.clear()
        slack.sockets.deaf = True
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        await running.at_work()
        await slack.clock.advance(3)
        running.answerer.gate.set()
        await running.answer(question)
        await slack.clock.advance(63)
        await slack.clock.advance(303)
        both = [delivery.attempts for delivery in slack.courier.deliveries[:2]]
        slack.sockets.deaf = False
        await asked(slack, running, "次の質問は？")

    assert running.counted("shirube_duplicate_events_total") == 3
    assert [len(attempts) for attempts in both] == [4, 4]
    assert [q.text for q in running.answerer.asked] == [LEAVE, "次の質問は？"]
    assert len(slack.replies(question)) == 1


async def test_row_10_one_event_on_two_sockets_is_one_question(
    slack: Slack, tmp_path: Path
) -> None:
    async with bot(slack, tmp_path) as running:
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        for delivery in list(slack.courier.deliveries):
            for _ in range(4):
                await slack.courier.again(delivery)
        await running.heard()
        await running.answer(question)
        await asked(slack, running, "次の質問は？")

    assert [q.text for q in running.answerer.asked] == [LEAVE, "次の質問は？"]


@pytest.mark.parametrize(
    "reason", ["warning", "refresh_requested", "too_many_websockets"]
)
async def test_row_11_and_12_a_connection_is_replaced_before_it_ends(
    slack: Slack, tmp_path: Path, reason: str
) -> None:
    async with bot(slack, tmp_path) as running:
        [first, other] = list(slack.sockets.open)
        await slack.sockets.disconnect(reason, first)
        await slack.until(lambda: len(slack.sockets.ever) > 2)
        assert await asked(slack, running) == f"回答: {LEAVE}"

        assert other in slack.sockets.open
        assert not running.platform.troubles()


async def test_row_11_nothing_is_lost_while_everything_is_refreshed(
    slack: Slack, tmp_path: Path
) -> None:
    slack.tiers.enforced = False
    people = [slack.workspace.add_user(f"社員{number}") for number in range(50)]
    slack.workspace.channel("総務").members += [who.id for who in people]
    async with bot(slack, tmp_path) as running:
        running.answerer.gate.clear()
        questions: list[Message] = []
        for number, who in enumerate(people):
            if number in {15, 35}:
                await slack.sockets.disconnect("refresh_requested")
            text = f"@shirube {number}番目は？"
            questions.append(await slack.say(who, "総務", text))
        await renewed(slack, 4)
        await slack.clock.advance(64)  # what no socket took comes again
        running.answerer.gate.set()
        for question in questions:
            await running.answer(question)

    assert [len(running.answers(question)) for question in questions] == [1] * 50


async def test_row_12_a_disabled_link_is_a_trouble(
    slack: Slack, tmp_path: Path
) -> None:
    async with bot(slack, tmp_path) as running:
        await slack.sockets.disconnect("link_disabled")
        await slack.until(lambda: not slack.sockets.open)
        await slack.until(lambda: len(slack.calls_to("apps.connections.open")) > 5)

        [trouble] = running.platform.troubles()

    assert "no connection" in trouble
    assert "forbidden_team" in trouble


async def test_row_13_a_dead_connection_is_left(slack: Slack, tmp_path: Path) -> None:
    async with bot(slack, tmp_path, Around(ping=0.05)) as running:
        slack.sockets.deaf = True
        await slack.until(lambda: len(slack.sockets.ever) > 3)
        slack.sockets.deaf = False
        await slack.sockets.ping()
        await slack.until(
            lambda: [c.pongs > 0 for c in slack.sockets.open] == [True] * 2
        )

        assert await asked(slack, running)


async def test_slack_restarts(slack: Slack, tmp_path: Path) -> None:
    """Addresses that were given out before are void then."""
    async with bot(slack, tmp_path) as running:
        await slack.restart()
        await renewed(slack, 4)

        assert await asked(slack, running)


@pytest.mark.parametrize(
    "faults",
    [
        [Fail(status=429, retry_after=1)],
        [CUT_BEFORE],
    ],
)
async def test_a_connection_that_is_refused_is_tried_again(
    slack: Slack, tmp_path: Path, faults: Sequence[Fail]
) -> None:
    async with bot(slack, tmp_path) as running:
        slack.faults.next("apps.connections.open", *faults)
        [first, _] = list(slack.sockets.open)
        first.abort()
        await renewed(slack, 3)

        assert await asked(slack, running)


async def test_trap_10_whatever_comes_is_acknowledged(
    slack: Slack, tmp_path: Path
) -> None:
    async with bot(slack, tmp_path) as running:
        said = await slack.say("tanaka", "総務", "おはようございます")
        await slack.react("tanaka", said, "eyes")
        await slack.unfurl(said)
        await slack.delete(said)
        await slack.open_home("tanaka")
        await slack.look_at("tanaka", "総務")
        await slack.odd_event("総務", {"type": "未知", "channel": "CSOUMU"})
        await slack.odd_event("総務", {"type": "message"})
        await running.heard()
        answered = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        await running.answer(answered)
        [answer] = slack.replies(answered)
        for action in ("shirube_verdict", "shirube_more"):
            names = json_actions(answer)
            if action in names:
                await slack.click("tanaka", answer, action)
        await running.heard()

    assert {len(d.attempts) for d in slack.courier.deliveries} == {1}


def json_actions(message: Message) -> str:
    """The names of the buttons of a message, among other things."""
    return str(message.blocks)


async def test_row_21_what_was_taken_is_answered_before_the_end(
    slack: Slack, tmp_path: Path
) -> None:
    async with bot(slack, tmp_path) as running:
        running.answerer.gate.clear()
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        await running.at_work()
        running.answerer.gate.set()
        await running.platform.drain()

        assert running.answers(question) == [f"回答: {LEAVE}"]
        assert not slack.sockets.open
        late = await slack.say("sato", "総務", "@shirube 間に合う？")
        await slack.until(lambda: slack.courier.deliveries[-1].attempts)

    assert not slack.replies(late)
    assert not slack.courier.deliveries[-1].acked


@pytest.mark.parametrize("named_by", ["slack.proxy", "HTTPS_PROXY"])
async def test_a_proxy_and_a_private_authority_are_on_every_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named_by: str
) -> None:
    """The Web API, the sockets, and the answers to commands: the proxy alone knows
    the names of all three.
    """
    made = certificates(tmp_path)
    names = {"sockets": "wss.slack.test", "responses": "hooks.slack.test"}
    async with (
        slack_server(tls=made.server) as slack,
        connect_proxy(user="bot", password="himitsu") as proxy,
    ):
        tls = ssl.create_default_context(cafile=made.authority)
        slack.platform.names.update(names)
        port = slack.url.rpartition(":")[2].removesuffix("/api/")
        way = f"https://api.slack.test:{port}/api/"
        if named_by == "HTTPS_PROXY":
            monkeypatch.setenv(named_by, proxy.url)
        set_up = proxy.url if named_by == "slack.proxy" else None
        around = Around(proxy=set_up, tls=tls, way=way)
        async with bot(slack, tmp_path / "状態", around) as running:
            slack.faults.always("conversations.open", Refuse("channel_not_found"))
            await slack.command("tanaka", "総務", "/ask", LEAVE)
            await slack.until(lambda: len(slack.whispers("tanaka")) > 1)
            await running.heard()

    reached = {target.removesuffix(f":{port}") for target in proxy.tunnels}
    assert reached == {"api.slack.test", *names.values()}
    assert not proxy.requests
    assert not proxy.refused


async def test_trap_30_no_text_gets_into_the_log(
    slack: Slack, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("bot", "slack_bolt", "slack_sdk"):
        caplog.set_level("DEBUG", logger=name)
    async with bot(slack, tmp_path, Around(full=2)) as running:
        question = await slack.say("tanaka", "総務", "@shirube 極秘の暗号は？")
        await slack.clock.advance(4)
        await running.answer(question)
        await slack.command("tanaka", "総務", "/ask", "極秘の暗号は？")
        await running.heard()

    assert "極秘" not in caplog.text
    assert slack.bot_token not in caplog.text
