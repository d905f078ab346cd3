"""Points 1 to 4 of the fake: who may call, and what arrives how often."""

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes.slack import Slack
from tests.fakes.slack.kit import error, refusal
from tests.fakes.slack.listening import listening
from tests.fakes.slack.model import Json


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


async def test_point_4_the_mention_may_come_second(slack: Slack) -> None:
    slack.platform.mention_first = False
    await slack.say("tanaka", "general", "@shirube 休暇は?")

    kinds = [delivery.event["type"] for delivery in slack.courier.deliveries]
    assert kinds == ["message", "app_mention"]


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
