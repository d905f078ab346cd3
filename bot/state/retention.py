"""What ends and forgets questions that nobody works on: the port `InboxUpkeep`."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Delete,
    Update,
    and_,
    delete,
    or_,
    select,
    update,
)

from bot.core.inbox import QuestionId
from bot.core.model import Outcome
from bot.core.ports.questions import Telling
from bot.state import asked
from bot.state.database import Database, uninterrupted
from bot.state.outbox import add_notices
from bot.state.questions import FORGOTTEN, OPEN, ending, idle
from bot.state.rows import pieces
from bot.state.schema import judgements, outbox, questions, turns

_TOGETHER: Final = 100
"""Rows forgotten in one transaction; those who ask wait while it lasts."""


class SqlInboxUpkeep:
    """Brings the questions of the state database to an end."""

    def __init__(self, database: Database, /, *, keep_texts: bool = True) -> None:
        self._database = database
        self._keep_texts = keep_texts

    @uninterrupted
    async def recover(self, worker: str, /, *, surfaces: Collection[str]) -> int:
        """Take away what others than this worker have claimed."""
        freed = (
            update(questions)
            .where(
                OPEN,
                questions.c.surface.in_(surfaces),
                questions.c.leased_until.is_not(None),
                questions.c.worker != worker,
            )
            .values(leased_until=None)
        )
        return await self._database.change(lambda c: c.execute(freed).rowcount)

    @uninterrupted
    async def abandon(self, *, now: datetime) -> int:
        """End as failed what only a process that is gone could show."""
        gone = and_(OPEN, questions.c.gone_at <= now)
        some = select(questions.c.id).where(gone).limit(1)
        if await self._database.look(lambda c: c.scalar(some)) is None:
            return 0
        ended = (
            update(questions)
            .where(gone)
            .values(ending(Outcome.FAILED, now, keep_texts=self._keep_texts))
        )
        return await self._database.change(lambda c: c.execute(ended).rowcount)

    @uninterrupted
    async def expire(
        self, *, surfaces: Collection[str], now: datetime, telling: Telling
    ) -> Sequence[QuestionId]:
        """End what is past its deadline, and have the askers told."""
        late = (
            select(questions)
            .where(
                OPEN,
                questions.c.surface.in_(surfaces),
                questions.c.expires_at <= now,
                questions.c.staged.is_(None),
                idle(now),
            )
            .order_by(questions.c.asked_at, questions.c.number)
        )
        if (
            await self._database.look(lambda c: c.execute(late.limit(1)).first())
            is None
        ):
            return []  # as a rule; who only looks keeps nobody from writing
        ended = ending(Outcome.EXPIRED, now, keep_texts=self._keep_texts)

        def expired(connection: Connection) -> list[QuestionId]:
            found = connection.execute(late).all()
            ids = [QuestionId(row.id) for row in found]
            for piece in pieces(ids):
                connection.execute(
                    update(questions).where(questions.c.id.in_(piece)).values(ended)
                )
            told = [telling(QuestionId(row.id), asked.incoming(row)) for row in found]
            add_notices(
                connection, [notice for notice in told if notice is not None], now=now
            )
            return ids

        return await self._database.change(expired)

    async def purge(self, *, before: datetime) -> int:
        """Forget the texts of what ended before, and have the files forget them."""
        forgotten = 0
        for past in _past(before):
            rows = await self._database.look(past.numbers)
            for some in pieces(rows, most=_TOGETHER):
                done = await self._forget(past.forgotten(some))
                forgotten += done if past.key.table is questions else 0
        await self._database.wipe()
        return forgotten

    @uninterrupted
    async def _forget(self, statement: Update | Delete) -> int:
        return await self._database.change(lambda c: c.execute(statement).rowcount)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """Rows of one table that hold texts of what is past, and what is done to them."""

    key: Column[int]
    where: ColumnElement[bool]
    act: Update | Delete

    def numbers(self, connection: Connection) -> list[int]:
        return list(connection.scalars(select(self.key).where(self.where)))

    def forgotten(self, numbers: Collection[int]) -> Update | Delete:
        return self.act.where(self.key.in_(numbers), self.where)


def _past(before: datetime) -> Iterator[_Past]:
    ended = questions.c.ended_at < before
    theirs = judgements.c.question.in_(select(questions.c.id).where(ended))
    yield _Past(
        key=judgements.c.number,
        where=and_(judgements.c.note != "", theirs),
        act=update(judgements).values(note=""),
    )
    said = or_(
        questions.c.text != "",
        questions.c.hints != "{}",
        questions.c.staged.is_not(None),
    )
    yield _Past(
        key=questions.c.number,
        where=and_(ended, said),
        act=update(questions).values(FORGOTTEN),
    )
    yield _Past(key=turns.c.number, where=turns.c.asked_at < before, act=delete(turns))
    yield _Past(
        key=outbox.c.number,
        where=and_(outbox.c.done_at < before, outbox.c.content != ""),
        act=update(outbox).values(content=""),
    )
