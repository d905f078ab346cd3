"""What was said in a thread before a question: read when needed, and never kept."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Reading(StrEnum):
    """Whether a thread could be read."""

    READ = "read"
    FORBIDDEN = "forbidden"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody said in a thread; anybody may have written anything there.

    `author` is a name, `place` counts the messages of the thread from 1: of a long one
    some are left out. `text` mentions nobody.
    """

    place: int
    author: str
    text: str
    said_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """The messages of a thread before a question, oldest first, but for our own.

    `count` is how many there were, or of a thread that is too long to be listed how
    many were found; `said` are those that were read.
    """

    said: tuple[Said, ...] = ()
    count: int = 0
    reading: Reading = Reading.READ
