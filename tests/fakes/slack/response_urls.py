"""The addresses that come with commands and clicks: five uses, thirty minutes."""

from dataclasses import dataclass
from uuid import uuid4

from aiohttp import web

from tests.fakes.slack import posting
from tests.fakes.slack.blocks import check_message
from tests.fakes.slack.faults import suffer
from tests.fakes.slack.limits import Refusal, stored
from tests.fakes.slack.model import Channel, Json, Message, User
from tests.fakes.slack.platform import Platform

USES = 5
SECONDS = 30 * 60.0


@dataclass(slots=True, kw_only=True)
class ResponseUrl:
    """Where an answer to this person may go, and for how long."""

    url: str
    channel: Channel
    user: User
    expires: float
    source: Message | None = None
    left: int = USES


class ResponseUrls:
    """Makes and serves response URLs."""

    def __init__(self, platform: Platform) -> None:
        self.made: dict[str, ResponseUrl] = {}
        self.posts: list[Json] = []
        self._platform = platform

    def make(
        self, where: Channel, user: User, *, source: Message | None = None
    ) -> ResponseUrl:
        """Return a new address; `source` is the message that was clicked."""
        key = uuid4().hex
        team = self._platform.workspace.team.id
        base = self._platform.address_of("responses")
        made = ResponseUrl(
            url=f"{base}/actions/{team}/{key}",
            channel=where,
            user=user,
            expires=self._platform.clock.now() + SECONDS,
            source=source,
        )
        self.made[key] = made
        return made

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Take an answer, or say why not."""
        fault = self._platform.faults.take("response_url")
        return await suffer(fault, request, lambda: self._process(request))

    async def _process(self, request: web.Request) -> web.Response:
        payload = await request.json()
        self.posts.append(payload)
        try:
            address = self._usable(request.match_info["key"])
            await self._answer(address, payload)
        except Refusal as refusal:
            return web.json_response(
                {"ok": False, "error": refusal.error, **refusal.more},
                status=404 if refusal.error.endswith("_url") else 400,
            )
        finally:
            self._platform.notify()
        return web.Response(text="ok")

    def _usable(self, key: str) -> ResponseUrl:
        address = self.made.get(key)
        if address is None or self._platform.clock.now() >= address.expires:
            raise Refusal("expired_url")
        if address.left == 0:
            raise Refusal("used_url")
        return address

    async def _answer(self, address: ResponseUrl, payload: Json) -> None:
        blocks = check_message(payload.get("blocks") or [])
        text = stored(payload.get("text") or "")
        if payload.get("delete_original"):
            address.left -= 1
            await self._take_away(address)
            return
        if not text and not blocks:
            raise Refusal("no_text")
        address.left -= 1
        if payload.get("replace_original") and address.source is not None:
            await self._replace(address.source, text, blocks)
        else:
            await self._add(address, payload, text, blocks)

    async def _add(
        self, address: ResponseUrl, payload: Json, text: str, blocks: list[Json]
    ) -> None:
        message = posting.new_message(
            self._platform,
            address.channel,
            self._platform.bot,
            text,
            blocks=blocks,
            thread_ts=payload.get("thread_ts"),
        )
        if payload.get("response_type") == "in_channel":
            await posting.post(self._platform, message, made_by="response_url")
            return
        message.ephemeral_to = address.user.id
        self._platform.workspace.ephemerals.append(message)
        address.source = address.source or message
        posting.keep(self._platform, message, "response_url")

    async def _replace(self, source: Message, text: str, blocks: list[Json]) -> None:
        if source.ephemeral_to is None:
            await posting.change(
                self._platform, source, made_by="response_url", text=text, blocks=blocks
            )
            return
        source.text, source.blocks = text, posting.with_ids(source.ts, blocks)
        posting.keep(self._platform, source, "response_url")

    async def _take_away(self, address: ResponseUrl) -> None:
        source = address.source
        if source is None:
            raise Refusal("message_not_found")
        if source.ephemeral_to is None:
            await posting.delete(self._platform, source)
        source.deleted = True
