"""Conversations and their questions, looked up: the ports `Threads` and `Askings`."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, exists, func, or_, select, update

from bot.core.inbox import Incoming, Kind, Origin, QuestionId
from bot.core.model import ConversationId, Language, Outcome
from bot.state import asked
from bot.state.database import Database, uninterrupted
from bot.state.questions import OPEN
from bot.state.schema import conversations, posts, questions

_SAID: Final = exists().where(posts.c.question == questions.c.id)
_TO_US: Final = or_(questions.c.kind != Kind.OVERHEARD.value, _SAID)
"""What was overheard is nothing that anybody asked us until we say something."""


class SqlThreads:
    """Looks into the questions of the state database."""

    def __init__(self, database: Database, /) -> None:
        self._database = database

    # --- where people are answered -----------------------------------------------

    async def engaged(
        self, conversation: ConversationId, /, *, since: datetime
    ) -> bool:
        """Whether something was asked there since, and nobody wanted silence."""
        statement = (
            select(questions.c.number)
            .join(conversations, conversations.c.id == questions.c.conversation)
            .where(
                questions.c.conversation == conversation,
                questions.c.received_at >= since,
                _TO_US,
                conversations.c.hushed_at.is_(None),
            )
        )
        found = await self._database.look(lambda c: c.scalar(statement.limit(1)))
        return found is not None

    @uninterrupted
    async def hush(self, conversation: ConversationId, /, *, now: datetime) -> bool:
        """Stay out until `resume`; false where nobody was answered, or is hushed."""
        hushed = (
            update(conversations)
            .where(
                conversations.c.id == conversation,
                conversations.c.hushed_at.is_(None),
            )
            .values(hushed_at=now)
        )
        return await self._database.change(lambda c: bool(c.execute(hushed).rowcount))

    @uninterrupted
    async def resume(self, conversation: ConversationId, /) -> None:
        """Be there again."""
        hushed = select(conversations.c.id).where(
            conversations.c.id == conversation, conversations.c.hushed_at.is_not(None)
        )
        if await self._database.look(lambda c: c.scalar(hushed)) is None:
            return
        resumed = (
            update(conversations)
            .where(conversations.c.id == conversation)
            .values(hushed_at=None)
        )
        await self._database.change(lambda c: c.execute(resumed))

    async def language(self, conversation: ConversationId, /) -> Language | None:
        """Return the language of what was asked there last, if anything was."""
        statement = (
            select(questions.c.language)
            .where(questions.c.conversation == conversation, _TO_US)
            .order_by(questions.c.number.desc())
            .limit(1)
        )
        found = await self._database.look(lambda c: c.scalar(statement))
        return None if found is None else Language(found)

    async def opened_by(
        self, origin: Origin, /, *, asker: str
    ) -> ConversationId | None:
        """Return the conversation in which a message of ours answered this person."""
        statement = (
            select(questions.c.conversation)
            .join(posts, posts.c.question == questions.c.id)
            .where(
                posts.c.message == origin.message,
                questions.c.surface == origin.surface,
                questions.c.workspace == origin.workspace,
                questions.c.asker == asker,
            )
        )
        return await self._database.look(lambda c: c.scalar(statement.limit(1)))

    # --- the questions in them -----------------------------------------------------

    async def incoming(self, question: QuestionId, /) -> Incoming | None:
        """Return a question as it came in; its text is empty once forgotten."""
        statement = select(questions).where(questions.c.id == question)
        found = await self._database.look(lambda c: c.execute(statement).one_or_none())
        return None if found is None else asked.incoming(found)

    async def staged(self, question: QuestionId, /) -> str | None:
        """Return the answer as it was staged, if it was not forgotten."""
        statement = select(questions.c.staged).where(questions.c.id == question)
        return await self._database.look(lambda c: c.scalar(statement))

    async def outcome(self, question: QuestionId, /) -> Outcome | None:
        """Return how a question ended; None while it is open, and if never asked."""
        statement = select(questions.c.outcome).where(questions.c.id == question)
        found = await self._database.look(lambda c: c.scalar(statement))
        return None if found is None else Outcome(found)

    async def open_in(
        self, conversation: ConversationId, /
    ) -> Sequence[tuple[QuestionId, str]]:
        """Return the open questions of a conversation, with who asked each."""
        found = await self._open(questions.c.conversation == conversation)
        return [(row.id, row.asker) for row in found]

    async def open_of(
        self, asker: str, /, *, surface: str, without: Collection[Kind] = ()
    ) -> Sequence[QuestionId]:
        """Return the open questions of a person, but for some kinds."""
        found = await self._open(
            questions.c.surface == surface,
            questions.c.asker == asker,
            questions.c.kind.not_in([kind.value for kind in without]),
        )
        return [row.id for row in found]

    async def overheard(self, origin: Origin, /, *, since: datetime) -> int:
        """Count what was overheard in a channel since, and is answered or may be."""
        statement = select(func.count()).where(
            asked.beside(origin),
            questions.c.kind == Kind.OVERHEARD.value,
            questions.c.received_at >= since,
            or_(OPEN, _SAID),
        )
        return await self._database.look(lambda c: c.execute(statement).scalar_one())

    async def messages(self, question: QuestionId, /) -> tuple[str, ...]:
        """Return the ids of our messages that show its answer, in order."""
        statement = (
            select(posts.c.message)
            .where(posts.c.question == question)
            .order_by(posts.c.number)
        )
        return await self._database.look(lambda c: tuple(c.scalars(statement)))

    async def recent(
        self, asker: str, /, *, surface: str, limit: int
    ) -> Sequence[Incoming]:
        """Return what a person asked last, newest first, but for what is forgotten."""
        statement = (
            select(questions)
            .where(
                questions.c.surface == surface,
                questions.c.asker == asker,
                questions.c.text != "",
                _TO_US,
            )
            .order_by(questions.c.number.desc())
            .limit(limit)
        )
        rows = await self._database.look(lambda c: c.execute(statement).all())
        return [asked.incoming(row) for row in rows]

    @uninterrupted
    async def replace(
        self, question: QuestionId, text: str, language: Language, /
    ) -> bool:
        """Have a question ask something else; false once anybody worked on it."""
        replaced = (
            update(questions)
            .where(OPEN, questions.c.id == question, questions.c.attempt == 0)
            .values(text=text, language=language.value)
        )
        return await self._database.change(lambda c: bool(c.execute(replaced).rowcount))

    async def _open(self, *those: ColumnElement[bool]) -> Sequence[Any]:
        statement = (
            select(questions.c.id, questions.c.asker)
            .where(OPEN, *those)
            .order_by(questions.c.number)
        )
        return await self._database.look(lambda c: c.execute(statement).all())
