"""Threads and what was said in them: the port `Conversations`."""

from sqlalchemy import select

from bot.core.model import ConversationId, Outcome, Turn
from bot.state.database import Database, uninterrupted
from bot.state.rows import add_missing
from bot.state.schema import conversations, turns


class SqlConversations:
    """Keeps conversations in the state database."""

    def __init__(self, database: Database, /) -> None:
        self._database = database

    async def turns(
        self, conversation: ConversationId, /, *, limit: int
    ) -> tuple[Turn, ...]:
        """Return the last answered turns, oldest first."""
        statement = (
            select(turns.c.text, turns.c.answer, turns.c.documents, turns.c.asked_at)
            .where(
                turns.c.conversation == conversation,
                turns.c.outcome == Outcome.ANSWERED,
            )
            .order_by(turns.c.asked_at.desc(), turns.c.number.desc())
            .limit(limit)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(statement)).all()
        return tuple(
            Turn(question=text, answer=answer, documents=documents, asked_at=asked_at)
            for text, answer, documents, asked_at in reversed(rows)
        )

    @uninterrupted
    async def record(
        self,
        conversation: ConversationId,
        question: str,
        turn: Turn,
        /,
        *,
        outcome: Outcome,
    ) -> None:
        """Store how the question with this id ended; a second time changes nothing."""
        async with self._database.writing() as connection:
            await add_missing(
                connection,
                conversations,
                [{"id": conversation, "started_at": turn.asked_at}],
            )
            await add_missing(
                connection,
                turns,
                [
                    {
                        "question": question,
                        "conversation": conversation,
                        "outcome": outcome.value,
                        "asked_at": turn.asked_at,
                        "text": turn.question,
                        "answer": turn.answer,
                        "documents": turn.documents,
                    }
                ],
            )
