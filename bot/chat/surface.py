"""What a chat platform does for the desk: it knows its people and shows answers."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from pydantic import TypeAdapter

from bot.core.access import Audience
from bot.core.inbox import Claim, Incoming
from bot.core.model import Answer, AnswerEvent, Language, Outcome, Reason
from bot.core.ports import Place
from bot.core.thread import Thread

Earlier: TypeAlias = Callable[[Incoming], Awaitable[Thread | None]]
"""Reads what was said in the thread of a question; None for one outside of threads."""

Posted: TypeAlias = Callable[[str], Awaitable[None]]
"""Takes the id of a message of ours at once, before anything else is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a question ended, as it is stored before it is shown.

    `text` is the answer, or the sentence that stands in its place. `limited` says why
    fewer documents were used than the asker might expect, `reason` why there is no
    answer.
    """

    outcome: Outcome
    language: Language
    text: str
    answer: Answer | None = None
    limited: str | None = None
    reason: Reason | None = None


_ENDED = TypeAdapter(Ended)


def packed(ended: Ended, /) -> str:
    """Return an ending as text that outlives the process."""
    return _ENDED.dump_json(ended).decode()


def unpacked(content: str, /) -> Ended:
    """Return the ending that was packed."""
    return _ENDED.validate_json(content)


class Showing(Protocol):
    """One question as its asker sees it, from the first sign to the end."""

    def moved(self, place: Place, /) -> None:
        """Show how far it is from its turn, when there is time for it."""

    async def show(self, event: AnswerEvent, /) -> None:
        """Show that something happens, or the next sentence.

        What cannot be shown now is left out: `end` makes up for it.
        """

    async def end(self, ended: Ended, /) -> None:
        """Show how it ended, whole, and once.

        What an earlier attempt left is completed or replaced and nothing is said
        twice. May be called again after `Unavailable`. Where there is no place left
        to show it, such as a thread that was deleted, nothing is done. Raises
        `PassedOver` for an answer that is kept back on purpose.
        """


class Surface(Protocol):
    """A platform where people ask."""

    @property
    def name(self) -> str:
        """What the inbox calls it."""

    async def audience(self, incoming: Incoming, /) -> Audience:
        """Find out anew who will see the answer; what is unknown sees nothing."""

    def showing(
        self, claim: Claim, posted: Posted, /
    ) -> AbstractAsyncContextManager[Showing]:
        """Begin to show a question; what an earlier attempt posted is taken over."""
