"""Who people are and who reads a channel, as Slack says: the facts of `audience`."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Generic, TypeAlias, TypeVar

from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.audience import Channel, Company, Person, Standing
from bot.chat.slack.refusals import FAILURES, meaning_of
from bot.core.errors import Unavailable

T = TypeVar("T")
Json: TypeAlias = Mapping[str, Any]

FRESH: Final = 300.0
"""Seconds for which Slack is believed who somebody is and who is in a channel."""

KEPT: Final = 2_000
"""People, and channels, that are remembered at a time, those asked for last."""

PAGE: Final = 1_000
"""People a call returns at most."""

_SHARED: Final = ("ext_shared", "org_shared", "shared", "pending_ext_shared")
_SLACKBOT: Final = "USLACKBOT"
_OUTSIDE: Final = frozenset({Standing.GUEST, Standing.STRANGER})


class Directory:
    """Asks Slack about people and channels of one workspace, and remembers it a while.

    What Slack does not tell, because it is gone or a scope is missing, is unknown.
    Raises `Unavailable` when Slack does not answer.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        /,
        *,
        team: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._team = team
        self._people: _Remembered[Json | None] = _Remembered(self._user, clock)
        self._channels: _Remembered[Json | None] = _Remembered(self._channel, clock)
        self._members: _Remembered[frozenset[str] | None] = _Remembered(
            self._read_by, clock
        )
        self._everybody: _Remembered[Mapping[str, Standing] | None] = _Remembered(
            self._standings, clock
        )
        self._groups: _Remembered[Mapping[str, frozenset[str]]] = _Remembered(
            self._usergroups, clock
        )

    async def person(self, user: str, /) -> Person:
        """Say who somebody is."""
        found = await self._people.get(user)
        if found is None:
            return Person(id=user, standing=Standing.UNKNOWN)
        standing = self._standing(found)
        if standing is not Standing.MEMBER:
            return Person(id=user, standing=standing)
        groups = await self._groups.get(self._team)
        return Person(
            id=user,
            standing=standing,
            email=found.get("profile", {}).get("email"),
            groups=frozenset(
                group for group, members in groups.items() if user in members
            ),
        )

    async def locale(self, user: str, /) -> str | None:
        """Return the language somebody has Slack in, such as `ja-JP`."""
        found = await self._people.get(user)
        return found.get("locale") if found else None

    async def name(self, user: str, /) -> str | None:
        """Return the name by which people know somebody."""
        found = await self._people.get(user) or {}
        profile = found.get("profile", {})
        names = (profile.get("display_name"), profile.get("real_name"))
        return next((name for name in names if name), None)

    async def is_admin(self, user: str, /) -> bool:
        """Say whether somebody administers the workspace."""
        found = await self._people.get(user)
        return bool(found and (found.get("is_admin") or found.get("is_owner")))

    async def channel(self, channel: str, /) -> Channel:
        """Say who reads a channel, now or later."""
        found = await self._channels.get(channel)
        if found is None:
            return Channel(id=channel, private=False, company=Company.UNKNOWN)
        private = bool(found.get("is_private"))
        company = await self._company(channel, found)
        return Channel(id=channel, private=private, company=company)

    async def is_in(self, user: str, channel: str, /) -> bool:
        """Say whether somebody is a member of a channel; unknown is no."""
        return user in (await self._members.get(channel) or ())

    def changed(self, key: str, /) -> None:
        """Ask about a person or a channel again: something about it has changed.

        Who joined a channel may be new to the workspace as well.
        """
        for memory in (self._people, self._channels, self._members):
            memory.forget(key)
        self._everybody.forget(self._team)

    async def _company(self, channel: str, found: Json) -> Company:
        if any(found.get(f"is_{kind}") for kind in _SHARED):
            return Company.SHARED
        members = await self._members.get(channel)
        everybody = await self._everybody.get(self._team)
        if members is None or everybody is None or members - everybody.keys():
            return Company.UNKNOWN
        outside = any(everybody[member] in _OUTSIDE for member in members)
        return Company.GUESTS if outside else Company.INSIDE

    def _standing(self, user: Json) -> Standing:
        if user.get("deleted"):
            return Standing.LEFT
        if user.get("is_bot") or user.get("id") == _SLACKBOT:
            return Standing.MACHINE
        if user.get("is_stranger") or user.get("team_id") != self._team:
            return Standing.STRANGER
        if user.get("is_restricted") or user.get("is_ultra_restricted"):
            return Standing.GUEST
        return Standing.MEMBER

    # --- what Slack is asked ---------------------------------------------------

    async def _user(self, user: str) -> Json | None:
        with _told():
            answer = await self._client.users_info(user=user, include_locale=True)
            return dict(answer["user"])
        return None

    async def _channel(self, channel: str) -> Json | None:
        with _told():
            answer = await self._client.conversations_info(channel=channel)
            return dict(answer["channel"])
        return None

    async def _read_by(self, channel: str) -> frozenset[str] | None:
        with _told():
            pages = self._pages(
                self._client.conversations_members, "members", channel=channel
            )
            return frozenset([member async for member in pages])
        return None

    async def _standings(self, _: str) -> Mapping[str, Standing] | None:
        with _told():
            pages = self._pages(self._client.users_list, "members")
            return {user["id"]: self._standing(user) async for user in pages}
        return None

    async def _usergroups(self, _: str) -> Mapping[str, frozenset[str]]:
        with _told():
            answer = await self._client.usergroups_list(include_users=True)
            return {
                group["id"]: frozenset(group.get("users", ()))
                for group in answer["usergroups"]
            }
        return {}

    async def _pages(
        self, method: Callable[..., Awaitable[Any]], key: str, **arguments: str
    ) -> AsyncIterator[Any]:
        cursor: str | None = None
        while cursor != "":
            answer = await method(limit=PAGE, cursor=cursor, **arguments)
            for found in answer[key]:
                yield found
            cursor = answer.get("response_metadata", {}).get("next_cursor", "")


@contextmanager
def _told() -> Iterator[None]:
    """Leave unknown what Slack refuses to tell; no answer at all is an error."""
    try:
        yield
    except FAILURES as error:
        meant = meaning_of(error)
        if isinstance(meant, Unavailable):
            raise meant from error


class _Remembered(Generic[T]):
    """Answers by key, for as long as they are fresh; many who ask wait for one."""

    def __init__(
        self, ask: Callable[[str], Awaitable[T]], clock: Callable[[], float]
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._known: dict[str, tuple[float, T]] = {}
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def get(self, key: str) -> T:
        async with (turn := self._asking[key]):
            known = self._known.get(key)
            if known is not None and self._clock() - known[0] < FRESH:
                return known[1]
            asked_at = self._clock()
            value = await self._ask(key)
            if self._asking.get(key) is turn:
                self._known.pop(key, None)
                self._known[key] = (asked_at, value)
                if len(self._known) > KEPT:
                    self.forget(next(iter(self._known)))
            return value

    def forget(self, key: str) -> None:
        """Ask again; what is being answered just now may be what was before."""
        self._known.pop(key, None)
        self._asking.pop(key, None)
