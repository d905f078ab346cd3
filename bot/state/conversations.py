"""Threads and what was said in them: the port `Conversations`."""

from sqlalchemy import select

from bot.core.model import ConversationId, Turn
from bot.state.database import Database
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
            .where(turns.c.conversation == conversation)
            .order_by(turns.c.asked_at.desc(), turns.c.number.desc())
            .limit(limit)
        )
        rows = await self._database.look(lambda c: c.execute(statement).all())
        return tuple(
            Turn(question=text, answer=answer, documents=documents, asked_at=asked_at)
            for text, answer, documents, asked_at in reversed(rows)
        )

    async def begun(self, conversation: ConversationId, /) -> bool:
        """Say whether a question of the conversation was ever accepted."""
        statement = select(conversations.c.id).where(conversations.c.id == conversation)
        return await self._database.look(lambda c: c.scalar(statement)) is not None
