"""Reads what was said in a thread before a question; keeps and logs none of it."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, count
from string import ascii_uppercase
from typing import Final

import structlog
from pydantic import ValidationError

from bot.answering.concurrently import together
from bot.chat.slack import markup
from bot.chat.slack.authors import by_somebody
from bot.chat.slack.contents import texts
from bot.chat.slack.directory import Directory
from bot.chat.slack.literal import line
from bot.chat.slack.payloads import Message, moment
from bot.chat.slack.placing import is_direct
from bot.chat.slack.posting import PAGE, Json, Posting
from bot.chat.slack.refusals import Denied
from bot.chat.slack.terms import THREAD, Terms, Us
from bot.core.errors import Unavailable
from bot.core.inbox import Incoming
from bot.core.model import Language
from bot.core.thread import Reading, Said, Thread
from bot.telemetry import THREAD_UNREAD
from bot.text.split import truncate
from bot.text.threads import wants_summary

log = structlog.get_logger()

SECONDS: Final = 8.0
"""For reading a thread; the question is answered all the same."""

PAGES: Final = 10
"""Of a longer thread the first ones are read, and what was said last."""

LAST: Final = timedelta(hours=1)

FIRST: Final = 20
RECENT: Final = 180
"""Messages at the beginning and at the end of a thread that are kept of it."""

CHARACTERS: Final = 2_000
"""Of one message."""

ALL_CHARACTERS: Final = 40_000
"""Of all of them."""

_OPENING: Final = ALL_CHARACTERS // 5
"""Of those at the beginning, of a thread that has more than all."""

PEOPLE: Final = 40
"""Names that are looked up for one thread."""

_NAME: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A thread, up to the message that asks; all of it for what is no message."""

    channel: str
    root: str
    asked_at: datetime
    before: datetime | None


class Earlier:
    """Reads the threads of one workspace for the questions that are asked in them."""

    def __init__(
        self, posting: Posting, directory: Directory, us: Us, terms: Terms, /
    ) -> None:
        self._posting = posting
        self._directory = directory
        self._us = us
        self._terms = terms

    async def read(self, incoming: Incoming, /) -> Thread | None:
        """Return the thread of a question; None for one outside of threads.

        Who is answered elsewhere must be a member of its channel still. What people
        wrote counts, and programs that may ask there; our own answers do not: they are
        turns of the conversation, as long as they may be shown.
        """
        place = _place(incoming)
        if place is None:
            return None
        try:
            async with asyncio.timeout(SECONDS):
                if not await self._may_read(incoming, place):
                    return None
                found = await self._messages(place)
                return await self._thread(found, incoming.language)
        except Denied as denied:
            log.warning(THREAD_UNREAD, error=f"Slack: {denied.code}")
            return Thread(reading=Reading.FORBIDDEN)
        except (Unavailable, TimeoutError) as error:
            log.warning(THREAD_UNREAD, error=str(error) or "it takes too long")
            return Thread(reading=Reading.FAILED)

    async def _may_read(self, incoming: Incoming, place: _Place) -> bool:
        if THREAD not in incoming.hints:
            return True  # it is answered where it is read
        return await self._directory.is_in(incoming.asker, place.channel)

    async def _messages(self, place: _Place) -> list[Json]:
        """Return what somebody said in the thread before, in its order."""
        found = await self._since(place, "0")
        if len(found) >= PAGES * PAGE:
            recent = f"{(place.asked_at - LAST).timestamp():.6f}"
            found += await self._since(place, recent)
        by_ts = {str(message.get("ts")): message for message in found}
        return [by_ts[ts] for ts in sorted(by_ts) if self._counts(by_ts[ts], place)]

    async def _since(self, place: _Place, oldest: str) -> list[Json]:
        return await self._posting.since(
            place.channel, oldest, thread=place.root, pages=PAGES
        )

    def _counts(self, found: Json, place: _Place) -> bool:
        try:
            message = Message.model_validate({**found, "channel": place.channel})
        except ValidationError:
            return False
        ours = by_somebody(message, us=self._us, terms=self._terms)
        early = place.before is None or moment(message.ts) < place.before
        return ours and early

    async def _thread(self, found: Sequence[Json], language: Language) -> Thread:
        chosen = list(_chosen(found))
        names = await self._names([message for _, message in chosen], language)
        said = [self._said(place, message, names) for place, message in chosen]
        return Thread(said=tuple(_bounded(said)), count=len(found))

    def _said(self, place: int, message: Json, names: Mapping[str, str]) -> Said:
        shown = [message.get("blocks"), message.get("attachments")]
        written = message.get("text") or "\n".join(texts(shown))
        text = markup.plain(written, bot=self._us.user, names=names)
        return Said(
            place=place,
            author=names[_author(message)],
            text=truncate(text, characters=CHARACTERS),
            said_at=moment(str(message["ts"])),
        )

    async def _names(
        self, messages: Iterable[Json], language: Language
    ) -> Mapping[str, str]:
        """Return what to call those who wrote, and who was mentioned."""
        people = OrderedDict[str, str | None]()
        for message in messages:
            people.setdefault(_author(message), _own_name(message))
            mentioned = markup.mentioned(message.get("text") or "")
            people |= dict.fromkeys(sorted(mentioned - {*people, self._us.user}))
        asked = [person for person, name in people.items() if name is None][:PEOPLE]
        told = await together(*map(self._name, asked))
        people.update(zip(asked, told, strict=True))
        strangers = _strangers(language)
        return {
            person: line(name, characters=_NAME) if name else next(strangers)
            for person, name in people.items()
        }

    async def _name(self, person: str) -> str | None:
        try:
            return await self._directory.name(person)
        except Unavailable:
            return None


