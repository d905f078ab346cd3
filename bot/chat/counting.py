"""Counts questions on their way through the inbox, and logs one line for each.

Wraps the ports that they pass: whoever uses these need not know.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from bot.chat.course import Course
from bot.core.errors import Conflict
from bot.core.feedback import Provenance
from bot.core.inbox import (
    Accepted,
    Claim,
    Incoming,
    Kind,
    Limit,
    Notice,
    Origin,
    QuestionId,
)
from bot.core.model import Outcome, Turn
from bot.core.ports import Claims, Inbox, InboxUpkeep, Telling
from bot.telemetry.questions import QuestionLine, finished

_PRIVATE = frozenset({Kind.COMMAND, Kind.SHORTCUT, Kind.DIRECT, Kind.CONSOLE})


class Questions(Inbox, Claims, Protocol):
    """The inbox, and the work on what is in it."""


class Counter(Protocol):
    """What counts."""

    def question_opened(self, platform: str, /) -> None:
        """Count a question that was taken."""

    def duplicate_event(self, platform: str, /) -> None:
        """Count an event that had been taken before."""

    def question_left(self, platform: str, /) -> None:
        """Count a question that another process sees through."""

    def question_finished(
        self, platform: str, outcome: Outcome, /, *, asked: Kind, seconds: float
    ) -> None:
        """Count how a question that was taken ended, and how long it took."""


class Counted:
    """Questions of one platform, counted by the process that sees them through.

    One that an earlier process took is counted as taken when it is seen first, and one
    that another process sees through as left.
    """

    def __init__(
        self, questions: Questions, upkeep: InboxUpkeep, counter: Counter, /
    ) -> None:
        self._questions = questions
        self._upkeep = upkeep
        self._counter = counter
        self._open: dict[QuestionId, Incoming] = {}
        self._courses: dict[QuestionId, Course] = {}

    def note(self, question: QuestionId, course: Course, /) -> None:
        """Keep what is to be told of a question once it has ended."""
        if question in self._open:
            self._courses[question] = course

    # --- Inbox ----------------------------------------

    async def accept(
        self, incoming: Incoming, /, *, now: datetime, limit: Limit | None = None
    ) -> Accepted:
        """Store a question, and count it if it is new."""
        accepted = await self._questions.accept(incoming, now=now, limit=limit)
        if accepted.new:
            self._opened(accepted.question, incoming)
        elif accepted.again:
            self._counter.duplicate_event(incoming.origin.surface)
        if accepted.refused:
            self._ended(accepted.question, Outcome.REFUSED, now)
        return accepted

    async def find(self, origin: Origin, /) -> QuestionId | None:
        """Return the question that this message asks."""
        return await self._questions.find(origin)

    async def answered_by(self, origin: Origin, /) -> QuestionId | None:
        """Return the question that this message of ours answers."""
        return await self._questions.answered_by(origin)

    async def end(
        self,
        question: QuestionId,
        outcome: Outcome,
        /,
        *,
        now: datetime,
        notices: Sequence[Notice] = (),
    ) -> bool:
        """End a question, and count it if it was open."""
        ended = await self._questions.end(question, outcome, now=now, notices=notices)
        if ended:
            self._ended(question, outcome, now)
        return ended

    # --- Claims ----------------------------------------

    async def claim(
        self,
        worker: str,
        /,
        *,
        surfaces: Collection[str],
        now: datetime,
        until: datetime,
        besides: Collection[QuestionId] = (),
    ) -> Claim | None:
        """Claim a question, and count one that another process took."""
        claim = await self._questions.claim(
            worker, surfaces=surfaces, now=now, until=until, besides=besides
        )
        if claim is not None and claim.question not in self._open:
            self._opened(claim.question, claim.incoming)
        return claim

    async def renew(self, claim: Claim, /, *, until: datetime) -> None:
        """Have a claim for longer."""
        await self._questions.renew(claim, until=until)

    async def release(self, claim: Claim, /) -> None:
        """Let another claim the question at once."""
        await self._questions.release(claim)

    async def stage(self, claim: Claim, content: str, /) -> None:
        """Store the answer that is about to be shown."""
        await self._questions.stage(claim, content)

    async def posted(self, claim: Claim, message: str, /) -> None:
        """Store the id of a message of ours that shows some of the answer."""
        await self._questions.posted(claim, message)

    async def finish(
        self,
        claim: Claim,
        outcome: Outcome,
        /,
        *,
        now: datetime,
        turn: Turn | None = None,
        made: Provenance | None = None,
        notices: Sequence[Notice] = (),
    ) -> None:
        """End a question, and count it."""
        try:
            await self._questions.finish(
                claim, outcome, now=now, turn=turn, made=made, notices=notices
            )
        except Conflict:
            self._left(claim.question)
            raise
        self._ended(claim.question, outcome, now, made=made, attempts=claim.attempt)

    # --- InboxUpkeep ----------------------------------------

    async def recover(self, worker: str, /, *, surfaces: Collection[str]) -> int:
        """Take away what others than this worker have claimed."""
        return await self._upkeep.recover(worker, surfaces=surfaces)

    async def abandon(self, *, now: datetime) -> int:
        """End as failed what only a process that is gone could show."""
        return await self._upkeep.abandon(now=now)

    async def expire(
        self, *, surfaces: Collection[str], now: datetime, telling: Telling
    ) -> Sequence[QuestionId]:
        """End what is past its deadline, and count it."""
        seen: dict[QuestionId, Incoming] = {}

        def noting(question: QuestionId, incoming: Incoming) -> Notice | None:
            seen[question] = incoming
            return telling(question, incoming)

        ended = await self._upkeep.expire(surfaces=surfaces, now=now, telling=noting)
        for question in ended:
            if question not in self._open and question in seen:
                self._opened(question, seen[question])
            self._ended(question, Outcome.EXPIRED, now)
        return ended

    async def purge(self, *, before: datetime) -> int:
        """Forget the texts of what ended before."""
        return await self._upkeep.purge(before=before)

    # --- counting ----------------------------------------

    def left(self) -> None:
        """Know of no open question any more: who serves next sees them through."""
        for question in list(self._open):
            self._left(question)

    def _left(self, question: QuestionId) -> None:
        incoming = self._open.pop(question, None)
        if incoming is not None:
            self._counter.question_left(incoming.origin.surface)

    def _opened(self, question: QuestionId, incoming: Incoming) -> None:
        self._open[question] = incoming
        self._counter.question_opened(incoming.origin.surface)

    def _ended(
        self,
        question: QuestionId,
        outcome: Outcome,
        now: datetime,
        *,
        made: Provenance | None = None,
        attempts: int = 1,
    ) -> None:
        course = self._courses.pop(question, None)
        incoming = self._open.pop(question, None)
        if incoming is None:
            return
        since = incoming.due_at or incoming.asked_at
        seconds = max(0.0, (now - since).total_seconds())
        platform = incoming.origin.surface
        self._counter.question_finished(
            platform, outcome, asked=incoming.kind, seconds=seconds
        )
        known = made or Provenance()
        finished(
            QuestionLine(
                question_id=question,
                platform=platform,
                outcome=outcome,
                seconds=seconds,
                language=incoming.language,
                asked=incoming.kind,
                private=incoming.kind in _PRIVATE,
                reason=known.reason,
                kind=known.kind,
                model=known.model,
                generation=known.generation,
                waited=course.waited if course else None,
                searched=course.searched if course else None,
                shown=course.shown if course else None,
                passages=course.passages if course else 0,
                limited=course.limited if course else False,
                citations=len(known.revisions),
                attempts=attempts,
                follow_up=incoming.kind is Kind.FOLLOW_UP,
            )
        )
