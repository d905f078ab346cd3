"""The twelve points the fake enforces, each shown through the real SDK and Bolt."""

import json
import time
from collections.abc import Awaitable
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes.slack import Slack, slack_server
from tests.fakes.slack.limits import STREAM_SECONDS
from tests.fakes.slack.listening import answering_http, listening
from tests.fakes.slack.speaking import NotPossible

Json = dict[str, Any]


async def refusal(call: Awaitable[object]) -> Json:
    """What Slack answered to a call that it refused."""
    with pytest.raises(SlackApiError) as refused:
        await call
    data: Json = refused.value.response.data
    return data


async def error(call: Awaitable[object]) -> str:
    return str((await refusal(call))["error"])


def section(text: str, block_id: str | None = None) -> Json:
    block: Json = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
    return block | ({"block_id": block_id} if block_id else {})


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def button(text: str, action_id: str = "ask") -> Json:
    label = {"type": "plain_text", "text": text}
    return {"type": "button", "action_id": action_id, "text": label, "value": "休暇"}


def events_of(slack: Slack, kind: str) -> list[Json]:
    return [delivery.event for delivery in slack.deliveries_of(kind)]


# -- 1: tokens, scopes, membership


async def test_point_1_tokens_are_checked(slack: Slack) -> None:
    def client(token: str) -> AsyncWebClient:
        return AsyncWebClient(token=token, base_url=slack.url)

    revoked = slack.issue_token("xoxb-revoked")
    slack.tokens[revoked].revoked = True

    assert await error(client("").auth_test()) == "not_authed"
    assert await error(client("xoxb-wrong").auth_test()) == "invalid_auth"
    assert await error(client(revoked).auth_test()) == "token_revoked"
    assert (
        await error(
            client(slack.bot_token).apps_connections_open(app_token=slack.bot_token)
        )
        == "not_allowed_token_type"
    )
    assert (
        await error(
            client(slack.app_token).chat_postMessage(channel="CGENERAL", text="あ")
        )
        == "not_allowed_token_type"
    )
    assert (await client(slack.app_token).auth_test())["app_id"] == slack.app.id


async def test_point_1_a_missing_scope_is_named(slack: Slack) -> None:
    token = slack.issue_token("xoxb-poor", "chat:write", "channels:read")
    client = AsyncWebClient(token=token, base_url=slack.url)

    users = await refusal(client.users_info(user="UTANAKA"))
    private = await refusal(client.conversations_info(channel="CJINJI"))

    assert users["error"] == "missing_scope"
    assert users["needed"] == "users:read"
    assert users["provided"] == "channels:read,chat:write"
    assert private["needed"] == "groups:read"
    assert "channel" in (await client.conversations_info(channel="CSOUMU")).data


async def test_point_1_the_bot_writes_only_where_it_is(
    slack: Slack, client: AsyncWebClient
) -> None:
    post = client.chat_postMessage

    assert await error(post(channel="CRANDOM", text="はい")) == "not_in_channel"
    assert await error(post(channel="CSECRET", text="はい")) == "channel_not_found"
    assert await error(post(channel="CNONE", text="はい")) == "channel_not_found"
    assert await error(client.conversations_history(channel="CRANDOM")) == (
        "not_in_channel"
    )
    slack.workspace.channel("general").archived = True
    assert await error(post(channel="CGENERAL", text="はい")) == "is_archived"


# -- 2: how what people write arrives


async def test_point_2_text_arrives_escaped_with_all_that_comes_with_it(
    slack: Slack,
) -> None:
    await slack.say(
        "tanaka", "総務", "@shirube 経費 < 5万円 & #general は? https://x.jp/?a=1&b=2"
    )

    [delivery] = slack.deliveries_of("message")
    event = delivery.event
    assert event["text"] == (
        "<@USHIRUBE> 経費 &lt; 5万円 &amp; <#CGENERAL|general> は? "
        "<https://x.jp/?a=1&amp;b=2>"
    )
    [rich] = event["blocks"][0]["elements"]
    assert {"type": "text", "text": " 経費 < 5万円 & "} in rich["elements"]
    assert event["team"] == "TSHIRUBE"
    assert event["client_msg_id"]
    assert event["channel_type"] == "channel"
    assert delivery.payload["authorizations"][0]["user_id"] == slack.bot.id
    assert delivery.payload["event_context"]


