"""What a Slack workspace takes: the way there, its rules, and rooms of the house."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.audience import Grants
from bot.chat.counting import Questions
from bot.chat.desk import Answers, Note
from bot.chat.slack.client import Client
from bot.chat.slack.quiet import quiet_logger
from bot.chat.slack.reception import Lookups
from bot.chat.slack.stage import Look
from bot.chat.slack.terms import Terms
from bot.core.inbox import Incoming
from bot.core.model import Profile
from bot.core.ports import (
    ActiveGeneration,
    Catalogue,
    Conversations,
    Feedback,
    InboxUpkeep,
    Outbox,
    Shelves,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The way to one workspace; `signing_secret` is for HTTP, without an app token."""

    bot_token: str
    app_token: str | None = None
    signing_secret: str | None = None
    api_url: str = AsyncWebClient.BASE_URL
    proxy: str | None = None
    tls: ssl.SSLContext | None = None
    host: str = "127.0.0.1"
    port: int = 3000

    def client(self) -> Client:
        """Return a client that repeats nothing by itself."""
        return Client(
            token=self.bot_token,
            base_url=self.api_url,
            proxy=self.proxy,
            ssl=self.tls,
            logger=quiet_logger(),
            retry_handlers=[],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the settings say about this workspace."""

    terms: Terms
    grants: Grants = field(default_factory=Grants)
    trusting: bool = False
    look: Look = field(default_factory=Look)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """What the platform needs of the house.

    `catalogue` and `shelves` know what may be named here, `quotable` what may be
    quoted too. `left` is called when this process answers nobody any more, `pressed`
    with the kind of a button.
    """

    answer: Answers
    questions: Questions
    lookups: Lookups
    outbox: Outbox
    upkeep: InboxUpkeep
    conversations: Conversations
    feedback: Feedback
    catalogue: Catalogue
    quotable: Catalogue
    generations: ActiveGeneration
    shelves: Shelves
    worker: str
    clock: Callable[[], datetime]
    profile: Callable[[Incoming], Profile] = lambda _: Profile.DOCS
    left: Callable[[], object] = lambda: None
    pressed: Callable[[str], object] = lambda _: None
    note: Note = lambda _, __: None
