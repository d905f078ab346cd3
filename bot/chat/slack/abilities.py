"""What a workspace turned out not to have, for as long as that is worth believing."""

from collections.abc import Callable
from typing import Final

HOUR: Final = 3600.0
"""Seconds after which something that did not work is tried again."""

STREAMS: Final = "streams"
CARDS: Final = "cards"
SESSIONS: Final = "sessions"
STATUS: Final = "status"


class Abilities:
    """Remembers for an hour what Slack refused, for all answers in a workspace."""

    def __init__(self, clock: Callable[[], float], /) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def has(self, ability: str, /) -> bool:
        """Say whether it is worth trying."""
        return self._clock() >= self._until.get(ability, 0.0)

    def lacks(self, ability: str, /) -> None:
        """Note that it did not work."""
        self._until[ability] = self._clock() + HOUR