# -- 3: acks and redeliveries


async def test_point_3_an_ack_ends_the_delivery(slack: Slack, app: AsyncApp) -> None:
    heard: list[str] = []

    @app.event("app_mention")
    @app.event("message")
    async def hear(body: Json) -> None:
        heard.append(body["event_id"])

    async with listening(slack, app):
        await slack.say("tanaka", "general", "@shirube 休暇は何日?")
        await slack.until(lambda: all(d.acked for d in slack.courier.deliveries))
        await slack.clock.advance(600)

    assert [len(d.attempts) for d in slack.courier.deliveries] == [1, 1]
    assert len(heard) == 2


async def test_point_3_without_a_listener_the_event_comes_again(
    slack: Slack, app: AsyncApp
) -> None:
    async with listening(slack, app) as [client]:
        frames: list[Json] = []

        async def keep(_client: object, message: Json, _raw: object = None) -> None:
            frames.append(message)

        client.message_listeners.append(keep)
        await slack.say("tanaka", "総務", "これは誰も聞いていない")
        await slack.clock.advance(600)
        [delivery] = slack.courier.deliveries
        await slack.until(lambda: delivery.given_up)
        await slack.until(lambda: len(frames) >= 5)

    told = [frame for frame in frames if frame["type"] == "events_api"]
    assert [frame["retry_attempt"] for frame in told] == [0, 1, 2, 3]
    assert [frame["retry_reason"] for frame in told] == ["", *["timeout"] * 3]
    assert len({frame["payload"]["event_id"] for frame in told}) == 1
    assert len({frame["envelope_id"] for frame in told}) == 4
    start = delivery.attempts[0].at
    waits = [round(attempt.at - start) for attempt in delivery.attempts]
    assert waits == [0, 3, 66, 369]


async def test_point_3_an_event_waits_for_an_app_that_is_away(
    slack: Slack, app: AsyncApp
) -> None:
    """The retry is the only delivery that an app in a restart ever sees."""
    heard: list[str] = []

    @app.event("message")
    async def hear(event: Json) -> None:
        heard.append(event["text"])

    await slack.say("tanaka", "general", "誰もいない?")
    async with listening(slack, app):
        await slack.clock.advance(3)
        await slack.until(lambda: heard)

    assert heard == ["誰もいない?"]


async def test_point_3_a_command_is_delivered_once(slack: Slack, app: AsyncApp) -> None:
    @app.command("/other")
    async def other() -> None:
        raise AssertionError

    async with listening(slack, app):
        delivery = await slack.command("tanaka", "general", "/ask", "休暇は?")
        await slack.clock.advance(3)

    assert delivery.given_up == "timeout"
    assert len(delivery.attempts) == 1


# -- 4: everything the bot hears, itself included


async def test_point_4_a_mention_comes_twice_with_two_ids(slack: Slack) -> None:
    question = await slack.say("tanaka", "general", "@shirube 休暇は?")

    mention, message = slack.courier.deliveries
    assert (mention.event["type"], message.event["type"]) == ("app_mention", "message")
    assert mention.event["ts"] == message.event["ts"] == question.ts
    assert mention.payload["event_id"] != message.payload["event_id"]
    assert "channel_type" not in mention.event


async def test_point_4_no_mention_event_in_a_direct_message(slack: Slack) -> None:
    await slack.say("tanaka", slack.dm("tanaka"), "@shirube 休暇は?")

    assert [event["channel_type"] for event in events_of(slack, "message")] == ["im"]
    assert not events_of(slack, "app_mention")


