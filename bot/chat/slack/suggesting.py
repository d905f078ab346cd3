"""Suggests what to ask to who opens the conversation with the bot."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog

from bot.chat.slack.directory import Directory
from bot.chat.slack.posting import Posting
from bot.chat.slack.refusals import Denied
from bot.chat.slack.spoken import spoken
from bot.core.errors import Conflict, Unavailable
from bot.core.model import Language
from bot.telemetry import SHOWING_FAILED
from bot.text import home

log = structlog.get_logger()

EVERY: Final = 60.0
"""Seconds for which what was suggested to somebody stands."""

_KNOWN: Final = 1_000


class Suggesting:
    """Suggests questions in the language of each person; nothing depends on it."""

    def __init__(
        self,
        posting: Posting,
        directory: Directory,
        /,
        *,
        language: Language,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._posting = posting
        self._directory = directory
        self._language = language
        self._clock = clock
        self._suggested: dict[str, float] = {}

    async def opened(self, body: Mapping[str, Any], /) -> None:
        """Suggest questions to who opens the Messages tab, and not again at once."""
        event = body.get("event", {})
        user, channel = event.get("user"), event.get("channel")
        opens = event.get("tab") == "messages" and isinstance(channel, str)
        if not opens or not isinstance(user, str) or not self._is_time(user):
            return
        try:
            language = await spoken(self._directory, user, default=self._language)
            await self._posting.suggest(
                channel,
                {
                    title.say(language): message.say(language)
                    for title, message in home.SUGGESTIONS
                },
                title=home.SUGGESTED.say(language),
            )
        except Denied as denied:
            log.warning(SHOWING_FAILED, error=f"Slack: {denied.code}")
        except (Unavailable, Conflict) as error:
            log.warning(SHOWING_FAILED, error=str(error))

    def _is_time(self, user: str) -> bool:
        now = self._clock()
        if now - self._suggested.get(user, -EVERY) < EVERY:
            return False
        if len(self._suggested) >= _KNOWN:
            self._suggested.clear()
        self._suggested[user] = now
        return True
