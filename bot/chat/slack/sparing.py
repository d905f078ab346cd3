"""Keeps a flood of messages from being answered by a flood of notices."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

MINUTE: Final = timedelta(minutes=1)

TIMES: Final = 5
"""So many places in which one person is told something within a minute."""


@dataclass(frozen=True, slots=True)
class _Told:
    event: str
    at: datetime


@dataclass(slots=True)
class Sparing:
    """Remembers for a minute who was told something where, and because of what.

    Whoever asks twice about the same event hears the same.
    """

    _told: dict[str, dict[str, _Told]] = field(default_factory=dict)

    def allows(self, person: str, place: str, event: str, /, *, now: datetime) -> bool:
        """Whether a person is to be told; that counts as done."""
        self._forget(now)
        told = self._told.setdefault(person, {})
        if place not in told and len(told) < TIMES:
            told[place] = _Told(event, now)
        return place in told and told[place].event == event

    def _forget(self, now: datetime) -> None:
        for person, told in list(self._told.items()):
            kept = {place: each for place, each in told.items() if _fresh(each, now)}
            if kept:
                self._told[person] = kept
            else:
                del self._told[person]


def _fresh(told: _Told, now: datetime) -> bool:
    return now - told.at < MINUTE