async def test_point_4_our_own_posts_and_edits_come_back(
    slack: Slack, client: AsyncWebClient
) -> None:
    posted = await client.chat_postMessage(channel="CGENERAL", text="20日です")
    await client.chat_update(channel="CGENERAL", ts=posted["ts"], text="21日です")

    first, second = events_of(slack, "message")
    assert (first["user"], first["bot_id"]) == (slack.bot.id, slack.bot.bot_id)
    assert second["subtype"] == "message_changed"
    assert second["message"]["text"] == "21日です"
    assert second["previous_message"]["text"] == "20日です"


async def test_point_4_edits_deletions_and_previews_of_people_come(
    slack: Slack,
) -> None:
    message = await slack.say("tanaka", "general", "https://example.com は?")
    await slack.edit(message, "@shirube https://example.com は？")
    await slack.unfurl(message)
    await slack.delete(message)

    subtypes = [event.get("subtype") for event in events_of(slack, "message")]
    assert subtypes == [None, "message_changed", "message_changed", "message_deleted"]
    unfurled = events_of(slack, "message")[2]
    assert unfurled["message"]["text"] == unfurled["previous_message"]["text"]
    assert not events_of(slack, "app_mention")


async def test_point_4_a_deleted_question_with_replies_leaves_a_tombstone(
    slack: Slack, client: AsyncWebClient
) -> None:
    question = await slack.say("tanaka", "general", "@shirube 休暇は?")
    await client.chat_postMessage(
        channel="CGENERAL", thread_ts=question.ts, text="20日です"
    )
    await slack.delete(question)

    event = events_of(slack, "message")[-1]
    assert event["subtype"] == "message_changed"
    assert event["message"]["subtype"] == "tombstone"
    assert event["previous_message"]["text"] == question.history[0].text


# -- 5: streams


async def test_point_5_a_stream_through_the_sdk(
    slack: Slack, client: AsyncWebClient
) -> None:
    question = await slack.say("tanaka", "general", "@shirube 休暇は?")
    stream = await client.chat_stream(
        channel="CGENERAL",
        thread_ts=question.ts,
        recipient_team_id="TSHIRUBE",
        recipient_user_id="UTANAKA",
        buffer_size=4,
    )
    await stream.append(markdown_text="年次有給休暇は")
    await stream.append(markdown_text="**20日**です🎉")
    [message] = slack.replies(question)
    assert message.reads == "年次有給休暇は**20日**です🎉"
    await stream.stop(markdown_text="[1]", blocks=[actions(button("もっと"))])

    assert [revision.made_by for revision in message.history] == [
        "chat.startStream",
        "chat.appendStream",
        "chat.stopStream",
    ]
    assert message.reads == "年次有給休暇は**20日**です🎉[1]\nもっと"
    sent = slack.calls_to("chat.startStream")[0].args
    assert sent["chunks"][0]["type"] == "markdown_text"
    assert "markdown_text" not in sent


async def test_point_5_a_stream_in_a_channel_needs_a_recipient(
    slack: Slack, client: AsyncWebClient
) -> None:
    question = await slack.say("tanaka", "general", "@shirube 休暇は?")
    start = client.chat_startStream

    assert (
        await error(start(channel="CGENERAL", thread_ts=question.ts))
        == "missing_recipient_team_id"
    )
    assert (
        await error(
            start(
                channel="CGENERAL", thread_ts=question.ts, recipient_team_id="TSHIRUBE"
            )
        )
        == "missing_recipient_user_id"
    )
    direct = await slack.say("tanaka", slack.dm("tanaka"), "休暇は?")
    assert (await start(channel=direct.channel, thread_ts=direct.ts))["ok"]


async def running_stream(slack: Slack, client: AsyncWebClient) -> Json:
    question = await slack.say("tanaka", slack.dm("tanaka"), "休暇は?")
    answer = await client.chat_startStream(
        channel=question.channel, thread_ts=question.ts
    )
    return {"channel": answer["channel"], "ts": answer["ts"]}


