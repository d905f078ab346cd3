"""Points 9 to 12 of the fake: who asks, connections, other entries, HTTP."""

import json
import time
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes.slack import Slack, slack_server
from tests.fakes.slack.kit import (
    error,
    modal,
    section,
)
from tests.fakes.slack.listening import answering_http, listening
from tests.fakes.slack.model import Json
from tests.fakes.slack.speaking import NotPossible


def events_of(slack: Slack, kind: str) -> list[Json]:
    return [delivery.event for delivery in slack.deliveries_of(kind)]


# -- 9: who is asking


async def test_point_9_people_are_told_apart(client: AsyncWebClient) -> None:
    async def user(name: str) -> Json:
        answer = await client.users_info(user=name, include_locale=True)
        found: Json = answer["user"]
        return found

    assert (await user("UTANAKA"))["locale"] == "ja-JP"
    assert (await user("UTANAKA"))["profile"]["email"] == "tanaka@shirube.example"
    guest = await user("USUZUKI")
    assert (guest["is_restricted"], guest["is_ultra_restricted"]) == (True, False)
    assert (await user("UTAKAHASHI"))["is_ultra_restricted"]
    assert (await user("UFORMER"))["deleted"]
    assert (await user("UDEPLOYBOT"))["is_bot"]
    stranger = await user("UPARTNER")
    assert (stranger["is_stranger"], stranger["team_id"]) == (True, "TPARTNER")
    assert "email" not in stranger["profile"]
    assert await error(client.users_info(user="UNOBODY")) == "user_not_found"
    assert (
        await error(client.users_lookupByEmail(email="former@shirube.example"))
        == "users_not_found"
    )


async def test_point_9_an_external_asker_is_recognised_by_bolt(
    slack: Slack, app: AsyncApp
) -> None:
    contexts: list[Any] = []

    @app.event("app_mention")
    async def mention(context: Any, body: Json) -> None:
        contexts.append((context.team_id, context.actor_team_id, body))

    @app.event("message")
    async def message() -> None:
        pass

    grid = slack.workspace.add_team("大企業", domain="grid", enterprise="EGRID")
    whale = slack.workspace.add_user("kujira", team=grid)
    await slack.invite(whale, "with-partner")
    async with listening(slack, app):
        await slack.say("partner", "with-partner", "@shirube 休暇は?")
        await slack.until(lambda: contexts)
        await slack.say("kujira", "with-partner", "@shirube 休暇は?")
        await slack.until(lambda: len(contexts) == 2)

    (ours, theirs, body), (_, unknown, grid_body) = contexts
    assert (ours, theirs) == ("TSHIRUBE", "TPARTNER")
    assert body["is_ext_shared_channel"]
    assert grid_body["event"]["user_team"] == "EGRID"
    assert unknown is None


async def test_point_9_a_channel_becomes_shared_in_the_middle_of_a_thread(
    slack: Slack, client: AsyncWebClient
) -> None:
    question = await slack.say("tanaka", "general", "@shirube 休暇は?")
    partner = slack.workspace.teams["TPARTNER"]
    await slack.share("general", partner)
    await slack.say("tanaka", "general", "それから?", thread=question)

    before, after = (
        slack.courier.deliveries[0].payload,
        slack.courier.deliveries[-1].payload,
    )
    assert not before["is_ext_shared_channel"]
    assert after["is_ext_shared_channel"]
    shown = (await client.conversations_info(channel="CGENERAL"))["channel"]
    assert shown["is_ext_shared"]
    assert shown["connected_team_ids"] == ["TPARTNER"]


async def test_point_9_bolt_drops_our_own_posts_and_lets_other_bots_through(
    slack: Slack, app: AsyncApp
) -> None:
    heard: list[Json] = []

    @app.event("message")
    async def message(event: Json) -> None:
        heard.append(event)

    async with listening(slack, app):
        await app.client.chat_postMessage(channel="CGENERAL", text="私です")
        await slack.say("deploy-bot", "general", "配備しました")
        await slack.classic_bot_says("deploy-bot", "general", "古い連携")
        await slack.until(lambda: len(heard) == 2)
        await slack.until(lambda: all(d.acked for d in slack.courier.deliveries))

    assert [event["text"] for event in heard] == ["配備しました", "古い連携"]
    assert heard[0]["bot_id"] == "BDEPLOYBOT"
    assert heard[1]["subtype"] == "bot_message"


# -- 10: connections


async def test_point_10_any_disconnect_frame_makes_the_sdk_connect_again(
    slack: Slack, app: AsyncApp
) -> None:
    async with listening(slack, app):
        await slack.sockets.disconnect("warning")
        await slack.until(lambda: any(c.number == 2 for c in slack.sockets.open))
        await slack.sockets.disconnect("refresh_requested")
        await slack.until(lambda: any(c.number == 3 for c in slack.sockets.open))
        await slack.say("tanaka", "general", "まだいる?")

    assert len(slack.calls_to("apps.connections.open")) == 3
    assert slack.courier.deliveries[0].attempts[0].connection == 3


