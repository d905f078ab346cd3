"""What people think of answers, and what they asked in vain: the port `Feedback`."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.feedback import NOTE, Complaint, Judged, Judgement, Unmet
from bot.core.inbox import Kind, QuestionId
from bot.core.model import Outcome, Reason, Turn
from bot.state import asked, judged
from bot.state.database import Database, uninterrupted
from bot.state.rows import fetched
from bot.state.schema import judgements, provenances, questions, turns

HISTORY: Final = 4
"""Turns before a question that are read with it; as many as it was asked with."""

_TOGETHER: Final = 100
"""Questions read at once; each may have long passages with it."""


class SqlFeedback:
    """Keeps feedback in the state database."""

    def __init__(self, database: Database, /, *, keep_texts: bool = True) -> None:
        self._database = database
        self._keep_texts = keep_texts

    @uninterrupted
    async def record(self, judgement: Judgement, /) -> bool:
        """Store what a person thinks, in place of what that person thought before."""
        ended = select(questions.c.id).where(
            questions.c.id == judgement.question, questions.c.outcome.is_not(None)
        )

        def recorded(connection: Connection) -> bool:
            if connection.scalar(ended) is None:
                return False
            self._put(connection, judgement)
            return True

        return await self._database.change(recorded)

    def _put(self, connection: Connection, new: Judgement) -> None:
        its = and_(
            judgements.c.question == new.question, judgements.c.person == new.person
        )
        found = connection.execute(select(judgements).where(its)).one_or_none()
        row = {
            "verdict": new.verdict.value,
            "complaint": new.complaint and new.complaint.value,
            "note": new.note[:NOTE] if self._keep_texts else "",
            "given_at": new.given_at,
        }
        if found is None:
            key = {"question": new.question, "person": new.person}
            connection.execute(insert(judgements).values(key | row))
        elif not _adds_nothing(new, judged.judgement(found)):
            connection.execute(update(judgements).where(its).values(row))

    # --- for those who look after the documents --------------------------------

    async def judged(
        self,
        *,
        kinds: Collection[Kind],
        ended_since: datetime,
        given_since: datetime | None = None,
    ) -> AsyncIterator[Judged]:
        """Read the questions that were judged, in the order in which they came in."""
        given = judgements.c.question == questions.c.id
        if given_since is not None:
            given = and_(given, judgements.c.given_at >= given_since)
        statement = (
            _kept(kinds, ended_since)
            .where(exists().where(given))
            .order_by(questions.c.number)
            .limit(_TOGETHER)
        )
        last = 0
        while True:
            async with self._database.reading() as connection:
                rows = await connection.execute(
                    statement.where(questions.c.number > last)
                )
                found = rows.all()
                read = await _read(connection, found, kinds)
            for each in read:
                yield each
            if len(found) < _TOGETHER:
                return
            last = found[-1].number

    async def unmet(
        self, *, kinds: Collection[Kind], ended_since: datetime
    ) -> Sequence[Unmet]:
        """Read what the documents had no answer to, in the order of asking."""
        complained = exists().where(
            judgements.c.question == questions.c.id,
            judgements.c.person == questions.c.asker,
            judgements.c.complaint == Complaint.NOT_FOUND.value,
        )
        statement = (
            _kept(kinds, ended_since)
            .where(or_(provenances.c.reason == Reason.NOT_FOUND.value, complained))
            .order_by(questions.c.asked_at, questions.c.number)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(statement)).all()
        return [
            Unmet(question=QuestionId(row.id), incoming=asked.incoming(row))
            for row in rows
        ]


def _adds_nothing(new: Judgement, old: Judgement) -> bool:
    """Say whether it came late, or is the same thumb once more."""
    again = new.verdict is old.verdict and new.complaint is None
    return new.given_at < old.given_at or again


def _kept(kinds: Collection[Kind], ended_since: datetime) -> Select[Any]:
    """Select questions of which the text is still there, with their provenance."""
    made = [column for column in provenances.c if column.name != "question"]
    return (
        select(questions, *made)
        .outerjoin(provenances, provenances.c.question == questions.c.id)
        .where(
            questions.c.ended_at >= ended_since,
            questions.c.text != "",
            questions.c.kind.in_([kind.value for kind in kinds]),
        )
    )


async def _read(
    connection: AsyncConnection, rows: Sequence[Any], kinds: Collection[Kind]
) -> list[Judged]:
    """Add to questions what people think, and what was said before in their thread."""
    given = await fetched(
        connection,
        select(judgements).order_by(judgements.c.given_at, judgements.c.number),
        judgements.c.question,
        [row.id for row in rows],
    )
    said = await fetched(
        connection,
        select(turns)
        .join(questions, questions.c.id == turns.c.question)
        .where(questions.c.kind.in_([kind.value for kind in kinds]))
        .order_by(turns.c.asked_at, turns.c.number),
        turns.c.conversation,
        {row.conversation for row in rows},
    )
    return [
        Judged(
            question=QuestionId(row.id),
            incoming=asked.incoming(row),
            outcome=Outcome(row.outcome),
            provenance=judged.provenance(row),
            judgements=tuple(
                judged.judgement(each) for each in given if each.question == row.id
            ),
            staged=row.staged,
            history=_before(row, said),
        )
        for row in rows
    ]


def _before(question: Any, said: Sequence[Any]) -> tuple[Turn, ...]:
    before = [
        Turn(
            question=turn.text,
            answer=turn.answer,
            documents=turn.documents,
            asked_at=turn.asked_at,
        )
        for turn in said
        if turn.conversation == question.conversation
        and turn.asked_at < question.asked_at
    ]
    return tuple(before[-HISTORY:])
