"""What apps read in the fake Slack, and what they hear by their manifest."""

from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes.slack import Clock, Slack, slack_server
from tests.fakes.slack.kit import error
from tests.fakes.slack.listening import listening
from tests.fakes.slack.model import Json
from tests.fakes.slack.speaking import NotPossible

# -- reading


async def test_threads_are_read_by_pages_with_the_parent_on_each(
    slack: Slack, client: AsyncWebClient
) -> None:
    question = await slack.say("tanaka", "general", "長い話")
    for number in range(5):
        await slack.say("sato", "general", f"{number}番", thread=question)

    async def page(cursor: str = "") -> Any:
        return await client.conversations_replies(
            channel="CGENERAL", ts=question.ts, limit=2, cursor=cursor
        )

    first = await page()
    second = await page(first["response_metadata"]["next_cursor"])
    history = await client.conversations_history(channel="CGENERAL")

    assert [m["text"] for m in first["messages"]] == ["長い話", "0番", "1番"]
    assert [m["text"] for m in second["messages"]] == ["長い話", "2番", "3番"]
    assert first["has_more"]
    assert first["messages"][0]["reply_count"] == 5
    assert first["messages"][1]["parent_user_id"] == "UTANAKA"
    assert [m["text"] for m in history["messages"]] == ["長い話"]


async def test_a_reply_to_a_deleted_message_finds_no_thread(
    slack: Slack, client: AsyncWebClient
) -> None:
    question = await slack.say("tanaka", "general", "@shirube 休暇は?")
    await slack.delete(question)
    where: Json = {"channel": "CGENERAL", "thread_ts": question.ts}

    assert (
        await error(client.chat_postMessage(**where, text="20日です"))
        == "thread_not_found"
    )
    assert (
        await error(client.conversations_replies(channel="CGENERAL", ts=question.ts))
        == "thread_not_found"
    )


async def test_an_answer_under_a_reply_is_a_complaint(
    slack: Slack, client: AsyncWebClient
) -> None:
    question = await slack.say("tanaka", "general", "長い話")
    reply = await slack.say("sato", "general", "@shirube ?", thread=question)
    await client.chat_postMessage(channel="CGENERAL", thread_ts=reply.ts, text="はい")

    assert slack.complaints == [f"thread_ts {reply.ts} is a reply's, not its parent's"]
    assert slack.replies(question) == []


async def test_metadata_is_read_only_by_those_who_ask_for_it(
    slack: Slack, client: AsyncWebClient
) -> None:
    metadata = {"event_type": "answer", "event_payload": {"id": "回答1"}}
    post = client.chat_postMessage
    await post(channel="CGENERAL", text="20日です", metadata=metadata)
    history = client.conversations_history

    [quiet] = (await history(channel="CGENERAL"))["messages"]
    [full] = (await history(channel="CGENERAL", include_all_metadata=True))["messages"]
    assert "metadata" not in quiet
    assert "metadata" not in slack.courier.deliveries[0].event
    assert full["metadata"] == metadata
    assert (
        await error(post(channel="CGENERAL", text="20日です", metadata={"id": "回答1"}))
        == "invalid_metadata_format"
    )


async def test_answers_carry_the_time_of_the_fake() -> None:
    async with slack_server(clock=Clock(start=1_790_000_000)) as slack:
        client = AsyncWebClient(token=slack.bot_token, base_url=slack.url)
        answer = await client.auth_test()

    assert answer.headers["Date"] == "Mon, 21 Sep 2026 14:13:20 GMT"
    assert "chat:write" in answer.headers["X-OAuth-Scopes"].split(",")


async def test_people_groups_and_conversations_are_read(
    slack: Slack, client: AsyncWebClient
) -> None:
    groups = (await client.usergroups_list(include_users=True))["usergroups"]
    opened = (await client.conversations_open(users="UTANAKA"))["channel"]["id"]
    members = await client.conversations_members(channel="CWITHPARTNER", limit=3)
    permalink = await client.chat_getPermalink(
        channel="CGENERAL",
        message_ts=(await slack.say("tanaka", "general", "ここ")).ts,
    )
    mine = await client.users_conversations(types="public_channel,private_channel,im")

    assert [group["handle"] for group in groups] == ["soumu-team"]
    assert groups[0]["users"] == ["USATO", "UTANAKA"]
    assert opened == slack.dm("tanaka").id
    assert len(members["members"]) == 3
    assert members["response_metadata"]["next_cursor"]
    assert permalink["permalink"].startswith("https://shirube.slack.com/archives/C")
    names = {channel.get("name") for channel in mine["channels"]}
    assert "secret" not in names
    assert "jinji" in names
    assert (await client.team_info())["team"]["name"] == "株式会社しるべ"
    assert (await client.bots_info(bot="BDEPLOYBOT"))["bot"]["name"] == "deploy-bot"
    assert await error(client.conversations_open(users="UFORMER")) == "user_disabled"
    assert (
        await error(client.usergroups_users_list(usergroup="SNONE"))
        == "no_such_subteam"
    )


