"""The durable inbox, from which every accepted question comes to its one outcome.

A question is open from `accept` on until `finish` or `end`. Claims and errands are
leases: they end by themselves, so that a process which dies holds nothing up, and
must be renewed long before. Times are those of the caller.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Protocol, TypeAlias

from bot.core.feedback import Provenance
from bot.core.inbox import (
    Accepted,
    Claim,
    Errand,
    Incoming,
    Limit,
    Load,
    Notice,
    Origin,
    QuestionId,
)
from bot.core.model import Outcome, Turn

Telling: TypeAlias = Callable[[QuestionId, Incoming], Notice | None]
"""What the asker is told; called within a transaction, and perhaps twice."""


class Inbox(Protocol):
    """Where questions come in."""

    async def accept(
        self, incoming: Incoming, /, *, now: datetime, limit: Limit | None = None
    ) -> Accepted:
        """Store a question, which from then on is never lost.

        What comes again is the question that is there: the same event of the
        surface, or another event with the same message. A new one that is over the
        limit has ended as refused, and its notice is in the outbox.
        """

    async def find(self, origin: Origin, /) -> QuestionId | None:
        """Return the question that this message asks; its thread does not matter."""

    async def answered_by(self, origin: Origin, /) -> QuestionId | None:
        """Return the question that this message of ours answers.

        The channel does not matter for a question that is no message, nor in a thread:
        a command is answered in another one.
        """

    async def end(
        self,
        question: QuestionId,
        outcome: Outcome,
        /,
        *,
        now: datetime,
        notices: Sequence[Notice] = (),
    ) -> bool:
        """End a question, whoever works on it; false when it had ended, or never was.

        For one that is cancelled, or refused before its turn. It is too late to cancel
        one whose answer is staged: that may stand in the chat already, so false. Who
        works on it learns so by `Conflict`. The notices are put in the outbox if the
        question was ended by this.
        """


class Claims(Protocol):
    """The work on questions; a method that takes a claim raises `Conflict` once lost.

    A claim whose time is over is lost only when another has claimed the question,
    or the question has ended.
    """

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
        """Claim the question of these surfaces that was asked first and can run.

        It can run unless it has ended, is not due yet, somebody has a claim to it, or
        one of its conversation that was asked before is open or one that was asked
        later is claimed. What is past its deadline is left to `expire`, unless an
        answer is staged already. `worker` names the process, and `besides` what it
        works on: that is claimed, whatever the time is.
        """

    async def renew(self, claim: Claim, /, *, until: datetime) -> None:
        """Have a claim for longer."""

    async def release(self, claim: Claim, /) -> None:
        """Let another claim the question at once."""

    async def stage(self, claim: Claim, content: str, /) -> None:
        """Store the answer that is about to be shown, in place of an earlier one."""

    async def posted(self, claim: Claim, message: str, /) -> None:
        """Store at once the id of a message of ours that shows some of the answer.

        Twice is once. It is stored before `Conflict` is raised, too: the message is
        there, and is that question's.
        """

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
        """End the question.

        The turn belongs to its conversation from then on, the notices are in the
        outbox, and what it was `made` with is known to `Feedback`; all or none.
        """


class Line(Protocol):
    """How long a person has to wait."""

    async def load(self, asker: str, /, *, surface: str, now: datetime) -> Load:
        """Count the open questions of a person."""

    async def ahead(self, question: QuestionId, /) -> int | None:
        """Count the open questions that were asked before; None once it has ended."""


class InboxUpkeep(Protocol):
    """What brings every question to an end, and forgets what was said."""

    async def recover(self, worker: str, /, *, surfaces: Collection[str]) -> int:
        """Take away what others than this worker have claimed; return how many.

        For a process that has just become the only one to serve these surfaces.
        """

    async def abandon(self, *, now: datetime) -> int:
        """End as failed what only a process that is gone could show; return how many.

        That is every fleeting question with a claim, or a time to claim it, that is
        over.
        """

    async def expire(
        self, *, surfaces: Collection[str], now: datetime, telling: Telling
    ) -> Sequence[QuestionId]:
        """End what is past its deadline with nobody working on it and nothing staged.

        What `telling` makes of each is in the outbox then.
        """

    async def purge(self, *, before: datetime) -> int:
        """Forget the texts of what ended before; return of how many questions.

        With them go staged answers, hints, turns, notices that were delivered, and
        what people wrote about the answers. Ids, times, outcomes and verdicts stay, so
        that what comes again is still known. Afterwards the files of the database hold
        none of it either, as far as the engine can see to that.
        """


class Outbox(Protocol):
    """Notices that wait to be delivered; methods that take an errand as `Claims`."""

    async def put(self, notices: Sequence[Notice], /, *, now: datetime) -> None:
        """Add notices; one whose key is known already is left out."""

    async def take(
        self, *, surfaces: Collection[str], now: datetime, until: datetime
    ) -> Errand | None:
        """Claim the notice that is due for longest; None while none is."""

    async def done(self, errand: Errand, /, *, now: datetime) -> None:
        """Have a notice delivered."""

    async def retry(self, errand: Errand, /, *, at: datetime) -> None:
        """Let a notice be due again at this time."""
