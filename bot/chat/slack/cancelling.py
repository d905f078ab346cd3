"""Stops questions for the people who may, as long as there is time for it."""

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.chat.slack.errands import notice
from bot.chat.slack.overhearing import Stopping
from bot.chat.slack.taken import CancelMine, StopPressed
from bot.chat.slack.terms import SURFACE
from bot.core.inbox import Kind, QuestionId
from bot.core.model import Language, Outcome
from bot.core.ports import Askings, Inbox
from bot.text import phrases, replies


class Cancelling:
    """Has questions end as cancelled, and says where it is too late for that."""

    def __init__(
        self,
        work: Stopping,
        /,
        *,
        inbox: Inbox,
        lookups: Askings,
        clock: Callable[[], datetime],
    ) -> None:
        self._work = work
        self._inbox = inbox
        self._lookups = lookups
        self._clock = clock

    async def meant(self, pressed: StopPressed, /) -> Sequence[tuple[QuestionId, str]]:
        """Return the questions that a press is about, with who asked each."""
        if pressed.conversation is not None:
            return await self._lookups.open_in(pressed.conversation)
        question = QuestionId(pressed.question or "")
        incoming = await self._lookups.incoming(question)
        return [] if incoming is None else [(question, incoming.asker)]

    async def stop(
        self, questions: Sequence[QuestionId], language: Language, /
    ) -> str | None:
        """Stop questions; returns that it is too late for one of them."""
        stopped = [await self._cancelled(question) for question in questions]
        return None if all(stopped) else replies.TOO_LATE.say(language)

    async def stop_all(self, mine: CancelMine, /) -> str:
        """Stop what can be stopped, and say of how much that is true."""
        questions = await self._lookups.open_of(mine.user, surface=SURFACE)
        if not questions:
            return replies.NOTHING_OPEN.say(mine.language)
        stopped = [await self._cancelled(question) for question in questions]
        said = []
        if any(stopped):
            count = sum(stopped)
            said.append(replies.STOPPED_MINE.say(mine.language, count=count))
        if not all(stopped):
            said.append(replies.TOO_LATE.say(mine.language))
        return "\n".join(said)

    async def _cancelled(self, question: QuestionId) -> bool:
        """Stop a question; who works on it says so, or the outbox does.

        False when it is too late: a question has one outcome that people see.
        """
        incoming = await self._lookups.incoming(question)
        if incoming is None:
            return False
        if self._work.stop(question):
            return True
        told = notice(f"stopped:{question}", incoming, phrases.QUESTION_CANCELLED)
        return await self._inbox.end(
            question,
            Outcome.CANCELLED,
            now=self._clock(),
            notices=[] if incoming.kind is Kind.OVERHEARD else [told],
        )
