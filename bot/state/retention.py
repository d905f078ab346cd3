"""What ends and forgets questions that nobody works on: the port `InboxUpkeep`."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, delete, or_, select, update

from bot.core.inbox import QuestionId
from bot.core.model import Outcome
from bot.core.ports.questions import Telling
from bot.state import asked
from bot.state.database import Database, uninterrupted
from bot.state.outbox import add_notices
from bot.state.questions import FORGOTTEN, OPEN, ending, idle
from bot.state.rows import pieces
from bot.state.schema import judgements, outbox, questions, turns


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
        forgotten = await self._forget(before)
        await self._database.wipe()
        return forgotten

    @uninterrupted
    async def _forget(self, before: datetime) -> int:
        ended = questions.c.ended_at < before
        async with self._database.writing() as connection:
            await connection.execute(
                update(judgements)
                .where(
                    judgements.c.note != "",
                    judgements.c.question.in_(select(questions.c.id).where(ended)),
                )
                .values(note="")
            )
            forgotten = await connection.execute(
                update(questions)
                .where(
                    ended,
                    or_(
                        questions.c.text != "",
                        questions.c.hints != "{}",
                        questions.c.staged.is_not(None),
                    ),
                )
                .values(FORGOTTEN)
            )
            await connection.execute(delete(turns).where(turns.c.asked_at < before))
            await connection.execute(
                update(outbox)
                .where(outbox.c.done_at < before, outbox.c.content != "")
                .values(content="")
            )
        return forgotten.rowcount
