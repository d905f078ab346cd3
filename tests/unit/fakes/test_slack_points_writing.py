"""Points 5 to 8 of the fake: streams, lengths, response URLs, budgets."""

from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes.slack import Slack
from tests.fakes.slack.kit import (
    actions,
    button,
    error,
    refusal,
    section,
    verdict,
)
from tests.fakes.slack.limits import STREAM_SECONDS
from tests.fakes.slack.listening import listening
from tests.fakes.slack.model import Json
from tests.fakes.slack.speaking import NotPossible


def events_of(slack: Slack, kind: str) -> list[Json]:
    return [delivery.event for delivery in slack.deliveries_of(kind)]


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


async def test_point_5_a_recipient_of_another_team_is_a_complaint(
    slack: Slack, client: AsyncWebClient
) -> None:
    question = await slack.say("partner", "with-partner", "@shirube 休暇は?")
    await client.chat_startStream(
        channel=question.channel,
        thread_ts=question.ts,
        recipient_team_id="TSHIRUBE",
        recipient_user_id="UPARTNER",
    )

    assert slack.complaints == [
        "recipient_team_id is not the team of recipient_user_id"
    ]


async def running_stream(slack: Slack, client: AsyncWebClient) -> Json:
    question = await slack.say("tanaka", slack.dm("tanaka"), "休暇は?")
    answer = await client.chat_startStream(
        channel=question.channel, thread_ts=question.ts
    )
    return {"channel": answer["channel"], "ts": answer["ts"]}


TASK: Json = {
    "type": "task_update",
    "id": "search",
    "title": "資料を検索",
    "status": "complete",
}


@pytest.mark.parametrize(
    "chunk",
    [
        pytest.param({"type": "task_update", "id": "a", "title": "検索"}, id="status"),
        pytest.param(TASK | {"status": "done"}, id="unknown status"),
        pytest.param(TASK | {"title": ""}, id="empty title"),
        pytest.param(TASK | {"text": "資料"}, id="unknown field"),
        pytest.param(TASK | {"sources": [{"type": "url"}]}, id="source without url"),
        pytest.param({"type": "plan_update"}, id="plan without title"),
        pytest.param({"type": "markdown_text"}, id="text without text"),
        pytest.param({"type": "progress", "title": "検索"}, id="unknown type"),
    ],
)
async def test_point_5_a_chunk_that_says_something_wrongly_is_refused(
    slack: Slack, client: AsyncWebClient, chunk: Json
) -> None:
    stream = await running_stream(slack, client)

    told = await error(client.chat_appendStream(**stream, chunks=[chunk]))

    assert told == "invalid_chunks"
    assert (await client.chat_appendStream(**stream, chunks=[TASK]))["ok"]


async def test_point_5_tasks_stand_above_the_text_also_when_the_stream_has_ended(
    slack: Slack, client: AsyncWebClient
) -> None:
    stream = await running_stream(slack, client)
    working = TASK | {"status": "in_progress"}
    await client.chat_appendStream(**stream, chunks=[working])
    await client.chat_appendStream(**stream, chunks=[TASK], markdown_text="20日です")
    await client.chat_stopStream(**stream)

    [*_, message] = slack.dm("tanaka").threads.popitem()[1]
    card, text = message.blocks
    assert (card["type"], card["title"]) == ("task_card", "資料を検索")
    assert card["status"] == "complete"
    assert text["text"] == "20日です"


async def test_point_5_tasks_count_where_a_stream_is_full(
    slack: Slack, client: AsyncWebClient
) -> None:
    stream = await running_stream(slack, client)
    append = client.chat_appendStream
    await append(**stream, chunks=[TASK | {"details": "あ" * 100}])

    assert await error(append(**stream, markdown_text="x" * 11_800)) == "msg_too_long"


async def test_point_5_a_stream_has_fifty_blocks_by_chunks(
    slack: Slack, client: AsyncWebClient
) -> None:
    stream = await running_stream(slack, client)
    tasks = [TASK | {"id": f"t{number}"} for number in range(50)]
    await client.chat_appendStream(**stream, chunks=tasks)

    more = client.chat_appendStream(**stream, chunks=[TASK | {"id": "一つ多い"}])
    assert await error(more) == "invalid_blocks"


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
    blocks = [
        header,
        section("あ" * 3_000),
        actions(*[button("押" * 75)] * 25),
        verdict(negative="x" * 2_000),
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