def _place(incoming: Incoming) -> _Place | None:
    """Say which thread a question is asked in, or was before it was repeated."""
    hint = incoming.hints.get(THREAD)
    origin = incoming.origin
    channel, root, message = origin.channel, origin.thread, origin.message
    if isinstance(hint, Mapping):
        channel, root, message = hint["channel"], hint["thread"], hint["message"]
    elif is_direct(incoming) and not wants_summary(incoming.text):
        return None  # there the conversation says all
    if root is None:
        return None
    return _Place(
        channel=channel,
        root=root,
        asked_at=incoming.asked_at,
        before=moment(message) if message else None,
    )


def _chosen(found: Sequence[Json]) -> Iterator[tuple[int, Json]]:
    """Yield the first messages and the last ones, each with its number."""
    for place, message in enumerate(found, start=1):
        if place <= FIRST or place > len(found) - RECENT:
            yield place, message


def _bounded(said: Sequence[Said]) -> list[Said]:
    """Leave out of the middle what there is no room for."""
    opening = said[: _fitting(said, _OPENING)]
    left = ALL_CHARACTERS - sum(len(each.text) for each in opening)
    others = said[len(opening) :]
    return [*opening, *others[len(others) - _fitting(others[::-1], left) :]]


def _fitting(said: Iterable[Said], room: int) -> int:
    """Return how many of the first ones have room."""
    sums = accumulate(len(each.text) for each in said)
    return sum(each <= room for each in sums)


def _author(message: Json) -> str:
    return str(message.get("user") or message.get("bot_id"))


def _own_name(message: Json) -> str | None:
    """Return what a program calls itself; people have names that others know."""
    profile = message.get("bot_profile") or {}
    return message.get("username") or profile.get("name") or None


def _strangers(language: Language) -> Iterator[str]:
    """Yield names for those whose own are not known: Aさん, Bさん."""
    for round_ in count():
        for letter in ascii_uppercase:
            name = f"{letter}{round_ or ''}"
            yield f"{name}さん" if language is Language.JA else f"Person {name}"
