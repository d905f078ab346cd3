"""The Bolt app: everything delivered is taken first, and acknowledged after that."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.slack import actions
from bot.chat.slack.gestures import ABOUT, ASK
from bot.chat.slack.quiet import quiet_logger
from bot.chat.slack.terms import Us
from bot.core.errors import Unavailable
from bot.telemetry import SLACK_NOT_TAKEN

log = structlog.get_logger()

Body: TypeAlias = Mapping[str, Any]
Take: TypeAlias = Callable[[Body], Awaitable[str | None]]
Late: TypeAlias = Callable[[Body], Awaitable[None]]
Press: TypeAlias = Callable[[Body, str | None], Awaitable[None]]
Whisper: TypeAlias = Callable[[str, str], Awaitable[None]]

EVENTS: Final = (
    "agent_session_stopped",
    "app_context_changed",
    "app_home_opened",
    "app_mention",
    "channel_shared",
    "channel_unshared",
    "member_joined_channel",
    "member_left_channel",
    "message",
)
"""What the app subscribes to; all of it is acknowledged, of use or not."""

_SAID: Final = "shirube_said"
_ANY: Final = re.compile(".*", re.DOTALL)


def bolt_app(
    client: AsyncWebClient,
    us: Us,
    /,
    *,
    take: Take,
    stop: Press,
    whisper: Whisper,
    press: Press,
    submit: Late,
    home: Late,
    signing_secret: str | None = None,
) -> AsyncApp:
    """Return the app; with a signing secret it believes nothing that is not signed.

    `take` stores a delivery and returns what to say to who did it; when it is
    `Unavailable`, Slack gets no ack and delivers again. `stop` is called after
    the ack of a wish to stop something and `press` after that of any other button,
    both with what `take` said; `whisper` with a response URL and a text, `submit`
    after the ack of a window, and `home` when somebody opens the Home tab.
    """
    token = client.token

    async def authorize() -> AuthorizeResult:
        # Asking Slack here, as Bolt does by itself, would make its answer decide
        # whether what was already stored is acknowledged.
        return AuthorizeResult(
            enterprise_id=None,
            team_id=us.team,
            bot_user_id=us.user,
            bot_id=us.bot,
            bot_token=token,
        )

    app = AsyncApp(
        name="shirube",
        logger=quiet_logger(),
        client=_anonymous(client),
        authorize=authorize,
        before_authorize=_storing(take),
        signing_secret=signing_secret or "",
        request_verification_enabled=signing_secret is not None,
        ssl_check_enabled=False,  # it answers without looking at the signature
    )
    app.event("app_home_opened")(_unacked(home))
    _listen(app, stop, whisper)
    app.action(_ANY)(_pressed(press))
    app.view(_ANY)(_after_ack(submit))
    _acknowledge(app)
    return app


def _storing(take: Take) -> Callable[..., Awaitable[Any]]:
    async def store(body: Body, context: Any, next_: Any) -> Any:
        try:
            context[_SAID] = await take(body)
        except Unavailable as error:
            log.warning(SLACK_NOT_TAKEN, error=str(error))
            return BoltResponse(status=503, body="")
        if _nameless(body):
            return BoltResponse(status=200, body="")
        return await next_()

    return store


def _nameless(body: Body) -> bool:
    """Whether it is an event without a name, which Bolt fails to look at."""
    event = body.get("event", {"type": ""})
    return not isinstance(event, dict) or not isinstance(event.get("type"), str)


def _anonymous(client: AsyncWebClient) -> AsyncWebClient:
    """Return a client without a token: Bolt warns of one beside `authorize`."""
    return AsyncWebClient(
        base_url=client.base_url,
        ssl=client.ssl,
        proxy=client.proxy,
        logger=quiet_logger(),
        retry_handlers=[],
    )


def _listen(app: AsyncApp, stop: Press, whisper: Whisper) -> None:
    async def pointed(ack: Any, context: Any, body: Body) -> None:
        await ack()
        said = context.get(_SAID)
        if said:
            await whisper(str(body.get("response_url")), said)

    async def stopped(context: Any, body: Body) -> None:
        await stop(body, context.get(_SAID))

    app.event("agent_session_stopped")(stopped)
    for name in EVENTS:
        app.event(name)(_heard)
    app.action(actions.STOP)(_pressed(stop))
    app.command(ASK)(_answered)
    app.shortcut(ABOUT)(pointed)


def _acknowledge(app: AsyncApp) -> None:
    # Whatever is not acknowledged comes again, or shows a warning to who pressed it.
    app.event(_ANY)(_heard)
    for anything in (app.command, app.shortcut, app.options):
        anything(_ANY)(_acknowledged)


def _unacked(late: Late) -> Callable[..., Awaitable[None]]:
    """Return a listener for events, which Bolt acknowledges by itself."""

    async def listener(body: Body) -> None:
        await late(body)

    return listener


def _after_ack(late: Late) -> Callable[..., Awaitable[None]]:
    async def listener(ack: Any, body: Body) -> None:
        await ack()
        await late(body)

    return listener


def _pressed(press: Press) -> Callable[..., Awaitable[None]]:
    async def listener(ack: Any, context: Any, body: Body) -> None:
        await ack()
        await press(body, context.get(_SAID))

    return listener


async def _heard() -> None:
    """Do nothing more: it was taken before."""


async def _acknowledged(ack: Any) -> None:
    await ack()


async def _answered(ack: Any, context: Any) -> None:
    await ack(context.get(_SAID) or "")
