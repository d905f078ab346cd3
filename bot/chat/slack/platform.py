"""A Slack workspace in which people ask, as `serve` runs it."""

import time
from collections.abc import Callable, Sequence

import structlog

from bot.chat.slack.deafness import deaf
from bot.chat.slack.installation import Access, Rooms, Rules
from bot.chat.slack.selfcheck import SKEW, Found, look
from bot.chat.slack.sockets import PING
from bot.chat.slack.strangers import strangers
from bot.chat.slack.tenancy import Tenancy
from bot.chat.slack.terms import SURFACE
from bot.core.ports import Tenure
from bot.telemetry import SLACK_WARNING

log = structlog.get_logger()


class SlackPlatform:
    """Takes questions in Slack and answers them there."""

    name = SURFACE

    def __init__(
        self,
        access: Access,
        rules: Rules,
        rooms: Rooms,
        /,
        *,
        ping: float = PING,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._access = access
        self._rules = rules
        self._rooms = rooms
        self._ping = ping
        self._clock = clock
        self._tenancy: Tenancy | None = None
        self._draining = False
        self._fast = 0.0

    async def run(self, tenure: Tenure, /) -> None:
        """Take questions and answer them until cancelled."""
        client = self._access.client()
        found = await look(client, self._access.app_token, clock=self._rooms.clock)
        unseen = await strangers(
            client, self._rules.grants, experts=self._rules.look.experts
        )
        overhears = self._rules.terms.overhears
        unseen += await deaf(client, overhears, scopes=found.scopes)
        self._tell(found, unseen)
        await self._rooms.upkeep.recover(self._rooms.worker, surfaces=[SURFACE])
        tenancy = Tenancy(
            self._access, self._rules, self._rooms, tenure=tenure, found=found
        )
        if self._draining:
            return
        self._tenancy = tenancy
        try:
            await tenancy.run(ping=self._ping, clock=self._clock)
        finally:
            self._tenancy = None
            self._rooms.left()

    async def drain(self) -> None:
        """Take nothing new, and return when all that was taken is done."""
        self._draining = True
        if self._tenancy is not None:
            await self._tenancy.drain()

    def troubles(self) -> Sequence[str]:
        """Say what keeps people from being answered here now, a sentence each."""
        if self._tenancy is None:
            return ["it is being looked at"]
        return [*self._tenancy.troubles(), *self._clock_trouble()]

    def _clock_trouble(self) -> Sequence[str]:
        """Say that no signature will be believed, because of our clock."""
        signed = self._access.signing_secret is not None
        wrong = signed and abs(self._fast) > 5 * SKEW
        return ["the clock of this host is wrong by minutes"] if wrong else []

    def _tell(self, found: Found, unseen: Sequence[str]) -> None:
        """Log what works less well than it could."""
        self._fast = found.skew
        for sentence in (*found.lacking, *unseen):
            log.warning(SLACK_WARNING, problem=sentence)
        if abs(found.skew) > SKEW:
            sentence = (
                f"the clock of this host differs from Slack's by {found.skew:+.0f} s; "
                "set it by NTP"
            )
            log.warning(SLACK_WARNING, problem=sentence)