async def test_point_5_the_cap_counts_the_bytes_of_the_whole_stream(
    slack: Slack, client: AsyncWebClient
) -> None:
    stream = await running_stream(slack, client)
    append = client.chat_appendStream

    assert await error(append(**stream, markdown_text="x" * 12_001)) == "msg_too_long"
    stream = await running_stream(slack, client)
    await append(**stream, markdown_text="あ" * 3_900)
    await append(**stream, markdown_text="🎉" * 75)  # 11,700 + 300 bytes
    assert await error(append(**stream, markdown_text="い")) == "msg_too_long"
    assert await error(append(**stream, markdown_text="x")) == "msg_too_long"
    assert (await client.chat_stopStream(**stream))["ok"]


async def test_point_5_a_stream_ends_after_five_minutes(
    slack: Slack, client: AsyncWebClient
) -> None:
    stream = await running_stream(slack, client)
    await slack.clock.advance(STREAM_SECONDS - 1)
    await client.chat_appendStream(**stream, markdown_text="まだ")
    await slack.clock.advance(1)

    gone = "message_not_in_streaming_state"
    assert gone == await error(client.chat_appendStream(**stream, markdown_text="x"))
    assert gone == await error(client.chat_stopStream(**stream))
    assert (await client.chat_update(**stream, text="続き"))["ok"]


async def test_point_5_streaming_can_be_switched_off(
    slack: Slack, client: AsyncWebClient
) -> None:
    stream = await running_stream(slack, client)
    slack.platform.streaming = False

    for call in (
        client.chat_startStream(channel=stream["channel"], thread_ts=stream["ts"]),
        client.chat_appendStream(**stream, markdown_text="x"),
        client.chat_stopStream(**stream),
    ):
        assert await error(call) == "unknown_method"


# -- 6: lengths, blocks


async def test_point_6_an_update_takes_4000_bytes_after_escaping(
    slack: Slack, client: AsyncWebClient
) -> None:
    posted = await client.chat_postMessage(channel="CGENERAL", text="…")
    where = {"channel": "CGENERAL", "ts": posted["ts"]}

    await client.chat_update(**where, text="あ" * 1_333)
    assert await error(client.chat_update(**where, text="あ" * 1_334)) == "msg_too_long"
    await client.chat_update(**where, text="&" * 800)
    assert await error(client.chat_update(**where, text="&" * 801)) == "msg_too_long"
    await client.chat_update(**where, text="👩‍👩‍👧" * 222)
    assert await error(client.chat_update(**where, text="👩‍👩‍👧" * 223)) == (
        "msg_too_long"
    )
    assert slack.thread("general", posted["ts"])[0].text == "👩‍👩‍👧" * 222


async def test_point_6_an_update_without_blocks_removes_the_buttons(
    slack: Slack, client: AsyncWebClient
) -> None:
    blocks = [section("20日です", "answer"), actions(button("👍"))]
    posted = await client.chat_postMessage(
        channel="CGENERAL", text="20日です", blocks=blocks
    )
    where = {"channel": "CGENERAL", "ts": posted["ts"]}
    await client.chat_update(**where, text="21日です", blocks=blocks)
    assert slack.complaints == ["chat.update reuses block_id ['answer']"]

    await client.chat_update(**where, text="22日です")

    [message] = slack.thread("general", posted["ts"])
    assert message.blocks == []
    assert [len(revision.blocks) for revision in message.history] == [2, 2, 0]


