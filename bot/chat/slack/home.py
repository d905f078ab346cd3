"""The Home tab: how to ask, what this person asked, and what there is to read."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from bot.chat.audience import Grants, of_person
from bot.chat.slack.directory import Directory
from bot.chat.slack.literal import line, literal
from bot.chat.slack.posting import Json, Posting
from bot.chat.slack.refusals import Denied
from bot.chat.slack.spoken import spoken
from bot.chat.slack.terms import SURFACE
from bot.core.access import Audience
from bot.core.errors import Conflict, Unavailable
from bot.core.model import Language
from bot.core.ports import Askings, Shelves
from bot.core.sync import SourceStatus
from bot.telemetry import SHOWING_FAILED
from bot.text import home
from bot.text.phrases import Phrase

log = structlog.get_logger()

RECENT: Final = 5
"""Questions of their own that people see."""

SOURCES: Final = 20
"""Sources that people see."""

_LOOKED_THROUGH: Final = 20
_CHARACTERS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a person sees on the Home tab; `sources` are those of that person."""

    recent: Sequence[str]
    sources: Sequence[SourceStatus]
    limited: str | None
    now: datetime


class Home:
    """Publishes the Home tab of whoever opens it, made anew each time.

    It names the sources that have something for this person, and no others.
    """

    def __init__(
        self,
        posting: Posting,
        directory: Directory,
        grants: Grants,
        *,
        lookups: Askings,
        shelves: Shelves,
        clock: Callable[[], datetime],
        language: Language,
    ) -> None:
        self._posting = posting
        self._directory = directory
        self._grants = grants
        self._lookups = lookups
        self._shelves = shelves
        self._clock = clock
        self._language = language

    async def opened(self, body: Mapping[str, Any], /) -> None:
        """Publish what somebody sees who opens it; the Messages tab has no such."""
        event = body.get("event", {})
        user = event.get("user")
        if event.get("tab") != "home" or not isinstance(user, str):
            return
        try:
            language = await spoken(self._directory, user, default=self._language)
            view = published(await self._known(user, language), language)
            await self._posting.publish(user, view)
        except Denied as denied:
            log.warning(SHOWING_FAILED, error=f"Slack: {denied.code}")
        except (Unavailable, Conflict) as error:
            log.warning(SHOWING_FAILED, error=str(error))

    async def _known(self, user: str, language: Language) -> Known:
        person = await self._directory.person(user)
        audience = of_person(person, self._grants, language)
        asked = await self._lookups.recent(user, surface=SURFACE, limit=_LOOKED_THROUGH)
        distinct = dict.fromkeys(each.text.splitlines()[0] for each in asked)
        return Known(
            recent=list(distinct)[:RECENT],
            sources=await self._readable(audience),
            limited=audience.limited,
            now=self._clock(),
        )

    async def _readable(self, audience: Audience) -> Sequence[SourceStatus]:
        rights = await self._shelves.rights()
        return [
            status
            for status in await self._shelves.sources()
            if any(
                access.permits(audience.principals)
                for access in rights.get(status.source, ())
            )
        ]


def published(known: Known, language: Language, /) -> Json:
    """Return the Home tab."""
    return {"type": "home", "blocks": list(_blocks(known, language))}


def _blocks(known: Known, language: Language) -> Iterator[Json]:
    yield _header(home.HELP_TITLE, language)
    yield _section(home.HELP.say(language))
    yield _header(home.RECENT_TITLE, language)
    asked = [line(literal(text), characters=_CHARACTERS) for text in known.recent]
    yield _section(_listed(asked, language) or home.NONE_RECENT.say(language))
    yield _header(home.SOURCES_TITLE, language)
    read = [_freshness(each, known.now, language) for each in known.sources[:SOURCES]]
    yield _section(_listed(read, language) or home.NO_SOURCES.say(language))
    for told in (known.limited, home.CHANNELS.say(language)):
        if told:
            yield {"type": "context", "elements": [_plain(told)]}


def _freshness(status: SourceStatus, now: datetime, language: Language) -> str:
    """Say how long ago a source was last read whole."""
    source = line(status.source, characters=_CHARACTERS)
    if status.last_success is None:
        return home.READ_NEVER.say(language, source=source)
    age = now - status.last_success
    if age >= timedelta(days=1):
        return home.READ_DAYS.say(language, source=source, count=age.days)
    hours = int(age.total_seconds()) // 3600
    if hours > 0:
        return home.READ_HOURS.say(language, source=source, count=hours)
    return home.READ_NOW.say(language, source=source)


def _listed(lines: Sequence[str], language: Language) -> str:
    point = "・" if language is Language.JA else "• "
    return "\n".join(f"{point}{each}" for each in lines if each)


def _header(title: Phrase, language: Language) -> Json:
    return {"type": "header", "text": _plain(title.say(language))}


def _section(text: str) -> Json:
    return {"type": "section", "text": _plain(text)}


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": text, "emoji": False}
