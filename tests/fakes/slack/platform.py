"""The platform behind every front: state, rules, what was called, who waits for it."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from tests.fakes.slack.app import SlackApp
from tests.fakes.slack.clock import Clock
from tests.fakes.slack.delivery import Courier
from tests.fakes.slack.faults import Faults
from tests.fakes.slack.model import Json, Token, User, View
from tests.fakes.slack.tiers import Tiers
from tests.fakes.slack.workspace import Workspace

Found = TypeVar("Found")
PATIENCE = 10.0


@dataclass(slots=True, kw_only=True)
class Call:
    """One call of the Web API: when, with what, and what came of it.

    `used` are the scopes without which it would have been refused.
    """

    method: str
    args: Json
    at: float
    token: str = ""
    scopes: frozenset[str] = frozenset()
    used: set[str] = field(default_factory=set)
    http_status: int = 200
    answer: Json = field(default_factory=dict)

    @property
    def error(self) -> str | None:
        """Why it was refused, if it was."""
        return self.answer.get("error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What the bot said it is doing, in a thread, and when."""

    at: float
    channel: str
    thread_ts: str
    text: str
    loading: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Session:
    """What an agent said about a thread."""

    status: str
    title: str = ""
    stoppable: bool = True


class Platform:
    """Everything the fronts and the people share.

    `streaming` off makes every method of streams unknown; `mention_first` off lets
    the `message` of a mention come before its `app_mention`, as it may. `names` are the
    host names by which `sockets` and `responses` are given out, as Slack has others
    for them than for its Web API.
    """

    def __init__(self, workspace: Workspace, app: SlackApp, clock: Clock) -> None:
        self.workspace = workspace
        self.app = app
        self.clock = clock
        self.tiers = Tiers(clock)
        self.faults = Faults()
        self.random = Random(7)
        self.courier = Courier(clock, self.notify)
        self.tokens = {
            "xoxb-shirube": Token(value="xoxb-shirube", scopes=app.scopes),
            "xapp-shirube": Token(
                value="xapp-shirube", scopes={"connections:write"}, kind="app"
            ),
        }
        self.url = ""
        self.names: dict[str, str] = {}
        self.streaming = True
        self.mention_first = True
        self.calls: list[Call] = []
        self.complaints: list[str] = []
        self.statuses: list[Status] = []
        self.showing: dict[tuple[str, str], Status] = {}
        self.sessions: dict[tuple[str, str], Session] = {}
        self.prompts: dict[str, Json] = {}
        self.titles: dict[tuple[str, str], str] = {}
        self.modals: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        self.triggers: dict[str, tuple[str, float]] = {}
        self._waiting: set[asyncio.Event] = set()

    def address_of(self, part: str, *, asked_at: str = "") -> str:
        """Return where a part of Slack is reached, by who asked at some address."""
        base = asked_at or self.url
        name = self.names.get(part)
        scheme, port = base.partition("://")[0], base.rpartition(":")[2]
        return base if name is None else f"{scheme}://{name}:{port}"

    @property
    def bot(self) -> User:
        """The user that our app speaks as."""
        return next(
            user
            for user in self.workspace.users.values()
            if user.app_id == self.app.id and user.bot_id
        )

    def notify(self) -> None:
        """Wake those who wait for something to change."""
        for event in self._waiting:
            event.set()

    async def until(
        self, condition: Callable[[], Found | None], /, *, within: float = PATIENCE
    ) -> Found:
        """Return what the condition gives as soon as it gives something true."""
        try:
            with self.watching() as changed:
                async with asyncio.timeout(within):
                    while not (found := condition()):
                        await changed.wait()
                        changed.clear()
                    return found
        except TimeoutError:
            recent = [(call.method, call.error) for call in self.calls[-8:]]
            raise TimeoutError(f"it never came so; the last calls: {recent}") from None

    @contextmanager
    def watching(self) -> Iterator[asyncio.Event]:
        """Give an event that is set whenever something happened."""
        changed = asyncio.Event()
        self._waiting.add(changed)
        try:
            yield changed
        finally:
            self._waiting.discard(changed)

    def complain(self, complaint: str, /) -> None:
        """Keep what Slack does not refuse, but its documentation forbids."""
        self.complaints.append(complaint)

    def new_trigger(self, user: User) -> str:
        """Return a trigger id: good once, for three seconds."""
        trigger = f"{len(self.triggers) + 1}.{self.workspace.team.id}.trigger"
        self.triggers[trigger] = (user.id, self.clock.now())
        return trigger
