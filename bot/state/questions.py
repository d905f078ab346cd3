"""Questions on their way to their one outcome: the ports `Inbox` and `Claims`."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    case,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

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
from bot.state import asked, judged
from bot.state.database import Database, uninterrupted
from bot.state.outbox import add_notices
from bot.state.rows import insert_missing
from bot.state.schema import conversations, posts, provenances, questions, turns

UNCLAIMED: Final = timedelta(seconds=30)
"""How long a fleeting question may wait for the process that accepted it."""

FORGOTTEN: Final = {"text": "", "hints": "{}", "staged": None}
"""What a row has in the place of what was said."""

OPEN: Final = questions.c.outcome.is_(None)


def due(now: datetime, /) -> ColumnElement[bool]:
    """Say that a question may be answered."""
    return or_(questions.c.due_at.is_(None), questions.c.due_at <= now)


def before(one: FromClause, other: FromClause, /) -> ColumnElement[bool]:
    """Say that one question was asked before the other, or came in before it."""
    first, second = (func.coalesce(q.c.due_at, q.c.asked_at) for q in (one, other))
    return or_(first < second, and_(first == second, one.c.number < other.c.number))


class SqlQuestions:
    """Keeps questions in the state database."""

    def __init__(self, database: Database, /, *, keep_texts: bool = True) -> None:
        self._database = database
        self._keep_texts = keep_texts

    # --- where questions come in ---------------------------------------------

    @uninterrupted
    async def accept(
        self, incoming: Incoming, /, *, now: datetime, limit: Limit | None = None
    ) -> Accepted:
        """Store a question, or find the one that it is a repetition of."""
        conversation = {"id": incoming.conversation, "started_at": incoming.asked_at}
        row = asked.row(incoming) | {
            "id": uuid4().hex,
            "received_at": now,
            "gone_at": now + UNCLAIMED if incoming.fleeting else None,
        }
        refused = ending(Outcome.REFUSED, now, keep_texts=self._keep_texts)

        def accepted(connection: Connection) -> Accepted:
            known = connection.execute(_known(incoming)).first()
            if known is not None:
                again = known.event == incoming.event
                return Accepted(question=QuestionId(known.id), new=False, again=again)
            insert_missing(connection, conversations, [conversation])
            question = QuestionId(row["id"])
            if limit is None or not _too_many(connection, incoming, limit):
                connection.execute(insert(questions).values(row))
                return Accepted(question=question, new=True)
            connection.execute(insert(questions).values(row | refused))
            notice = limit.telling(question)
            add_notices(connection, [notice] if notice else [], now=now)
            return Accepted(question=question, new=True, refused=True)

        return await self._database.change(accepted)

    async def find(self, origin: Origin, /) -> QuestionId | None:
        """Return the question that this message asks."""
        if origin.message is None:
            return None
        statement = select(questions.c.id).where(asked.asks(origin))
        return await self._database.look(lambda c: c.scalar(statement))

    async def answered_by(self, origin: Origin, /) -> QuestionId | None:
        """Return the question that this message of ours answers."""
        statement = (
            select(questions.c.id)
            .join(posts, posts.c.question == questions.c.id)
            .where(asked.answerable_at(origin), posts.c.message == origin.message)
        )
        return await self._database.look(lambda c: c.scalar(statement.limit(1)))

    @uninterrupted
    async def end(
        self,
        question: QuestionId,
        outcome: Outcome,
        /,
        *,
        now: datetime,
        notices: Sequence[Notice] = (),
    ) -> bool:
        """End a question, whoever works on it; false when that is too late."""
        statement = (
            update(questions)
            .where(questions.c.id == question, _endable(outcome))
            .values(ending(outcome, now, keep_texts=self._keep_texts))
        )

        def ended(connection: Connection) -> bool:
            if not connection.execute(statement).rowcount:
                return False
            add_notices(connection, notices, now=now)
            return True

        return await self._database.change(ended)

    # --- the work on them ----------------------------------------------------

    @uninterrupted
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
        """Claim the question of these surfaces that was asked first and can run."""

        def claimed(connection: Connection) -> Claim | None:
            found = connection.execute(_runnable(surfaces, now, besides)).one_or_none()
            if found is None:
                return None
            attempt = found.attempt + 1
            connection.execute(
                update(questions)
                .where(questions.c.id == found.id)
                .values(attempt=attempt, worker=worker, **_lease(until))
            )
            messages = connection.scalars(
                select(posts.c.message)
                .where(posts.c.question == found.id)
                .order_by(posts.c.number)
            )
            return Claim(
                question=found.id,
                attempt=attempt,
                incoming=asked.incoming(found),
                staged=found.staged,
                posted=tuple(messages),
            )

        return await self._database.change(claimed)

    @uninterrupted
    async def renew(self, claim: Claim, /, *, until: datetime) -> None:
        """Have a claim for longer."""
        await self._change(claim, _lease(until))

    @uninterrupted
    async def release(self, claim: Claim, /) -> None:
        """Let another claim the question at once."""
        await self._change(claim, {"leased_until": None})

    @uninterrupted
    async def stage(self, claim: Claim, content: str, /) -> None:
        """Store the answer that is about to be shown."""
        await self._change(claim, {"staged": content})

    @uninterrupted
    async def posted(self, claim: Claim, message: str, /) -> None:
        """Store the id of a message that shows some of the answer."""
        row = {"question": claim.question, "message": message}

        def noted(connection: Connection) -> bool:
            insert_missing(connection, posts, [row])
            held = select(questions.c.id).where(_held(claim))
            return connection.scalar(held) is not None

        if not await self._database.change(noted):
            raise _lost(claim)

    @uninterrupted
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
        """End the question, with its turn, what it was made with, and its notices."""
        ended = ending(outcome, now, keep_texts=self._keep_texts)

        def finished(connection: Connection) -> bool:
            if not _changed(connection, claim, ended):
                return False
            if turn is not None and self._keep_texts:
                connection.execute(insert(turns).values(_turn(claim, turn)))
            if made is not None:
                row = {"question": claim.question} | judged.provenance_row(made)
                connection.execute(insert(provenances).values(row))
            add_notices(connection, notices, now=now)
            return True

        if not await self._database.change(finished):
            raise _lost(claim)

    async def _change(self, claim: Claim, values: dict[str, Any]) -> None:
        if not await self._database.change(lambda c: _changed(c, claim, values)):
            raise _lost(claim)


def ending(outcome: Outcome, now: datetime, /, *, keep_texts: bool) -> dict[str, Any]:
    """Return what a question that has ended has in its row."""
    ended = {"outcome": outcome.value, "ended_at": now, "leased_until": None}
    return ended if keep_texts else ended | FORGOTTEN


def _endable(outcome: Outcome) -> ColumnElement[bool]:
    if outcome is Outcome.CANCELLED:
        return and_(OPEN, questions.c.staged.is_(None))
    return OPEN


def idle(now: datetime, /) -> ColumnElement[bool]:
    """Say that nobody has a claim."""
    until = questions.c.leased_until
    return or_(until.is_(None), until <= now)


def _known(incoming: Incoming) -> Select[Any]:
    same = and_(
        questions.c.surface == incoming.origin.surface,
        questions.c.event == incoming.event,
    )
    if incoming.origin.message is not None:
        same = or_(same, asked.asks(incoming.origin))
    wanted = select(questions.c.id, questions.c.event).where(same)
    return wanted.order_by(questions.c.number).limit(1)


def _too_many(connection: Connection, incoming: Incoming, limit: Limit) -> bool:
    """Whether somebody has as many open questions as may be."""
    found = connection.scalars(
        select(questions.c.id)
        .where(
            OPEN,
            questions.c.surface == incoming.origin.surface,
            questions.c.asker == incoming.asker,
            questions.c.kind != Kind.OVERHEARD.value,
        )
        .limit(limit.open)
    ).all()
    return len(found) == limit.open


def _runnable(
    surfaces: Collection[str], now: datetime, besides: Collection[QuestionId]
) -> Any:
    other = questions.alias("other")
    in_the_way = exists().where(
        other.c.outcome.is_(None),
        other.c.conversation == questions.c.conversation,
        other.c.number != questions.c.number,
        or_(
            before(other, questions),
            other.c.leased_until > now,
            other.c.id.in_(besides),
        ),
    )
    return (
        select(questions)
        .where(
            OPEN,
            questions.c.surface.in_(surfaces),
            idle(now),
            questions.c.id.not_in(besides),
            due(now),
            or_(questions.c.expires_at > now, questions.c.staged.is_not(None)),
            ~in_the_way,
        )
        .order_by(
            func.coalesce(questions.c.due_at, questions.c.asked_at), questions.c.number
        )
        .limit(1)
    )


def _lease(until: datetime) -> dict[str, Any]:
    gone_at = questions.c.gone_at
    return {
        "leased_until": until,
        "gone_at": case((gone_at.is_(None), None), else_=until),
    }


def _changed(connection: Connection, claim: Claim, values: dict[str, Any]) -> bool:
    """Change a question; false once the claim is lost."""
    statement = update(questions).where(_held(claim)).values(values)
    return bool(connection.execute(statement).rowcount)


def _held(claim: Claim) -> ColumnElement[bool]:
    return and_(
        OPEN,
        questions.c.id == claim.question,
        questions.c.attempt == claim.attempt,
    )


def _lost(claim: Claim) -> Conflict:
    return Conflict(
        f"question {claim.question} has ended, or somebody else works on it"
    )


def _turn(claim: Claim, turn: Turn) -> dict[str, Any]:
    return {
        "question": claim.question,
        "conversation": claim.incoming.conversation,
        "asked_at": turn.asked_at,
        "text": turn.question,
        "answer": turn.answer,
        "documents": turn.documents,
    }
