"""What goes wrong on the way: errors, cuts, waits, proxies, and a broken network."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientConnectionError
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from tests.fakes.certificates import certificates
from tests.fakes.connect_proxy import connect_proxy
from tests.fakes.faulty_proxy import (
    BlackHole,
    CutAfter,
    Delay,
    FaultyProxy,
    Reset,
    faulty_proxy,
)
from tests.fakes.slack import Clock, Slack, slack_server
from tests.fakes.slack.faults import (
    CUT_AFTER,
    CUT_BEFORE,
    Refuse,
    fail,
    ratelimited,
)
from tests.fakes.slack.listening import listening

GENERAL = "CGENERAL"


def posted(slack: Slack) -> list[str]:
    return [m.text for m in slack.workspace.channel("general").messages.values()]


async def post(client: AsyncWebClient, text: str = "20日です") -> object:
    return await client.chat_postMessage(channel=GENERAL, text=text)


async def test_a_refusal_and_a_server_error_do_nothing(
    slack: Slack, client: AsyncWebClient
) -> None:
    slack.faults.next("chat.postMessage", Refuse("fatal_error"), fail(503))

    with pytest.raises(SlackApiError, match="fatal_error"):
        await post(client)
    with pytest.raises(SlackApiError) as refused:
        await post(client)

    assert refused.value.response.status_code == 503
    assert posted(slack) == []
    await post(client)
    assert posted(slack) == ["20日です"]


async def test_everything_can_be_rate_limited_until_cleared(
    slack: Slack, client: AsyncWebClient
) -> None:
    slack.faults.always("*", ratelimited(7))

    with pytest.raises(SlackApiError) as refused:
        await client.auth_test()
    assert refused.value.response.headers["Retry-After"] == "7"
    slack.faults.clear()
    assert (await client.auth_test())["ok"]


async def test_the_rate_limit_handler_waits_as_long_as_it_is_told(
    slack: Slack, client: AsyncWebClient
) -> None:
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))
    slack.faults.next("chat.postMessage", ratelimited(1))
    before = asyncio.get_running_loop().time()

    await post(client)

    assert asyncio.get_running_loop().time() - before >= 1
    assert posted(slack) == ["20日です"]


async def test_a_cut_before_processing_loses_the_call(
    slack: Slack, client: AsyncWebClient
) -> None:
    slack.faults.next("chat.postMessage", CUT_BEFORE)

    with pytest.raises(ClientConnectionError):
        await post(client)

    assert posted(slack) == []


async def test_a_cut_after_processing_makes_the_sdk_post_twice(slack: Slack) -> None:
    """The default handler sends a post again that had come through."""
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.url)
    slack.faults.next("chat.postMessage", CUT_AFTER)

    await post(client)

    assert posted(slack) == ["20日です", "20日です"]


async def test_a_response_url_fails_like_everything_else(slack: Slack) -> None:
    delivery = await slack.command("tanaka", "general", "/ask", "休暇は?")
    webhook = AsyncWebhookClient(delivery.payload["response_url"], retry_handlers=[])
    slack.faults.next("response_url", fail(500), CUT_AFTER)

    assert (await webhook.send(text="一度目")).status_code == 500
    with pytest.raises(ClientConnectionError):
        await webhook.send(text="二度目")
    assert (await webhook.send(text="三度目")).body == "ok"

    assert [m.text for m in slack.whispers("tanaka")] == ["二度目", "三度目"]


async def test_a_call_is_held_before_or_after_it_is_done(
    slack: Slack, client: AsyncWebClient
) -> None:
    before = slack.faults.hold("chat.postMessage")
    after = slack.faults.hold("chat.postMessage", after_processing=True)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(post(client, "一つ目"))
        await before.held.wait()
        assert posted(slack) == []
        tasks.create_task(post(client, "二つ目"))
        await after.held.wait()
        assert posted(slack) == ["二つ目"]
        before.release()
        after.release()

    assert posted(slack) == ["二つ目", "一つ目"]


async def test_a_bad_app_token_never_raises_by_itself(
    slack: Slack, client: AsyncWebClient, caplog: pytest.LogCaptureFixture
) -> None:
    slack.tokens[slack.app_token].revoked = True

    with pytest.raises(SlackApiError, match="token_revoked"):
        await client.apps_connections_open(app_token=slack.app_token)
    app = AsyncApp(client=client)
    handler: Any = AsyncSocketModeHandler(app, slack.app_token, ping_interval=0.05)
    connecting = asyncio.ensure_future(handler.connect_async())
    await slack.until(lambda: len(slack.calls_to("apps.connections.open")) > 3)
    assert not connecting.done()
    await handler.close_async()
    await asyncio.wait([connecting, handler.client.message_processor])
    assert "Failed to connect" in caplog.text


async def test_a_used_address_is_tried_for_ever(
    slack: Slack, client: AsyncWebClient
) -> None:
    """The SDK asks for a new address only when it loses a connection it had."""
    app = AsyncApp(client=client)
    handler: Any = AsyncSocketModeHandler(app, slack.app_token, ping_interval=0.02)
    opening = slack.faults.hold("apps.connections.open", after_processing=True)
    connecting = asyncio.ensure_future(handler.connect_async())
    await opening.held.wait()
    slack.sockets.expire_tickets()
    opening.release()
    await slack.until(lambda: slack.sockets.refused >= 3)

    assert len(slack.calls_to("apps.connections.open")) == 1
    assert not connecting.done()
    await handler.close_async()
    await asyncio.wait([connecting, handler.client.message_processor])


# -- a network between the SDK and Slack


def through(proxy: FaultyProxy, slack: Slack, timeout: int = 5) -> AsyncWebClient:
    return AsyncWebClient(
        token=slack.bot_token,
        base_url=f"{proxy.url}/api/",
        timeout=timeout,
        retry_handlers=[],
    )


async def test_a_network_that_works(slack: Slack) -> None:
    async with faulty_proxy(slack.url) as proxy:
        proxy.fault = Delay(0.01)
        await post(through(proxy, slack), "あ" * 3_000)

    assert posted(slack) == ["あ" * 3_000]
    assert proxy.connections == 1


async def test_a_reset_comes_before_anything_is_done(slack: Slack) -> None:
    async with faulty_proxy(slack.url) as proxy:
        proxy.next(Reset())
        with pytest.raises(ClientConnectionError):
            await post(through(proxy, slack))
        await post(through(proxy, slack), "二度目")

    assert posted(slack) == ["二度目"]


async def test_an_answer_cut_short_leaves_the_message_posted(slack: Slack) -> None:
    async with faulty_proxy(slack.url) as proxy:
        proxy.next(CutAfter(size=40))
        with pytest.raises(ClientConnectionError):
            await post(through(proxy, slack))

    assert posted(slack) == ["20日です"]


async def test_a_request_cut_short_posts_nothing(slack: Slack) -> None:
    async with faulty_proxy(slack.url) as proxy:
        proxy.next(CutAfter(size=100, to_server=True))
        with pytest.raises(ClientConnectionError):
            await post(through(proxy, slack))

    assert posted(slack) == []


async def test_a_black_hole_is_left_by_the_clients_timeout(slack: Slack) -> None:
    async with faulty_proxy(slack.url) as proxy:
        proxy.fault = BlackHole()
        with pytest.raises(TimeoutError):
            await post(through(proxy, slack, timeout=1))

    assert posted(slack) == []


async def test_a_socket_whose_network_breaks_is_replaced(slack: Slack) -> None:
    heard: list[str] = []
    async with faulty_proxy(slack.url) as proxy:
        app = AsyncApp(client=through(proxy, slack))

        @app.event("message")
        async def message(event: dict[str, Any]) -> None:
            heard.append(event["text"])

        async with listening(slack, app, ping_interval=0.4):
            proxy.reset_all()
            await slack.until(lambda: len(slack.sockets.ever) == 2)
            await slack.until(lambda: len(slack.sockets.open) == 1)
            await slack.say("tanaka", "general", "つながった?")
            await slack.until(lambda: heard)

    assert heard == ["つながった?"]


async def test_everything_goes_through_an_office_proxy(slack: Slack) -> None:
    """The socket has to be given the proxy of its own, the client's is not used."""
    async with connect_proxy(user="bot", password="himitsu") as proxy:
        client = AsyncWebClient(
            token=slack.bot_token, base_url=slack.url, proxy=proxy.url
        )
        app = AsyncApp(client=client)

        @app.command("/ask")
        async def ask(ack: Any, respond: Any) -> None:
            await ack()
            await respond("20日です")

        async with listening(slack, app, proxy=proxy.url):
            delivery = await slack.command("tanaka", "general", "/ask", "休暇は?")
            await slack.until(lambda: slack.whispers("tanaka") and delivery.acked)

    requests = [url.partition("?")[0] for url in proxy.requests]
    paths = {urlsplit(url).path for url in requests}
    answered = urlsplit(delivery.payload["response_url"]).path
    called = {"/api/apps.connections.open", "/api/auth.test"}
    assert paths == called | {"/link/", answered}


