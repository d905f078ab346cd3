"""Who waits for an answer: the ports `Line` and `OpenQuestions`."""

from datetime import datetime

from sqlalchemy import case, func, or_, select

from bot.core.inbox import Load, QuestionId
from bot.state.database import Database
from bot.state.questions import OPEN, before, due, idle
from bot.state.schema import Clock, questions


class SqlLine:
    """Counts the open questions of the state database."""

    def __init__(self, database: Database, /, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def load(self, asker: str, /, *, surface: str, now: datetime) -> Load:
        """Count the open questions of a person."""
        statement = select(
            func.count(case((~idle(now), 1))), func.count(case((idle(now), 1)))
        ).where(OPEN, questions.c.surface == surface, questions.c.asker == asker)
        found = await self._database.look(lambda c: c.execute(statement).one())
        running, waiting = found
        return Load(running=running, waiting=waiting)

    async def ahead(self, question: QuestionId, /) -> int | None:
        """Count the open questions that were asked before."""
        ours = questions.alias("ours")
        counted = (
            select(func.count())
            .where(OPEN, before(questions, ours))
            .correlate(ours)
            .scalar_subquery()
        )
        statement = select(counted).where(
            ours.c.id == question, ours.c.outcome.is_(None)
        )
        return await self._database.look(lambda c: c.scalar(statement))

    async def any(self) -> bool:
        """Return true while a question is open and due, in whatever process."""
        now = self._clock()
        gone_at = questions.c.gone_at
        statement = (
            select(questions.c.number)
            .where(
                OPEN,
                due(now),
                questions.c.expires_at > now,
                or_(gone_at.is_(None), gone_at > now),
            )
            .limit(1)
        )
        return await self._database.look(lambda c: c.scalar(statement)) is not None
