"""What people think of answers, and what they asked in vain."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Protocol

from bot.core.feedback import Judged, Judgement, Unmet
from bot.core.inbox import Kind


class Feedback(Protocol):
    """Keeps what people think of answers.

    Whether a person may see the answer is for the caller to find out. What was asked
    and answered can be read until it is forgotten: `kinds` says of which questions,
    and nothing is read of one that ended before `ended_since`.
    """

    async def record(self, judgement: Judgement, /) -> bool:
        """Store what a person thinks, in place of what that person thought before.

        The same verdict once more, without a complaint, leaves the complaint and the
        note as they are: a thumb that is pressed twice takes nothing back. Neither
        does what was given earlier and comes late. False, with nothing stored, for a
        question that never was or has not ended.
        """

    def judged(
        self,
        *,
        kinds: Collection[Kind],
        ended_since: datetime,
        given_since: datetime | None = None,
    ) -> AsyncIterator[Judged]:
        """Read the questions that were judged, in the order in which they came in.

        `given_since` leaves out those of which all judgements are older.
        """

    async def unmet(
        self, *, kinds: Collection[Kind], ended_since: datetime
    ) -> Sequence[Unmet]:
        """Read what the documents had no answer to, in the order of asking.

        That is what ended as not found, and what its asker complains of as such.
        """
