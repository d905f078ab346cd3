"""Native streaming: start, append, stop, with the caps that the bot has to survive."""

from tests.fakes.slack import events, posting, shapes
from tests.fakes.slack.asking import channel_of, listed, metadata_of, thread_of
from tests.fakes.slack.blocks import check_message
from tests.fakes.slack.chunks import (
    DISPLAYS,
    cards,
    carried,
    check_chunks,
    take_chunks,
)
from tests.fakes.slack.limits import (
    STREAM_CALL_CHARACTERS,
    STREAM_SECONDS,
    STREAM_TOTAL_BYTES,
    Refusal,
)
from tests.fakes.slack.model import Channel, Json, Kind, Message, Stream
from tests.fakes.slack.platform import Call, Platform, Session


async def start(platform: Platform, call: Call) -> Json:
    """chat.startStream."""
    _switched_on(platform)
    where = channel_of(platform, call, posting_to=True)
    thread_ts = thread_of(platform, where, call.args)
    if thread_ts is None and where.kind is Kind.DM:
        raise Refusal("invalid_thread_ts")
    if call.args.get("task_display_mode") not in DISPLAYS:
        raise Refusal("invalid_arguments")
    stream = Stream(started=platform.clock.now())
    _address(platform, where, call.args, stream)
    text, chunks = _read(call.args)
    message = posting.new_message(
        platform, where, platform.bot, "", thread_ts=thread_ts
    )
    message.stream = stream
    _take(stream, text, chunks)
    await posting.post(platform, message, made_by=call.method)
    return {"channel": where.id, "ts": message.ts}


async def append(platform: Platform, call: Call) -> Json:
    """chat.appendStream."""
    message, stream = _running(platform, call)
    text, chunks = _read(call.args)
    if not text and not chunks:
        raise Refusal("no_text")
    _take(stream, text, chunks)
    posting.keep(platform, message, call.method)
    return {"channel": message.channel, "ts": message.ts}


async def stop(platform: Platform, call: Call) -> Json:
    """chat.stopStream."""
    message, stream = _running(platform, call, stopping=True)
    blocks = check_message(listed(call.args, "blocks"))
    text, chunks = _read(call.args)
    before = shapes.message(platform, message)
    _take(stream, text, chunks)
    stream.ended_by = stream.ended_by or "app"
    message.text = stream.text
    final = [*cards(stream), *_markdown(stream), *stream.blocks, *blocks]
    message.blocks = posting.with_ids(message.ts, final)
    message.metadata = metadata_of(call.args)
    posting.keep(platform, message, call.method)
    if status := call.args.get("session_status", "active"):
        _settle(platform, message, status)
    await events.changed(platform, message, before)
    shown = shapes.message(platform, message)
    return {"channel": message.channel, "ts": message.ts, "message": shown}


def stopped_by(platform: Platform, where: Channel, thread_ts: str) -> list[str]:
    """End the streams of a thread because somebody pressed Stop."""
    running = [
        message
        for message in platform.workspace.thread(where, thread_ts)
        if message.stream is not None and not expired(platform, message.stream)
    ]
    for message in running:
        if message.stream is not None:
            message.stream.ended_by = "person"
    return [message.ts for message in running]


def _switched_on(platform: Platform) -> None:
    if not platform.streaming:
        raise Refusal("unknown_method")


def _running(
    platform: Platform, call: Call, *, stopping: bool = False
) -> tuple[Message, Stream]:
    _switched_on(platform)
    where = channel_of(platform, call, posting_to=True)
    message = platform.workspace.message(where, str(call.args.get("ts")))
    stream = message.stream
    if stream is None or message.user != platform.bot.id:
        raise Refusal("message_not_owned_by_app")
    if expired(platform, stream) and not (stopping and stream.ended_by == "person"):
        stopped = stream.ended_by == "person"
        raise Refusal(
            "stopped_by_user" if stopped else "message_not_in_streaming_state"
        )
    return message, stream


def expired(platform: Platform, stream: Stream) -> bool:
    """Whether a stream has ended, by whatever ended it; its time ends it here."""
    if not stream.ended_by and platform.clock.now() >= stream.started + STREAM_SECONDS:
        stream.ended_by = "time"
    return bool(stream.ended_by)


def _address(platform: Platform, where: Channel, args: Json, stream: Stream) -> None:
    stream.recipient_user = args.get("recipient_user_id")
    stream.recipient_team = args.get("recipient_team_id")
    if where.kind is not Kind.DM:
        if not stream.recipient_team:
            raise Refusal("missing_recipient_team_id")
        if not stream.recipient_user:
            raise Refusal("missing_recipient_user_id")
    if stream.recipient_team and stream.recipient_team not in platform.workspace.teams:
        raise Refusal("team_not_found")
    if stream.recipient_user and stream.recipient_user not in platform.workspace.users:
        raise Refusal("user_not_found")
    reader = platform.workspace.users.get(stream.recipient_user or "")
    if reader is not None and stream.recipient_team not in {None, reader.team}:
        platform.complain("recipient_team_id is not the team of recipient_user_id")


def _read(args: Json) -> tuple[str, list[Json]]:
    """Return all the text of a call, and the chunks that are something else."""
    chunks = listed(args, "chunks")
    texts = [str(args.get("markdown_text") or "")]
    others: list[Json] = []
    check_chunks(chunks)
    for chunk in chunks:
        if chunk["type"] == "markdown_text":
            texts.append(chunk["text"])
        else:
            others.append(chunk)
    text = "".join(texts)
    if len(text) > STREAM_CALL_CHARACTERS:
        raise Refusal("msg_too_long")
    return text, others


def _take(stream: Stream, text: str, chunks: list[Json]) -> None:
    size = len((stream.text + text).encode()) + carried(stream, chunks)
    if text and (stream.full or size > STREAM_TOTAL_BYTES):
        stream.full = True
        raise Refusal("msg_too_long")
    take_chunks(stream, chunks)
    stream.text += text


def _markdown(stream: Stream) -> list[Json]:
    return [{"type": "markdown", "text": stream.text}] if stream.text else []


def _settle(platform: Platform, message: Message, status: str) -> None:
    platform.showing.pop((message.channel, message.root), None)
    session = platform.sessions.get((message.channel, message.root))
    if session is not None:
        platform.sessions[message.channel, message.root] = Session(
            status=status, title=session.title
        )
