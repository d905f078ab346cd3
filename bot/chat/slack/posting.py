"""Sends to Slack: never twice by itself, never too often, only with the right to."""

import copy
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.chat.slack.quiet import quiet_logger
from bot.chat.slack.refusals import FAILURES, Denied, TooOften, meaning_of, refusal
from bot.core.errors import Unavailable
from bot.core.ports import Tenure

Json: TypeAlias = dict[str, Any]

SECONDS: Final = 10.0
"""How long Slack may take for a call."""

PAGE: Final = 200
"""Messages that Slack is asked for at once."""

PAGES: Final = 1_000

EVENT: Final = "shirube_answer"
"""The type of the metadata on every message of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a message shows; `text` is for notifications, and escaped."""

    text: str
    blocks: Sequence[Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """The thread in which an answer appears; a stream there is for one reader."""

    channel: str
    thread: str
    reader: str
    team: str


def posting_client(client: AsyncWebClient, /) -> AsyncWebClient:
    """Return the same client, but one that sends nothing a second time by itself.

    The default repeats a POST whose connection broke, and two messages stand there.
    """
    same = copy.copy(client)
    same.retry_handlers = []
    return same


class Posting:
    """What the bot writes in one workspace, all of it by this.

    Every call is made within the tenure and so raises `Conflict` where that is over.
    A method that Slack wants to be called less often is left alone for as long.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        tenure: Tenure,
        /,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = posting_client(client)
        self._tenure = tenure
        self._clock = clock
        self._held: dict[str, float] = {}

    # --- messages ------------------------------------------------------------------

    async def post(self, spot: Spot, content: Content, /, *, mark: Json) -> str:
        """Post a message into a thread and return its id."""
        return await self._post(spot.channel, content, mark, thread_ts=spot.thread)

    async def open(self, channel: str, content: Content, /, *, mark: Json) -> str:
        """Post a message that opens a thread and return its id."""
        return await self._post(channel, content, mark)

    async def _post(
        self, channel: str, content: Content, mark: Json, **more: str
    ) -> str:
        answer = await self._call(
            self._client.chat_postMessage,
            channel=channel,
            text=content.text,
            blocks=content.blocks,
            metadata=mark,
            parse="none",
            link_names=False,
            unfurl_links=False,
            unfurl_media=False,
            **more,
        )
        return str(answer["ts"])

    async def update(
        self, channel: str, ts: str, content: Content, /, *, mark: Json
    ) -> None:
        """Have a message show something else, all of it."""
        await self._call(
            self._client.chat_update,
            channel=channel,
            ts=ts,
            text=content.text,
            blocks=content.blocks,
            metadata=mark,
            parse="none",
            link_names=False,
        )

    async def delete(self, channel: str, ts: str, /) -> None:
        """Take a message of ours away."""
        await self._call(self._client.chat_delete, channel=channel, ts=ts)

    # --- streams ---------------------------------------------------------------------

    async def start(
        self,
        spot: Spot,
        markdown: str,
        /,
        *,
        blocks: Sequence[Json],
        cards: Sequence[Json] = (),
    ) -> str:
        """Begin to stream a message and return its id; `cards` stand above the text."""
        chunks: list[Json] = [*cards, _markdown(markdown)]
        if blocks:
            chunks.append({"type": "blocks", "blocks": list(blocks)})
        answer = await self._call(
            self._client.chat_startStream,
            channel=spot.channel,
            thread_ts=spot.thread,
            recipient_user_id=spot.reader,
            recipient_team_id=spot.team,
            chunks=chunks,
        )
        return str(answer["ts"])

    async def append(self, channel: str, ts: str, markdown: str, /) -> None:
        """Add to a stream."""
        await self._call(
            self._client.chat_appendStream,
            channel=channel,
            ts=ts,
            chunks=[_markdown(markdown)],
        )

    async def stop(self, channel: str, ts: str, /, *, markdown: str = "") -> None:
        """End a stream."""
        more = {"chunks": [_markdown(markdown)]} if markdown else {}
        await self._call(self._client.chat_stopStream, channel=channel, ts=ts, **more)

    # --- signs -----------------------------------------------------------------------

    async def status(self, spot: Spot, text: str, /, *, loading: Sequence[str]) -> None:
        """Say below a thread what the bot does; nothing at all when `text` is empty."""
        more = {"loading_messages": list(loading)} if loading else {}
        await self._call(
            self._client.assistant_threads_setStatus,
            channel_id=spot.channel,
            thread_ts=spot.thread,
            status=text,
            **more,
        )

    async def session(self, spot: Spot, status: str, /) -> bool:
        """Say whether the agent works there; true if people can stop it by that."""
        answer = await self._call(
            self._client.agents_sessions_setStatus,
            channel_id=spot.channel,
            thread_ts=spot.thread,
            status=status,
        )
        return "warning" not in answer

    # --- for one person --------------------------------------------------------------

    async def window(self, trigger: str, view: Json, /) -> None:
        """Open a window for who pressed a button; the trigger does it once, for 3 s."""
        await self._call(self._client.views_open, trigger_id=trigger, view=view)

    async def publish(self, user: str, view: Json, /) -> None:
        """Have somebody's Home tab show this."""
        await self._call(self._client.views_publish, user_id=user, view=view)

    async def suggest(
        self, channel: str, prompts: Mapping[str, str], /, *, title: str
    ) -> None:
        """Suggest what to ask in somebody's conversation with us, four at most."""
        await self._call(
            self._client.assistant_threads_setSuggestedPrompts,
            channel_id=channel,
            title=title,
            prompts=[
                {"title": name, "message": message} for name, message in prompts.items()
            ],
        )

    async def whisper(
        self, channel: str, content: Content, /, *, to: str, thread: str | None
    ) -> None:
        """Say something that one person alone sees, until a reload."""
        more = {"thread_ts": thread} if thread else {}
        await self._call(
            self._client.chat_postEphemeral,
            channel=channel,
            user=to,
            text=content.text,
            blocks=content.blocks,
            parse="none",
            link_names=False,
            **more,
        )

    # --- what is there ---------------------------------------------------------------

    async def direct(self, user: str, /) -> str:
        """Open the conversation with a person and return its channel."""
        answer = await self._call(self._client.conversations_open, users=user)
        return str(answer["channel"]["id"])

    async def since(
        self,
        channel: str,
        oldest: str,
        /,
        *,
        thread: str | None = None,
        pages: int = PAGES,
    ) -> list[Json]:
        """Return the messages of a thread, or of a channel, after a moment.

        They come in pages, those of a thread from its beginning and with its first
        message on each.
        """
        method: Callable[..., Awaitable[Any]] = self._client.conversations_history
        arguments: Json = {"channel": channel, "oldest": oldest, "limit": PAGE}
        if thread is not None:
            method, arguments["ts"] = self._client.conversations_replies, thread
        found: list[Json] = []
        cursor: str | None = None
        for _ in range(pages):
            answer = await self._call(
                method, cursor=cursor, include_all_metadata=True, **arguments
            )
            found += answer["messages"]
            cursor = answer.get("response_metadata", {}).get("next_cursor", "")
            if not cursor:
                break
        return found

    async def respond(self, url: str, content: Content, /) -> None:
        """Whisper to who gave a command; Slack takes five within half an hour."""
        whisper = AsyncWebhookClient(
            url,
            ssl=self._client.ssl,
            proxy=self._client.proxy,
            session=self._client.session,
            logger=quiet_logger(),
            retry_handlers=[],
        )
        self._require_free("respond")
        try:
            async with self._tenure.sending(SECONDS):
                answer = await whisper.send(
                    text=content.text,
                    blocks=content.blocks,
                    response_type="ephemeral",
                    replace_original=False,
                    unfurl_links=False,
                    unfurl_media=False,
                )
        except FAILURES as error:
            raise self._heeded("respond", meaning_of(error)) from error
        if answer.status_code != HTTPStatus.OK:
            raise self._heeded("respond", refusal(answer))

    # --- how calls go -----------------------------------------------------------------

    async def _call(
        self, method: Callable[..., Awaitable[Any]], **arguments: object
    ) -> Json:
        name = method.__name__
        self._require_free(name)
        try:
            async with self._tenure.sending(SECONDS):
                answer = await method(**arguments)
        except FAILURES as error:
            raise self._heeded(name, meaning_of(error)) from error
        return dict(answer.data)

    def _heeded(self, name: str, refusal: Denied | Unavailable) -> Denied | Unavailable:
        if isinstance(refusal, TooOften):
            self._held[name] = self._clock() + (refusal.retry_after or 0.0)
        return refusal

    def _require_free(self, name: str) -> None:
        wait = self._held.get(name, 0.0) - self._clock()
        if wait > 0:
            raise TooOften("Slack wants this call less often", retry_after=wait)


def mark(question: str, part: str, /) -> Json:
    """Return the metadata of a message, by which it is found again."""
    payload = {"question": question, "part": part}
    return {"event_type": EVENT, "event_payload": payload}


def marked(message: Mapping[str, Any], /) -> tuple[str, str] | None:
    """Return the question that a message of ours belongs to, and as what."""
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT:
        return None
    payload = metadata.get("event_payload") or {}
    return str(payload.get("question")), str(payload.get("part"))


def _markdown(text: str) -> Json:
    return {"type": "markdown_text", "text": text}
