"""The fake as tests hold it: a server on loopback, people who act, state to look at."""

import ssl
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import TypeVar

from aiohttp import ClientSession, web

from tests.fakes.slack import assistant, posting, seeing, speaking
from tests.fakes.slack.app import SlackApp
from tests.fakes.slack.background import Background
from tests.fakes.slack.clock import Clock
from tests.fakes.slack.delivery import Delivery
from tests.fakes.slack.faults import suffer
from tests.fakes.slack.http_events import HttpEvents
from tests.fakes.slack.interacting import Interactions
from tests.fakes.slack.model import Channel, Json, Message, Team, Token, View
from tests.fakes.slack.platform import Call, Platform, Session
from tests.fakes.slack.response_urls import ResponseUrls
from tests.fakes.slack.sockets import Sockets
from tests.fakes.slack.web_api import WebApi
from tests.fakes.slack.workspace import Where, Who, Workspace, small_firm

Found = TypeVar("Found")
LOGIN_PAGE = "<!DOCTYPE html><html><title>Sign in | Slack</title></html>"


class Slack:
    """A running Slack.

    `workspace`, `clock`, `faults`, `tiers`, `sockets`, `courier`, `tokens` are its
    parts; `calls`, `statuses`, `complaints` keep what the bot did.
    """

    def __init__(self, platform: Platform, session: ClientSession) -> None:
        self.platform = platform
        self.workspace = platform.workspace
        self.app = platform.app
        self.clock = platform.clock
        self.faults = platform.faults
        self.tiers = platform.tiers
        self.courier = platform.courier
        self.tokens = platform.tokens
        self.calls = platform.calls
        self.statuses = platform.statuses
        self.complaints = platform.complaints
        self.bot = platform.bot
        self.bot_token = "xoxb-shirube"
        self.app_token = "xapp-shirube"
        self.background = Background()
        self.sockets = Sockets(platform)
        self.response_urls = ResponseUrls(platform)
        self.http = HttpEvents(platform, session, self.background.start)
        self.courier.transport = self.sockets
        self._web_api = WebApi(platform, self.sockets)
        self._interactions = Interactions(platform, self.response_urls)
        self._runner: web.AppRunner | None = None
        self._port = 0
        self._tls: ssl.SSLContext | None = None

    @property
    def url(self) -> str:
        """The base address of the Web API, as `AsyncWebClient` wants it."""
        return f"{self.platform.url}/api/"

    # -- the server ---------------------------------------------------------------

    async def start(self, *, tls: ssl.SSLContext | None = None) -> None:
        """Listen; after `stop` at the same address as before."""
        self._tls = tls or self._tls
        server = web.Application(client_max_size=16 * 1024 * 1024)
        server.add_routes(
            [
                web.route("*", "/api/{method}", self._web_api.serve),
                web.get("/link/", self.sockets.serve),
                web.post("/actions/{team}/{key}", self.response_urls.serve),
                web.get("/files-pri/{id}/{name}", self._download),
            ]
        )
        self._runner = web.AppRunner(server, shutdown_timeout=0.05)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, ssl_context=self._tls)
        await site.start()
        self._port = self._runner.addresses[0][1]
        scheme = "https" if self._tls else "http"
        self.platform.url = f"{scheme}://127.0.0.1:{self._port}"

    async def stop(self) -> None:
        """Break every connection and refuse new ones."""
        self.sockets.drop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def restart(self) -> None:
        """Go away and come back: sockets break, addresses given out are void."""
        await self.stop()
        self.sockets.expire_tickets()
        await self.start()

    async def deliver_by_http(self, url: str, *, secret: str | None = None) -> bool:
        """Send events to a Request URL; return whether it passed verification."""
        self.http.url = url
        self.http.secret = secret or self.app.signing_secret
        self.courier.transport = self.http
        return await self.http.verify()

    async def _download(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.take("files")
        return await suffer(fault, request, lambda: self._file(request))

    async def _file(self, request: web.Request) -> web.Response:
        kind, _, value = request.headers.get("Authorization", "").partition(" ")
        token = self.tokens.get(value)
        file = self.workspace.files.get(request.match_info["id"])
        if file is None:
            return web.Response(status=404)
        allowed = token is not None and "files:read" in token.scopes
        if kind != "Bearer" or not allowed:
            return web.Response(text=LOGIN_PAGE, content_type="text/html")
        return web.Response(body=file.content, content_type=file.mimetype)

    # -- what people do -----------------------------------------------------------

    async def say(
        self,
        who: Who,
        where: Where,
        text: str,
        *,
        thread: Message | str | None = None,
        broadcast: bool = False,
        files: Iterable[Json] = (),
    ) -> Message:
        """Write a message; the events are on their way when this returns.

        `files` are `{"name": …, "mimetype": …, "content": bytes}`.
        """
        author, channel = self.workspace.user(who), self.workspace.channel(where)
        uploaded = [
            speaking.new_file(self.platform, author, channel, file) for file in files
        ]
        return await speaking.say(
            self.platform,
            author,
            channel,
            text,
            thread=thread,
            broadcast=broadcast,
            files=uploaded,
        )

    async def classic_bot_says(self, bot: Who, where: Where, text: str) -> Message:
        """Post as an old integration: subtype `bot_message`."""
        bot, channel = self.workspace.user(bot), self.workspace.channel(where)
        return await speaking.classic_bot_says(self.platform, bot, channel, text)

    async def edit(self, message: Message, text: str) -> None:
        """Edit a message, as its author."""
        await speaking.edit(self.platform, message, text)

    async def delete(self, message: Message) -> None:
        """Delete a message, as its author."""
        await posting.delete(self.platform, message)

    async def unfurl(self, message: Message) -> None:
        """Show previews of the links in a message."""
        await speaking.unfurl(self.platform, message)

    async def react(self, who: Who, message: Message, name: str) -> None:
        """Add a reaction."""
        user = self.workspace.user(who)
        await speaking.react(self.platform, user, message, name, added=True)

    async def unreact(self, who: Who, message: Message, name: str) -> None:
        """Take a reaction back."""
        user = self.workspace.user(who)
        await speaking.react(self.platform, user, message, name, added=False)

    async def invite(self, who: Who, where: Where) -> None:
        """Bring somebody into a channel."""
        await speaking.invite(self.platform, who, self.workspace.channel(where))

    async def leave(self, who: Who, where: Where) -> None:
        """Have somebody go out of a channel."""
        await speaking.leave(self.platform, who, self.workspace.channel(where))

    async def share(self, where: Where, team: Team) -> None:
        """Open a channel to another company."""
        channel = self.workspace.channel(where)
        await speaking.share(self.platform, channel, team.id)

    async def odd_event(self, where: Where, event: Json) -> None:
        """Deliver an event of any shape."""
        channel = self.workspace.channel(where)
        await speaking.odd_event(self.platform, channel, event)

    async def command(
        self,
        who: Who,
        where: Where,
        command: str,
        text: str = "",
        *,
        thread: Message | None = None,
    ) -> Delivery:
        """Type a slash command."""
        user, channel = self.workspace.user(who), self.workspace.channel(where)
        return await self._interactions.command(
            user, channel, command, text, in_thread=thread is not None
        )

    async def click(
        self,
        who: Who,
        what: Message | View,
        action_id: str,
        *,
        value: str | None = None,
    ) -> Delivery:
        """Click a button; `value` chooses among options or feedback buttons."""
        user = self.workspace.user(who)
        if isinstance(what, View):
            return await self._interactions.click_in_view(user, what, action_id, value)
        return await self._interactions.click(user, what, action_id, value)

    async def submit(self, who: Who, values: dict[str, Json] | None = None) -> Delivery:
        """Submit the modal on top; `values` is block id → action id → state."""
        return await self._interactions.submit(self.workspace.user(who), values or {})

    async def close(self, who: Who) -> None:
        """Close the modal on top."""
        await self._interactions.close(self.workspace.user(who))

    async def shortcut(
        self, who: Who, callback_id: str, *, on: Message | None = None
    ) -> Delivery:
        """Choose a shortcut, from a message's menu or the global one."""
        user = self.workspace.user(who)
        if on is None:
            return await self._interactions.shortcut(user, callback_id)
        return await self._interactions.message_shortcut(user, on, callback_id)

    async def open_home(
        self, who: Who, *, tab: str = "home", context: Json | None = None
    ) -> None:
        """Open the app's Home (`home`) or its conversation (`messages`)."""
        user = self.workspace.user(who)
        await self._interactions.open_home(user, tab, context)

    async def look_at(self, who: Who, where: Where) -> None:
        """Go to a channel while the agent's pane is open."""
        user, channel = self.workspace.user(who), self.workspace.channel(where)
        await self._interactions.look_at(user, channel)

    async def press_stop(self, who: Who, message: Message) -> None:
        """Press Stop in the thread of a message."""
        user = self.workspace.user(who)
        channel = self.workspace.channel(message.channel)
        await self._interactions.press_stop(user, channel, message.root)

    # -- what there is to see -----------------------------------------------------

    async def until(
        self, condition: Callable[[], Found | None], /, *, within: float = 10.0
    ) -> Found:
        """Return what the condition gives as soon as it gives something true.

        It is asked again whenever something happened in the fake.
        """
        return await self.platform.until(condition, within=within)

    def dm(self, who: Who) -> Channel:
        """The conversation of a person with the bot."""
        return self.workspace.dm(self.bot, self.workspace.user(who))

    def thread(self, where: Where, ts: str) -> list[Message]:
        """A thread as its readers see it, the first message included."""
        return self.workspace.thread(self.workspace.channel(where), ts)

    def replies(self, message: Message) -> list[Message]:
        """What the bot wrote in the thread of a message."""
        thread = self.thread(message.channel, message.root)
        return [reply for reply in thread if reply.user == self.bot.id]

    def whispers(self, who: Who) -> list[Message]:
        """The ephemeral messages a person sees."""
        return seeing.whispers(self.platform, self.workspace.user(who))

    def reload(self, who: Who) -> None:
        """Open a person's client again; ephemeral messages are gone then."""
        seeing.reload(self.platform, self.workspace.user(who))

    def pings(self, message: Message) -> list[str]:
        """Whom a message notifies."""
        return seeing.pings(message)

    def links(self, message: Message) -> list[str]:
        """Every address in a message."""
        return seeing.links(message)

    def outbound(self) -> str:
        """Everything the bot ever sent, as one text to search."""
        return seeing.outbound(self.platform, self.response_urls.posts)

    def status(self, message: Message) -> str:
        """What the bot is shown to be doing in the thread of a message."""
        return assistant.status_of(self.platform, message.channel, message.root)

    def session(self, message: Message) -> Session | None:
        """What the agent says about the thread of a message."""
        return self.platform.sessions.get((message.channel, message.root))

    def modal(self, who: Who) -> View | None:
        """The modal a person sees, if one is open."""
        stack = self.platform.modals.get(self.workspace.user(who).id)
        return stack[-1] if stack else None

    def home(self, who: Who) -> View | None:
        """What the app published on a person's Home tab."""
        return self.platform.homes.get(self.workspace.user(who).id)

    def previews(self, message: Message) -> list[str]:
        """The links that Slack would show previews of."""
        return seeing.previews(message)

    def calls_to(self, method: str) -> list[Call]:
        """The calls of one method, in their order."""
        return [call for call in self.calls if call.method == method]

    def deliveries_of(self, kind: str) -> list[Delivery]:
        """What was sent to the app, by the type of its event or interaction."""
        return [
            delivery
            for delivery in self.courier.deliveries
            if kind in {delivery.event.get("type"), delivery.payload.get("type")}
        ]

    def issue_token(self, value: str, *scopes: str, kind: str = "bot") -> str:
        """Make another token with these scopes."""
        self.tokens[value] = Token(value=value, scopes=set(scopes), kind=kind)
        return value


@asynccontextmanager
async def slack_server(
    *,
    clock: Clock | None = None,
    manifest: Json | None = None,
    workspace: Workspace | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Slack]:
    """Run a Slack until the block is left; its clock stands still by default."""
    app = SlackApp() if manifest is None else SlackApp.from_manifest(manifest)
    time = clock or Clock()
    platform = Platform(workspace or small_firm(app.id), app, time)
    async with ClientSession() as session:
        slack = Slack(platform, session)
        await slack.start(tls=tls)
        slack.background.start(time.run())
        try:
            yield slack
        finally:
            await slack.stop()
            await slack.background.close()
