"""Has answering step back while questions come in faster than they are stored."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

MANY: Final = 5
"""Deliveries that are taken at one time; at 50 a second each then takes 0.1 s."""

FEW: Final = 2
"""Questions that are begun to be answered meanwhile."""


class Rush:
    """Counts the deliveries that are being taken.

    A platform waits seconds for hearing that a question was taken, and who asked waits
    for the answer anyway.
    """

    def __init__(self) -> None:
        self._taking = 0

    @contextmanager
    def taking(self) -> Iterator[None]:
        """Count a delivery for as long as the block takes."""
        self._taking += 1
        try:
            yield
        finally:
            self._taking -= 1

    def room(self, most: int, /) -> int:
        """Return how many questions may be worked on now, of so many otherwise."""
        return FEW if self._taking >= MANY else most