async def test_point_10_a_disabled_link_gives_no_new_address(slack: Slack) -> None:
    client = AsyncWebClient(base_url=slack.url)
    await slack.sockets.disconnect("link_disabled")

    assert (
        await error(client.apps_connections_open(app_token=slack.app_token))
        == "forbidden_team"
    )


async def test_point_10_the_app_comes_back_after_a_server_restart(
    slack: Slack, app: AsyncApp
) -> None:
    heard: list[str] = []

    @app.event("message")
    async def message(event: Json) -> None:
        heard.append(event["text"])

    async with listening(slack, app, ping_interval=0.4):
        await slack.restart()
        await slack.until(lambda: slack.sockets.open)
        await slack.say("tanaka", "general", "おかえり")
        await slack.until(lambda: heard)

    assert heard == ["おかえり"]


async def test_point_10_ten_connections_and_each_event_on_one_of_them(
    slack: Slack, app: AsyncApp
) -> None:
    async with listening(slack, app, connections=10), aiohttp.ClientSession() as http:
        answer = await app.client.apps_connections_open(app_token=slack.app_token)
        async with http.ws_connect(answer["url"]) as eleventh:
            frame = json.loads((await eleventh.receive()).data)
        slack.tiers.enforced = False
        for number in range(30):
            await slack.say("tanaka", "general", f"{number}番")
        hello = slack.sockets.open[-1].sent[0]

    assert frame["reason"] == "too_many_websockets"
    assert hello["num_connections"] == 10
    assert all(len(d.attempts) == 1 for d in slack.courier.deliveries)
    used = {d.attempts[0].connection for d in slack.courier.deliveries}
    assert len(used) > 5


async def test_point_10_pings_are_answered_both_ways_until_the_link_is_deaf(
    slack: Slack, app: AsyncApp
) -> None:
    async with listening(slack, app, ping_interval=0.4) as [client]:
        [connection] = slack.sockets.open
        await slack.sockets.ping()
        await slack.until(lambda: connection.pongs)
        assert connection.pings >= 1
        slack.sockets.deaf = True
        await slack.until(lambda: len(slack.calls_to("apps.connections.open")) > 1)
        slack.sockets.deaf = False
        await slack.until(lambda: slack.sockets.open)
        assert client.wss_uri


# -- 11: the other entries


async def test_point_11_stop_ends_the_streams_of_a_thread(
    slack: Slack, client: AsyncWebClient
) -> None:
    question = await slack.say("tanaka", slack.dm("tanaka"), "休暇は?")
    thread = {"channel_id": question.channel, "thread_ts": question.ts}
    await client.agents_sessions_setStatus(status="processing", **thread)
    started = await client.chat_startStream(
        channel=question.channel, thread_ts=question.ts
    )
    await slack.press_stop("tanaka", question)

    [event] = events_of(slack, "agent_session_stopped")
    assert event["streaming_message_ts"] == [started["ts"]]
    assert (event["user"], event["thread_ts"]) == ("UTANAKA", question.ts)
    where = {"channel": question.channel, "ts": started["ts"]}
    assert (
        await error(client.chat_appendStream(**where, markdown_text="もっと"))
        == "stopped_by_user"
    )
    assert (await client.chat_stopStream(**where, session_status="active"))["ok"]
    with pytest.raises(NotPossible):
        await slack.press_stop("tanaka", question)


async def test_point_11_without_the_subscription_there_is_no_stop_button(
    slack: Slack, client: AsyncWebClient
) -> None:
    slack.app.events.discard("agent_session_stopped")
    question = await slack.say("tanaka", "general", "休暇は?")
    answer = await client.agents_sessions_setStatus(
        status="processing", channel_id=question.channel, thread_ts=question.ts
    )

    assert answer["warning"] == "missing_agent_session_stopped_event_subscription"
    with pytest.raises(NotPossible):
        await slack.press_stop("tanaka", question)


async def test_point_11_shortcuts_homes_contexts_and_reactions(
    slack: Slack, app: AsyncApp
) -> None:
    heard: list[str] = []

    @app.shortcut("ask_about")
    async def ask_about(ack: Any, payload: Json, client: AsyncWebClient) -> None:
        await ack()
        heard.append(payload["message"]["text"])
        await client.views_open(trigger_id=payload["trigger_id"], view=modal())

    @app.event("app_home_opened")
    async def home(event: Json, client: AsyncWebClient) -> None:
        heard.append(event["tab"])
        if event["tab"] == "home":
            view = {"type": "home", "blocks": [section("ようこそ")]}
            await client.views_publish(user_id=event["user"], view=view)

    @app.event("app_context_changed")
    async def context(event: Json) -> None:
        heard.append(event["context"]["entities"][0]["value"])

    @app.event("reaction_added")
    async def reaction(event: Json) -> None:
        heard.append(event["reaction"])

    message = await slack.say("sato", "general", "締め日は25日です。")
    async with listening(slack, app):
        await slack.shortcut("tanaka", "ask_about", on=message)
        await slack.until(lambda: slack.modal("tanaka"))
        await slack.open_home("tanaka")
        await slack.open_home("tanaka", tab="messages")
        await slack.look_at("tanaka", "総務")
        await slack.react("tanaka", message, "mute")
        await slack.until(lambda: len(heard) == 5 and slack.home("tanaka"))

    assert sorted(heard) == sorted(
        ["締め日は25日です。", "home", "messages", "CSOUMU", "mute"]
    )


