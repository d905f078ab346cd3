"""What a chat platform asks about conversations and the questions in them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from bot.core.inbox import Incoming, Kind, Origin, QuestionId
from bot.core.model import ConversationId, Language, Outcome


class Threads(Protocol):
    """Where people are answered who do not mention anybody."""

    async def engaged(
        self, conversation: ConversationId, /, *, since: datetime
    ) -> bool:
        """Whether something was asked there since, and nobody wanted silence.

        What was overheard was asked once a message of ours answers it.
        """

    async def hush(self, conversation: ConversationId, /, *, now: datetime) -> bool:
        """Stay out until `resume`; false where nobody was answered, or is hushed."""

    async def resume(self, conversation: ConversationId, /) -> None:
        """Be there again."""

    async def language(self, conversation: ConversationId, /) -> Language | None:
        """Return the language of what was asked there last, if anything was."""

    async def opened_by(
        self, origin: Origin, /, *, asker: str
    ) -> ConversationId | None:
        """Return the conversation in which a message of ours answered this person.

        The channel does not matter: a command is answered in another one.
        """


class Askings(Protocol):
    """Questions as people refer to them, long after they came in."""

    async def incoming(self, question: QuestionId, /) -> Incoming | None:
        """Return a question as it came in; its text is empty once that is forgotten.

        So are its hints. None for one that never was.
        """

    async def staged(self, question: QuestionId, /) -> str | None:
        """Return the answer as it was staged, if it was not forgotten."""

    async def outcome(self, question: QuestionId, /) -> Outcome | None:
        """Return how a question ended; None while it is open, and if never asked."""

    async def open_in(
        self, conversation: ConversationId, /
    ) -> Sequence[tuple[QuestionId, str]]:
        """Return the open questions of a conversation, with who asked each."""

    async def open_of(
        self, asker: str, /, *, surface: str, without: Collection[Kind] = ()
    ) -> Sequence[QuestionId]:
        """Return the open questions of a person, but for some kinds."""

    async def overheard(self, origin: Origin, /, *, since: datetime) -> int:
        """Count what was overheard in a channel since, and we answer or may."""

    async def recent(
        self, asker: str, /, *, surface: str, limit: int
    ) -> Sequence[Incoming]:
        """Return what a person asked last, newest first, but for what is forgotten.

        What was overheard was asked once a message of ours answers it.
        """

    async def messages(self, question: QuestionId, /) -> tuple[str, ...]:
        """Return the ids of our messages that show its answer, in order."""

    async def replace(
        self, question: QuestionId, text: str, language: Language, /
    ) -> bool:
        """Have a question ask something else; false once anybody worked on it."""