@pytest.mark.parametrize(
    "blocks",
    [
        pytest.param([section("あ")] * 51, id="51 blocks"),
        pytest.param([section("あ" * 3_001)], id="section of 3,001"),
        pytest.param([section("")], id="empty section"),
        pytest.param(
            [{"type": "header", "text": {"type": "plain_text", "text": "見" * 151}}],
            id="header of 151",
        ),
        pytest.param(
            [{"type": "header", "text": {"type": "mrkdwn", "text": "見出し"}}],
            id="mrkdwn header",
        ),
        pytest.param([actions(button("押" * 76))], id="button of 76"),
        pytest.param([actions(*[button("押")] * 26)], id="26 buttons"),
        pytest.param([{"type": "answer_card"}], id="unknown type"),
        pytest.param(
            [{"type": "markdown", "text": "あ" * 6_001}] * 2, id="markdown of 12,002"
        ),
        pytest.param([section("あ", "x"), section("い", "x")], id="twice the same id"),
        pytest.param([actions({"type": "lever"})], id="unknown element"),
        pytest.param(
            [{"type": "table", "rows": [[{"type": "raw_text", "text": "1"}]] * 101}],
            id="101 rows",
        ),
    ],
)
async def test_point_6_blocks_that_slack_refuses(
    client: AsyncWebClient, blocks: list[Json]
) -> None:
    data = await refusal(
        client.chat_postMessage(channel="CGENERAL", text="答え", blocks=blocks)
    )

    assert data["error"] == "invalid_blocks"
    assert data["response_metadata"]["messages"][0].startswith("[ERROR] ")


async def test_point_6_blocks_at_their_limits_go_through(
    client: AsyncWebClient,
) -> None:
    header = {"type": "header", "text": {"type": "plain_text", "text": "見" * 150}}
    feedback = {
        "type": "feedback_buttons",
        "action_id": "verdict",
        "positive_button": {
            "text": {"type": "plain_text", "text": "👍"},
            "value": "good",
        },
        "negative_button": {
            "text": {"type": "plain_text", "text": "👎"},
            "value": "x" * 2_000,
        },
    }
    blocks = [
        header,
        section("あ" * 3_000),
        actions(*[button("押" * 75)] * 25),
        {"type": "context_actions", "elements": [feedback]},
        *[{"type": "divider"}] * 46,
    ]

    posted = await client.chat_postMessage(
        channel="CGENERAL", text="答え", blocks=blocks
    )

    assert posted["ok"]


async def test_point_6_all_blocks_together_hold_13200_characters(
    client: AsyncWebClient,
) -> None:
    post = client.chat_postMessage
    blocks = [section("あ" * 2_640)] * 5

    assert (await post(channel="CGENERAL", text="答え", blocks=blocks))["ok"]
    blocks = [*blocks, section("い")]
    assert (
        await error(post(channel="CGENERAL", text="答え", blocks=blocks))
        == "msg_blocks_too_long"
    )


# -- 7: response URLs, ephemeral messages, commands


async def test_point_7_a_response_url_has_five_uses(slack: Slack) -> None:
    delivery = await slack.command("tanaka", "secret", "/ask", "休暇は?")
    url = delivery.payload["response_url"]
    async with aiohttp.ClientSession() as session:
        for number in range(5):
            async with session.post(url, json={"text": f"{number}件目"}) as answer:
                assert (answer.status, await answer.text()) == (200, "ok")
        async with session.post(url, json={"text": "6件目"}) as answer:
            assert answer.status == 404
            assert (await answer.json())["error"] == "used_url"

    assert [m.text for m in slack.whispers("tanaka")] == [f"{n}件目" for n in range(5)]


async def test_point_7_a_response_url_lives_thirty_minutes(slack: Slack) -> None:
    delivery = await slack.command("tanaka", "general", "/ask")
    url = delivery.payload["response_url"]
    await slack.clock.advance(30 * 60)
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, json={"text": "遅い"}) as answer,
    ):
        assert (await answer.json())["error"] == "expired_url"


async def test_point_7_an_ephemeral_message_cannot_be_updated(
    slack: Slack, client: AsyncWebClient
) -> None:
    posted = await client.chat_postEphemeral(
        channel="CGENERAL", user="UTANAKA", text="あなただけに"
    )
    ts = posted["message_ts"]

    assert (
        await error(client.chat_update(channel="CGENERAL", ts=ts, text="変更"))
        == "message_not_found"
    )
    assert [message.ts for message in slack.whispers("tanaka")] == [ts]
    assert slack.thread("general", ts) == []


