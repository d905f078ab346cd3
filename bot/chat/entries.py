"""Questions at a terminal as rows of the inbox, with one outcome each."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import uuid4

import structlog

from bot.core.errors import BotError, Conflict, Unavailable
from bot.core.feedback import Provenance
from bot.core.inbox import Claim, Incoming, Kind, Origin, QuestionId
from bot.core.model import ConversationId, Language, Outcome, Turn
from bot.core.ports import Claims, Inbox, InboxUpkeep
from bot.telemetry import INBOX_FAILED

log = structlog.get_logger()

LEASE: Final = timedelta(seconds=30)
"""How long the question of a terminal that was killed counts as open."""

DEADLINE: Final = timedelta(hours=1)

_RENEWALS = 3
"""How often a lease is renewed before it would end."""


class Questions(Inbox, Claims, Protocol):
    """The inbox, and the work on what is in it."""


@dataclass(slots=True, kw_only=True)
class Entry:
    """A question that is being answered; whoever answers it says how it ends."""

    question: QuestionId
    outcome: Outcome = Outcome.FAILED
    turn: Turn | None = None
    made: Provenance | None = None


class Entries:
    """Enters the questions of one terminal, and how they end.

    Nobody else can show their answers: when the process is gone, they have failed.
    Where the inbox is down they are answered all the same, and leave no trace: who
    asks sits before the screen.
    """

    def __init__(
        self,
        *,
        questions: Questions,
        upkeep: InboxUpkeep,
        clock: Callable[[], datetime],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._questions = questions
        self._upkeep = upkeep
        self._clock = clock
        self._pause = pause
        self.asker = f"console:{uuid4().hex}"

    @asynccontextmanager
    async def entered(
        self, text: str, language: Language, conversation: ConversationId, /
    ) -> AsyncIterator[Entry]:
        """Have a question open for as long as the block takes.

        It ends as the block says, as cancelled if it is, and as failed otherwise.
        """
        claim = await self._claimed(text, language, conversation)
        entry = Entry(question=claim.question if claim else QuestionId(uuid4().hex))
        try:
            async with self._kept(claim):
                yield entry
        except asyncio.CancelledError:
            entry.outcome = Outcome.CANCELLED
            raise
        finally:
            await self._finish(claim, entry)

    async def _claimed(
        self, text: str, language: Language, conversation: ConversationId
    ) -> Claim | None:
        now = self._clock()
        incoming = Incoming(
            event=uuid4().hex,
            kind=Kind.CONSOLE,
            origin=Origin(surface=self.asker, channel=conversation),
            asker=self.asker,
            conversation=conversation,
            text=text,
            language=language,
            asked_at=now,
            expires_at=now + DEADLINE,
            fleeting=True,
        )
        try:
            await self._upkeep.abandon(now=now)
            await self._questions.accept(incoming, now=now)
            return await self._questions.claim(
                self.asker, surfaces={self.asker}, now=now, until=now + LEASE
            )
        except Unavailable as error:
            log.warning(INBOX_FAILED, error=str(error))
            return None

    @asynccontextmanager
    async def _kept(self, claim: Claim | None) -> AsyncIterator[None]:
        """Renew a claim; an error of the block is raised as it is, not in a group."""
        fault: BotError | None = None
        async with asyncio.TaskGroup() as group:
            renewing = group.create_task(self._renewing(claim))
            try:
                yield
            except BotError as error:
                fault = error
            finally:
                renewing.cancel()
        if fault is not None:
            raise fault

    async def _renewing(self, claim: Claim | None) -> None:
        """Go on until the claim is lost: what is on the screen stays there anyway."""
        with suppress(Conflict):
            while claim is not None:
                await self._pause(LEASE.total_seconds() / _RENEWALS)
                with suppress(Unavailable):
                    await self._questions.renew(claim, until=self._clock() + LEASE)

    async def _finish(self, claim: Claim | None, entry: Entry) -> None:
        """Say how it ended; the answer was given, whatever becomes of that."""
        if claim is None:
            return
        try:
            await self._questions.finish(
                claim,
                entry.outcome,
                now=self._clock(),
                turn=entry.turn,
                made=entry.made,
            )
        except (Unavailable, Conflict) as error:
            log.warning(INBOX_FAILED, error=str(error))