async def test_point_11_a_file_is_guarded_by_a_page_in_html(
    slack: Slack, client: AsyncWebClient
) -> None:
    file = {"name": "規程.txt", "mimetype": "text/plain", "content": "休暇".encode()}
    message = await slack.say("tanaka", "general", "これは?", files=[file])
    [event] = events_of(slack, "message")
    url = event["files"][0]["url_private_download"]

    async def download(**headers: str) -> tuple[int, str, bytes]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(url, headers=headers) as answer,
        ):
            return answer.status, answer.content_type, await answer.read()

    assert event["subtype"] == "file_share"
    status, kind, _ = await download()
    assert (status, kind) == (200, "text/html")
    bearer = f"Bearer {slack.bot_token}"
    assert (await download(Authorization=bearer))[1:] == (
        "text/plain",
        "休暇".encode(),
    )
    shared = await slack.say("partner", "with-partner", "これは?", files=[file])
    [foreign] = events_of(slack, "message")[-1]["files"]
    assert foreign["file_access"] == "check_file_info"
    looked_up = await client.files_info(file=foreign["id"])
    assert looked_up["file"]["name"] == shared.files[0].name == message.files[0].name


# -- 12: HTTP mode


async def test_point_12_signed_requests_reach_bolt(slack: Slack, app: AsyncApp) -> None:
    heard: list[Json] = []

    @app.event("message")
    async def message(event: Json) -> None:
        heard.append(event)

    @app.command("/ask")
    async def ask(ack: Any, command: Json) -> None:
        await ack(f"「{command['text']}」ですね")

    async with answering_http(app) as url:
        assert await slack.deliver_by_http(url)
        await slack.say("tanaka", "general", "休暇は?")
        delivery = await slack.command("tanaka", "general", "/ask", "残業は?")
        await slack.until(lambda: heard and delivery.acked)

    assert heard[0]["text"] == "休暇は?"
    assert [m.text for m in slack.whispers("tanaka")] == ["「残業は?」ですね"]
    assert [status for status, _ in slack.http.answers] == [200, 200, 200]


@pytest.mark.parametrize("wrong", ["secret", "clock", "body"])
async def test_point_12_wrong_signatures_are_refused(
    slack: Slack, app: AsyncApp, wrong: str
) -> None:
    async with answering_http(app) as url:
        assert await slack.deliver_by_http(url)
        match wrong:
            case "secret":
                slack.http.secret = "another"
            case "clock":
                slack.http.skew = -301
            case _:
                slack.http.tamper = b" "
        await slack.say("tanaka", "general", "休暇は?")
        await slack.until(lambda: len(slack.http.answers) == 3)

    assert [status for status, _ in slack.http.answers] == [200, 401, 401]


async def test_point_12_http_events_are_retried_with_headers(
    slack: Slack, app: AsyncApp
) -> None:
    numbers: list[str] = []

    @app.middleware
    async def note(request: Any, next_: Any) -> None:
        numbers.extend(request.headers.get("x-slack-retry-num", ["-"]))
        numbers.extend(request.headers.get("x-slack-retry-reason", ["-"]))
        await next_()

    async with answering_http(app) as url:
        await slack.deliver_by_http(url)
        numbers.clear()
        await slack.say("tanaka", "general", "誰も聞いていない")
        [delivery] = slack.courier.deliveries
        await slack.until(lambda: len(slack.http.answers) == 3)
        await slack.clock.advance(60)
        await slack.clock.advance(300)
        await slack.until(lambda: delivery.given_up)

    retried = [item for n in "123" for item in (n, "http_error")]
    assert numbers == ["-", "-", *retried]
    assert delivery.given_up == "http_error"


async def test_point_12_an_app_can_forbid_retries(slack: Slack, app: AsyncApp) -> None:
    @app.middleware
    async def busy() -> BoltResponse:
        return BoltResponse(status=503, headers={"x-slack-no-retry": ["1"]})

    async with answering_http(app) as url:
        await slack.deliver_by_http(url)
        await slack.say("tanaka", "general", "休暇は?")
        [delivery] = slack.courier.deliveries
        await slack.until(lambda: delivery.given_up)

    assert len(delivery.attempts) == 1


async def test_the_default_firm_is_served_at_once() -> None:
    """A whole fake starts and stops in a moment, or the suites would be slow."""
    started = time.monotonic()
    for _ in range(5):
        async with slack_server() as slack:
            assert slack.url.endswith("/api/")

    assert time.monotonic() - started < 3
