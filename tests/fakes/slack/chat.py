"""The methods that post, change and delete messages."""

from tests.fakes.slack import posting, shapes, streams
from tests.fakes.slack.asking import (
    channel_of,
    flag,
    listed,
    metadata_of,
    required,
    thread_of,
    user_of,
)
from tests.fakes.slack.blocks import check_message
from tests.fakes.slack.limits import (
    POST_TEXT_ADVISED_BYTES,
    POST_TEXT_CHARACTERS,
    STREAM_CALL_CHARACTERS,
    UPDATE_TEXT_BYTES,
    Refusal,
    size,
    stored,
)
from tests.fakes.slack.model import Channel, Json, Message
from tests.fakes.slack.platform import Call, Platform


async def post(platform: Platform, call: Call) -> Json:
    """chat.postMessage."""
    where = channel_of(platform, call, posting_to=True)
    text, blocks = _content(platform, call)
    thread_ts = thread_of(platform, where, call.args)
    _seconds_apart(platform, where)
    message = posting.new_message(
        platform, where, platform.bot, text, blocks=blocks, thread_ts=thread_ts
    )
    message.broadcast = flag(call.args, "reply_broadcast")
    message.metadata = metadata_of(call.args)
    message.unfurl_links = _switch(call.args, "unfurl_links")
    message.unfurl_media = _switch(call.args, "unfurl_media")
    await posting.post(platform, message, made_by=call.method)
    shown = shapes.message(platform, message)
    return {"channel": where.id, "ts": message.ts, "message": shown}


async def post_ephemeral(platform: Platform, call: Call) -> Json:
    """chat.postEphemeral."""
    where = channel_of(platform, call, posting_to=True)
    user = user_of(platform, call.args)
    if user.id not in where.members:
        raise Refusal("user_not_in_channel")
    text, blocks = _content(platform, call)
    message = posting.new_message(
        platform,
        where,
        platform.bot,
        text,
        blocks=blocks,
        thread_ts=thread_of(platform, where, call.args),
    )
    message.ephemeral_to = user.id
    platform.workspace.ephemerals.append(message)
    posting.keep(platform, message, call.method)
    return {"message_ts": message.ts}


async def update(platform: Platform, call: Call) -> Json:
    """chat.update: without blocks the old blocks go, buttons and all."""
    where = channel_of(platform, call, posting_to=True)
    message = _own(platform, where, call.args, "cant_update_message")
    if message.stream is not None and not streams.expired(platform, message.stream):
        raise Refusal("streaming_state_conflict")
    text = str(call.args.get("text") or "")
    if size(text) > UPDATE_TEXT_BYTES:
        raise Refusal("msg_too_long")
    text, blocks = _content(platform, call, known=stored(text))
    reused = posting.explicit_ids(message.blocks) & posting.explicit_ids(blocks)
    if reused:
        platform.complain(f"chat.update reuses block_id {sorted(reused)}")
    message.stream = None
    message.metadata = metadata_of(call.args) or message.metadata
    await posting.change(
        platform,
        message,
        made_by=call.method,
        text=text or message.text,
        blocks=posting.with_ids(platform.workspace.new_ts(0), blocks),
    )
    shown = shapes.message(platform, message)
    return {
        "channel": where.id,
        "ts": message.ts,
        "text": message.text,
        "message": shown,
    }


async def delete(platform: Platform, call: Call) -> Json:
    """chat.delete."""
    where = channel_of(platform, call, posting_to=True)
    message = _own(platform, where, call.args, "cant_delete_message")
    await posting.delete(platform, message)
    return {"channel": where.id, "ts": message.ts}


async def permalink(platform: Platform, call: Call) -> Json:
    """chat.getPermalink."""
    where = channel_of(platform, call)
    ts = required(call.args, "message_ts")
    message = platform.workspace.message(where, ts)
    domain = platform.workspace.team.domain
    link = f"https://{domain}.slack.com/archives/{where.id}/p{ts.replace('.', '')}"
    if message.thread_ts:
        link += f"?thread_ts={message.thread_ts}&cid={where.id}"
    return {"channel": where.id, "permalink": link}


def _content(
    platform: Platform, call: Call, *, known: str | None = None
) -> tuple[str, list[Json]]:
    blocks = check_message(listed(call.args, "blocks"))
    text = stored(str(call.args.get("text") or "")) if known is None else known
    markdown = str(call.args.get("markdown_text") or "")
    if markdown and (text or blocks):
        raise Refusal("markdown_text_conflict")
    if len(markdown) > STREAM_CALL_CHARACTERS:
        raise Refusal("msg_too_long")
    if markdown:
        return markdown, [{"type": "markdown", "text": markdown}]
    if not text and not blocks and not call.args.get("attachments"):
        raise Refusal("no_text")
    if not text:
        platform.complain(f"{call.method} has blocks but no text for notifications")
    if flag(call.args, "link_names") or call.args.get("parse") == "full":
        platform.complain(f"{call.method} lets Slack make mentions of plain names")
    return _shortened(platform, call, text), blocks


def _shortened(platform: Platform, call: Call, text: str) -> str:
    if size(text) > POST_TEXT_ADVISED_BYTES:
        platform.complain(f"{call.method} has a text of over 4,000 bytes")
    return text[:POST_TEXT_CHARACTERS]


def _seconds_apart(platform: Platform, where: Channel) -> None:
    wait = platform.tiers.wait_to_post(where.id)
    if wait:
        raise Refusal("ratelimited", retry_after=wait)


def _own(platform: Platform, where: Channel, args: Json, otherwise: str) -> Message:
    message = platform.workspace.message(where, required(args, "ts"))
    if message.user != platform.bot.id or message.tombstone:
        raise Refusal(otherwise)
    return message


def _switch(args: Json, name: str) -> bool | None:
    return flag(args, name) if name in args else None