async def test_an_office_proxy_wants_to_know_who_you_are(slack: Slack) -> None:
    async with connect_proxy(user="bot", password="himitsu") as proxy:
        client = AsyncWebClient(
            token=slack.bot_token,
            base_url=slack.url,
            proxy=f"http://127.0.0.1:{proxy.port}",
            retry_handlers=[],
        )
        with pytest.raises(SlackApiError) as refused:
            await client.auth_test()

    assert refused.value.response.status_code == 407
    assert (proxy.refused, proxy.requests) == (1, [])


async def test_tls_goes_through_a_tunnel(tmp_path: Path) -> None:
    made = certificates(tmp_path)
    async with slack_server(tls=made.server) as slack, connect_proxy() as proxy:
        assert slack.url.startswith("https://")
        web = AsyncWebClient(
            token=slack.bot_token, base_url=slack.url, proxy=proxy.url, ssl=made.client
        )
        await post(web)
        assert (await web.apps_connections_open(app_token=slack.app_token))[
            "url"
        ].startswith("wss://")
        with pytest.raises(ClientConnectionError):
            await AsyncWebClient(base_url=slack.url, retry_handlers=[]).auth_test()

    assert posted(slack) == ["20日です"]
    assert len(proxy.tunnels) == 2


async def test_a_ticking_clock_redelivers_by_itself() -> None:
    async with slack_server(clock=Clock(ticking=True)) as slack:
        await slack.say("tanaka", "general", "待っています")
        [delivery] = slack.courier.deliveries
        await slack.clock.advance(2.9)
        assert len(delivery.attempts) == 1
        await slack.until(lambda: len(delivery.attempts) == 2)