async def test_point_7_commands_do_not_work_in_threads(slack: Slack) -> None:
    question = await slack.say("tanaka", "general", "スレッド")

    with pytest.raises(NotPossible, match="not supported in threads"):
        await slack.command("tanaka", "general", "/ask", "休暇は?", thread=question)


async def test_point_7_the_ack_of_a_command_is_shown_to_its_author(
    slack: Slack, app: AsyncApp
) -> None:
    @app.command("/ask")
    async def ask(ack: Any, respond: Any, command: Json) -> None:
        await ack("受け付けました")
        await respond(f"「{command['text']}」の答え", response_type="in_channel")

    async with listening(slack, app):
        await slack.command("tanaka", "general", "/ask", "休暇 & 残業")
        await slack.until(lambda: slack.workspace.channel("general").messages)
        await slack.until(lambda: slack.whispers("tanaka"))

    assert [message.text for message in slack.whispers("tanaka")] == ["受け付けました"]
    [public] = slack.workspace.channel("general").messages.values()
    assert public.text == "「休暇 &amp; 残業」の答え"


# -- 8: tiers


async def test_point_8_one_budget_of_updates_for_all(
    slack: Slack, client: AsyncWebClient
) -> None:
    stamps = [
        (await client.chat_postMessage(channel=channel, text="…"))["ts"]
        for channel in ("CGENERAL", "CSOUMU")
    ]
    for number in range(50):
        place = number % 2
        await client.chat_update(
            channel=("CGENERAL", "CSOUMU")[place], ts=stamps[place], text=f"{number}"
        )
    await slack.clock.advance(20.5)
    with pytest.raises(SlackApiError) as refused:
        await client.chat_update(channel="CSOUMU", ts=stamps[1], text="51")

    response = refused.value.response
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "40"
    assert response["error"] == "ratelimited"
    await slack.clock.advance(40)
    await client.chat_update(channel="CSOUMU", ts=stamps[1], text="52")


async def test_point_8_about_one_message_a_second_and_channel(
    slack: Slack, client: AsyncWebClient
) -> None:
    async def post(channel: str) -> object:
        return await client.chat_postMessage(channel=channel, text="あ")

    for _ in range(5):
        await post("CGENERAL")
    assert await error(post("CGENERAL")) == "ratelimited"
    await post("CSOUMU")
    await slack.clock.advance(5)
    await post("CGENERAL")


async def test_point_8_streams_and_sold_apps_have_budgets_of_their_own(
    slack: Slack, client: AsyncWebClient
) -> None:
    for _ in range(20):
        await running_stream(slack, client)
    with pytest.raises(SlackApiError, match="ratelimited"):
        await running_stream(slack, client)

    slack.tiers.distributed = True
    history = await client.conversations_history(channel="CGENERAL", limit=200)
    assert history["ok"]
    with pytest.raises(SlackApiError, match="ratelimited"):
        await client.conversations_history(channel="CGENERAL")


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

    async with listening(slack, app, ping_interval=0.05):
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
    async with listening(slack, app, ping_interval=0.05) as [client]:
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
        await client.views_open(trigger_id=payload["trigger_id"], view=MODAL)

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


MODAL = {
    "type": "modal",
    "callback_id": "reason",
    "title": {"type": "plain_text", "text": "理由"},
    "submit": {"type": "plain_text", "text": "送る"},
    "blocks": [
        {
            "type": "input",
            "block_id": "why",
            "label": {"type": "plain_text", "text": "どこが違いますか"},
            "element": {"type": "plain_text_input", "action_id": "text"},
        }
    ],
}


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


async def test_the_default_firm_is_served_at_once() -> None:
    """A whole fake starts and stops in a moment, or the suites would be slow."""
    started = time.monotonic()
    for _ in range(5):
        async with slack_server() as slack:
            assert slack.url.endswith("/api/")

    assert time.monotonic() - started < 3
