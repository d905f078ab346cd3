"""What was done before an answer begins, as the cards of a stream tell it."""

from collections.abc import Sequence
from typing import Final

from bot.chat.slack.literal import line, literal
from bot.chat.slack.markup import size
from bot.chat.slack.posting import Json
from bot.core.model import Found, Language, Searching
from bot.text import chatting

_QUERY: Final = 80
"""Characters of what was searched."""


class Progress:
    """Notes what was searched and how much was read; what is begun anew counts last.

    Cards stand above an answer while it is streamed. Its final form has none: who reads
    it then wants the answer.
    """

    def __init__(self, language: Language, /) -> None:
        self._language = language
        self._searched: str | None = None
        self._read: int | None = None

    def note(self, event: Searching | Found, /) -> None:
        """Note a step that was taken."""
        match event:
            case Searching(queries=queries):
                self._searched = next(iter(queries), None)
                self._read = None
            case Found(passages=passages):
                self._read = len({passage.document.id for passage in passages})

    def cards(self) -> list[Json]:
        """Return what begins a stream; nothing where nothing was looked up."""
        cards: list[Json] = []
        if self._searched:
            query = line(literal(self._searched), characters=_QUERY)
            said = chatting.CARD_SEARCHED.say(self._language, query=query)
            cards.append(_done("search", said))
        if self._read:
            said = chatting.CARD_READ.say(self._language, count=self._read)
            cards.append(_done("read", said))
        return cards


def weight(cards: Sequence[Json], /) -> int:
    """Return how many bytes of a stream they take."""
    return sum(size(card["id"]) + size(card["title"]) for card in cards)


def _done(name: str, title: str) -> Json:
    return {"type": "task_update", "id": name, "title": title, "status": "complete"}
