"""What people do in the fake Slack: clicks, modals, Home, and what they see."""

from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes.slack import Slack
from tests.fakes.slack.kit import actions, button, error, modal, section, verdict
from tests.fakes.slack.listening import listening
from tests.fakes.slack.model import Json
from tests.fakes.slack.speaking import NotPossible

SAID = {"why": {"text": {"type": "plain_text_input", "value": "古い規程です"}}}


async def answered(client: AsyncWebClient, slack: Slack) -> Any:
    question = await slack.say("tanaka", "general", "@shirube 休暇は?")
    await client.chat_postMessage(
        channel=question.channel,
        thread_ts=question.ts,
        text="20日です",
        blocks=[verdict()],
        unfurl_links=False,
        unfurl_media=False,
    )
    return slack.replies(question)[0]


# -- clicks and modals


async def test_a_verdict_with_its_reason(slack: Slack, app: AsyncApp) -> None:
    heard: list[Any] = []

    @app.action("verdict")
    async def judged(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        heard.append(body["actions"][0]["value"])
        await client.views_open(trigger_id=body["trigger_id"], view=modal())

    @app.view("reason")
    async def reason(ack: Any, view: Json) -> None:
        await ack()
        heard.append(view["state"]["values"]["why"]["text"]["value"])

    async with listening(slack, app):
        answer = await answered(app.client, slack)
        await slack.click("sato", answer, "verdict", value="bad")
        shown = await slack.until(lambda: slack.modal("sato"))
        assert shown.content["title"]["text"] == "理由"
        await slack.submit("sato", SAID)
        await slack.until(lambda: slack.modal("sato") is None)

    assert heard == ["bad", "古い規程です"]
    clicked = slack.deliveries_of("block_actions")[0].payload
    assert clicked["container"]["thread_ts"] == answer.thread_ts
    assert clicked["message"]["text"] == "20日です"


async def test_a_modal_stays_with_errors_and_stacks_up_to_three(
    slack: Slack, app: AsyncApp
) -> None:
    answers: list[Json] = [
        {"response_action": "errors", "errors": {"why": "短すぎます"}},
        {"response_action": "push", "view": modal()},
        {"response_action": "update", "view": {**modal(), "callback_id": "done"}},
        {"response_action": "clear"},
    ]

    @app.view("reason")
    @app.view("done")
    async def reason(ack: Any) -> None:
        await ack(**answers.pop(0))

    delivery = await slack.command("tanaka", "general", "/ask")
    trigger = delivery.payload["trigger_id"]
    await app.client.views_open(trigger_id=trigger, view=modal())
    first = slack.modal("tanaka")
    async with listening(slack, app):

        async def submit() -> Any:
            sent = await slack.submit("tanaka", SAID)
            await slack.until(lambda: sent.acked)
            return slack.modal("tanaka")

        assert await submit() is first
        second = await submit()
        assert second is not first
        assert second.previous == first.id if first else False
        assert (await submit()).content["callback_id"] == "done"
        assert await submit() is None


async def test_a_trigger_is_good_once_and_for_three_seconds(
    slack: Slack, client: AsyncWebClient
) -> None:
    async def trigger() -> str:
        delivery = await slack.command("tanaka", "general", "/ask")
        return str(delivery.payload["trigger_id"])

    used = await trigger()
    await client.views_open(trigger_id=used, view=modal())
    late = await trigger()
    await slack.clock.advance(3)

    async def opened(trigger_id: str) -> str:
        return await error(client.views_open(trigger_id=trigger_id, view=modal()))

    assert await opened(used) == "exchanged_trigger_id"
    assert await opened(late) == "expired_trigger_id"
    assert await opened("unknown") == "invalid_trigger_id"


async def test_views_are_checked_and_updated_by_hash(
    slack: Slack, client: AsyncWebClient
) -> None:
    delivery = await slack.command("tanaka", "general", "/ask")
    long = {**modal(), "title": {"type": "plain_text", "text": "あ" * 25}}
    trigger = delivery.payload["trigger_id"]
    assert (
        await error(client.views_open(trigger_id=trigger, view=long))
        == "invalid_arguments"
    )
    opened = (await client.views_open(trigger_id=trigger, view=modal()))["view"]
    update = client.views_update
    await update(view_id=opened["id"], hash=opened["hash"], view=modal())

    assert (
        await error(update(view_id=opened["id"], hash=opened["hash"], view=modal()))
        == "hash_conflict"
    )
    markdown = {**modal(), "blocks": [{"type": "markdown", "text": "# 見出し"}]}
    assert (
        await error(
            client.views_publish(user_id="UTANAKA", view={**markdown, "type": "home"})
        )
        == "invalid_arguments"
    )


async def test_a_home_tab_is_shown_and_clicked(slack: Slack, app: AsyncApp) -> None:
    heard: list[str] = []
    blocks = [actions(button("もう一度", "again", value="q1"))]
    home = {"type": "home", "blocks": blocks}

    @app.action("again")
    async def again(ack: Any, action: Json) -> None:
        await ack()
        heard.append(action["value"])

    await app.client.views_publish(user_id="UTANAKA", view=home)
    async with listening(slack, app):
        shown = slack.home("tanaka")
        assert shown is not None
        await slack.click("tanaka", shown, "again")
        await slack.until(lambda: heard)

    assert heard == ["q1"]
    assert slack.home("sato") is None


async def test_an_ephemeral_message_is_replaced_through_its_response_url(
    slack: Slack, app: AsyncApp
) -> None:
    @app.action("share")
    async def share(ack: Any, respond: Any, body: Json) -> None:
        await ack()
        assert "message" not in body
        await respond("共有しました", replace_original=True)

    await app.client.chat_postEphemeral(
        channel="CGENERAL",
        user="UTANAKA",
        text="答え",
        blocks=[actions(button("共有", "share"))],
    )
    [whisper] = slack.whispers("tanaka")
    with pytest.raises(NotPossible):
        await slack.click("sato", whisper, "share")
    async with listening(slack, app):
        delivery = await slack.click("tanaka", whisper, "share")
        await slack.until(lambda: whisper.text == "共有しました" and delivery.acked)

    assert [m.text for m in slack.whispers("tanaka")] == ["共有しました"]


# -- what people see the bot doing


async def test_a_status_goes_with_the_answer_or_after_two_minutes(
    slack: Slack, client: AsyncWebClient
) -> None:
    question = await slack.say("tanaka", "general", "@shirube 休暇は?")
    thread: Json = {"channel_id": "CGENERAL", "thread_ts": question.ts}
    show = client.assistant_threads_setStatus
    await show(**thread, status="社内文書を検索しています…", loading_messages=["少々"])
    assert slack.status(question) == "社内文書を検索しています…"
    await slack.clock.advance(119)
    assert slack.status(question)
    await slack.clock.advance(1)
    assert slack.status(question) == ""

    await show(**thread, status="考えています…")
    await client.chat_postMessage(
        channel="CGENERAL", thread_ts=question.ts, text="20日です"
    )
    assert slack.status(question) == ""
    assert [status.text[:2] for status in slack.statuses] == ["社内", "考え"]
    assert await error(show(**thread, status="あ" * 51)) == "invalid_arguments"


async def test_suggested_prompts_are_four_at_most(
    slack: Slack, client: AsyncWebClient
) -> None:
    prompt = {"title": "休暇", "message": "休暇は何日ですか?"}
    direct = slack.dm("tanaka").id
    show = client.assistant_threads_setSuggestedPrompts
    await show(channel_id=direct, prompts=[prompt])

    assert slack.platform.prompts[direct]["prompts"] == [prompt]
    assert (
        await error(show(channel_id=direct, prompts=[prompt] * 5))
        == "invalid_arguments"
    )


async def test_whispers_are_lost_on_reload_and_unseen_in_quiet_threads(
    slack: Slack, client: AsyncWebClient
) -> None:
    question = await slack.say("tanaka", "general", "@shirube 休暇は?")

    async def whisper(text: str, thread_ts: str | None) -> None:
        await client.chat_postEphemeral(
            channel="CGENERAL", user="UTANAKA", text=text, thread_ts=thread_ts
        )

    await whisper("スレッドがない", question.ts)
    await slack.say("sato", "general", "20日かな", thread=question)
    await whisper("スレッドがある", question.ts)
    await whisper("チャンネル", None)

    assert [m.text for m in slack.whispers("tanaka")] == [
        "スレッドがある",
        "チャンネル",
    ]
    slack.reload("tanaka")
    assert slack.whispers("tanaka") == []


async def test_pings_and_links_are_found_wherever_they_hide(
    slack: Slack, client: AsyncWebClient
) -> None:
    link = button("出典") | {"url": "https://evil.example/b"}
    await client.chat_postMessage(
        channel="CGENERAL",
        text="<!channel> <https://evil.example/a|社内> &lt;!here&gt;",
        blocks=[
            section("<@UTANAKA> さん"),
            {"type": "markdown", "text": "[規程](https://evil.example/c)"},
            actions(link),
        ],
        link_names=True,
    )
    [message] = slack.workspace.channel("general").messages.values()

    assert slack.pings(message) == ["!channel", "@UTANAKA"]
    assert slack.links(message) == [
        f"https://evil.example/{page}" for page in ("a", "c", "b")
    ]
    assert slack.complaints == [
        "chat.postMessage lets Slack make mentions of plain names"
    ]
    assert "evil.example/b" in slack.outbound()


async def test_long_posts_are_cut_and_complained_about(
    slack: Slack, client: AsyncWebClient
) -> None:
    await client.chat_postMessage(channel="CGENERAL", text="あ" * 40_001)

    [message] = slack.workspace.channel("general").messages.values()
    assert message.text == "あ" * 40_000
    assert slack.complaints == ["chat.postMessage has a text of over 4,000 bytes"]


async def test_previews_are_forbidden_in_posts_but_not_in_streams(
    slack: Slack, client: AsyncWebClient
) -> None:
    text = "規程は https://wiki.example/kitei にあります"
    await answered(client, slack)
    quiet = await client.chat_postMessage(
        channel="CGENERAL", text=text, unfurl_links=False, unfurl_media=False
    )
    loud = await client.chat_postMessage(channel="CGENERAL", text=text)
    question = await slack.say("tanaka", slack.dm("tanaka"), "規程は?")
    await client.chat_startStream(
        channel=question.channel, thread_ts=question.ts, markdown_text=text
    )

    [first], [second] = (slack.thread("general", m["ts"]) for m in (quiet, loud))
    assert first.unfurl_links is False
    assert slack.previews(first) == []
    assert slack.previews(second) == ["https://wiki.example/kitei"]
    [streamed] = slack.replies(question)
    assert slack.previews(streamed) == ["https://wiki.example/kitei"]