async def test_reactions_of_the_bot(slack: Slack, client: AsyncWebClient) -> None:
    message = await slack.say("tanaka", "general", "@shirube 休暇は?")
    where = {"channel": "CGENERAL", "timestamp": message.ts, "name": "eyes"}
    await client.reactions_add(**where)

    assert message.reactions == {"eyes": [slack.bot.id]}
    assert await error(client.reactions_add(**where)) == "already_reacted"
    await client.reactions_remove(**where)
    await slack.react("sato", message, "+1")
    await slack.unreact("sato", message, "+1")
    assert [d.event["type"] for d in slack.courier.deliveries][-2:] == [
        "reaction_added",
        "reaction_removed",
    ]


# -- the app as its manifest declares it


async def test_a_manifest_decides_what_the_app_hears_and_may() -> None:
    manifest = {
        "features": {"slash_commands": [{"command": "/ask", "description": "質問"}]},
        "oauth_config": {"scopes": {"bot": ["app_mentions:read", "chat:write"]}},
        "settings": {
            "socket_mode_enabled": True,
            "event_subscriptions": {"bot_events": ["app_mention", "message.channels"]},
        },
    }
    async with slack_server(manifest=manifest) as slack:
        client = AsyncWebClient(token=slack.bot_token, base_url=slack.url)
        question = await slack.say("tanaka", "general", "@shirube 休暇は?")
        kinds = [d.event["type"] for d in slack.courier.deliveries]

        assert kinds == ["app_mention"]
        assert await error(client.users_info(user="UTANAKA")) == "missing_scope"
        assert (
            await error(
                client.agents_sessions_setStatus(
                    status="active", channel_id="CGENERAL", thread_ts=question.ts
                )
            )
            == "not_allowed"
        )
        with pytest.raises(NotPossible):
            await slack.shortcut("tanaka", "ask_about", on=question)
        with pytest.raises(NotPossible):
            await slack.command("tanaka", "general", "/other")


async def test_people_write_only_where_they_are(slack: Slack) -> None:
    with pytest.raises(NotPossible):
        await slack.say("partner", "general", "見えますか")
    with pytest.raises(NotPossible):
        await slack.say("former", "general", "まだいます")
    with pytest.raises(LookupError, match="yamada"):
        await slack.say("yamada", "general", "誰?")
    await slack.invite("suzuki", "general")
    await slack.say("suzuki", "general", "参加しました")

    notice, joined, message = (d.event for d in slack.courier.deliveries)
    assert notice["subtype"] == "channel_join"
    assert joined["type"] == "member_joined_channel"
    assert message["user"] == "USUZUKI"


async def test_the_bot_hears_nothing_from_where_it_is_not(slack: Slack) -> None:
    await slack.say("tanaka", "secret", "@shirube 聞こえる?")
    await slack.say("tanaka", "random", "@shirube 聞こえる?")

    assert slack.courier.deliveries == []


async def test_a_delivery_can_be_repeated_after_its_ack(
    slack: Slack, app: AsyncApp
) -> None:
    heard: list[Json] = []

    @app.event("message")
    async def message(body: Json) -> None:
        heard.append(body["event_id"])

    async with listening(slack, app):
        await slack.say("tanaka", "general", "一度だけ")
        [delivery] = slack.courier.deliveries
        await slack.until(lambda: delivery.acked and heard)
        await slack.courier.again(delivery)
        await slack.until(lambda: delivery.acked and len(heard) == 2)

    assert heard[0] == heard[1]


async def test_an_event_of_an_unknown_shape_is_delivered(slack: Slack) -> None:
    await slack.odd_event("general", {"type": "message", "text": None, "ts": 17})

    assert slack.courier.deliveries[0].event["ts"] == 17


async def test_waiting_in_vain_says_what_was_called_last(
    slack: Slack, client: AsyncWebClient
) -> None:
    await client.auth_test()

    with pytest.raises(TimeoutError, match=r"auth\.test"):
        await slack.until(lambda: False, within=0.01)
