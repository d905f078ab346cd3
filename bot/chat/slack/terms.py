"""On what terms questions are taken in Slack: who we are, and what is agreed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from bot.chat.slack import markup
from bot.core.inbox import Origin
from bot.core.model import ConversationId, Language
from bot.text.normalise import storable

SURFACE: Final = "slack"

SHARED: Final = "shared"
"""The hint that Slack itself called the channel shared with others."""

THREAD: Final = "thread"
"""The hint that says in which thread something was asked that is answered elsewhere."""

RESPONSE_URL: Final = "response_url"
"""The hint that says where to whisper to who gave a command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Us:
    """Who we are in a workspace, by which everything there gets its name."""

    team: str
    user: str
    bot: str

    def conversation(self, channel: str, thread: str, /) -> ConversationId:
        """Return the conversation that a thread is."""
        return ConversationId(f"{SURFACE}:{self.team}:{channel}:{thread}")

    def alone(self, what: str, key: str, /) -> ConversationId:
        """Return a conversation that nothing else is in."""
        return ConversationId(f"{SURFACE}:{self.team}:{what}:{key}")

    def origin(
        self, channel: str, message: str | None, /, *, thread: str | None = None
    ) -> Origin:
        """Return where a message stands."""
        return Origin(
            surface=SURFACE,
            workspace=self.team,
            channel=channel,
            thread=thread,
            message=message,
        )

    def plain(self, text: str, /) -> str:
        """Return what was written, as it can be stored."""
        return storable(markup.plain(text, bot=self.user))


@dataclass(frozen=True, slots=True, kw_only=True)
class Overhears:
    """When the bot answers in a channel what nobody asked it, and how often."""

    after: timedelta
    per_hour: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the settings say about questions.

    `bots` may ask in their channels, and in those of `overhears` the bot answers
    people who asked everybody.
    """

    deadline: timedelta
    language: Language = Language.JA
    bots: Mapping[str, frozenset[str]] = field(default_factory=dict)
    overhears: Mapping[str, Overhears] = field(default_factory=dict)
