"""The words of the durable inbox: questions on their way to their one outcome.

Every id here is a platform's own, and means nothing to us but that it is the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from bot.core.model import ConversationId, Language

QuestionId = NewType("QuestionId", str)


class Kind(StrEnum):
    """How a question was asked."""

    MENTION = "mention"
    FOLLOW_UP = "follow_up"
    COMMAND = "command"
    DIRECT = "direct"
    SHORTCUT = "shortcut"
    OVERHEARD = "overheard"
    CONSOLE = "console"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a question was asked.

    `surface` is what can show an answer there, such as one chat platform;
    `workspace` is a team or a guild, empty where there is none. `message` is the one
    that asks, within its channel; None for a question that is no message. `thread`
    is None outside of threads.
    """

    surface: str
    channel: str
    workspace: str = ""
    thread: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A question as it came in, before anybody looked into it.

    `event` is the delivery, which the platform may repeat. `asked_at` is the
    platform's time, which orders the questions of a conversation. `hints` are what
    the surface wants to know again when it answers, such as who else was there; they
    must be JSON. `fleeting` is a question that only the process which accepted it can
    show an answer to: when that is gone, it has failed. Before `due_at` nobody answers
    it, and afterwards it counts as asked then.
    """

    event: str
    kind: Kind
    origin: Origin
    asker: str
    conversation: ConversationId
    text: str
    language: Language
    asked_at: datetime
    expires_at: datetime
    hints: Mapping[str, object] = field(default_factory=dict)
    fleeting: bool = False
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The id of a stored question, and whether it was not there before.

    `refused` is a new one that was too many, and has ended. `again` says that the same
    event had come before, and not only another one of the same message.
    """

    question: QuestionId
    new: bool
    refused: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to answer a question, which one worker has at a time.

    `attempt` counts the claims of the question from 1 and tells them apart.
    `staged` and `posted` are what earlier ones left: the answer that was about to be
    shown, and the ids of the messages that show some of it, in order.
    """

    question: QuestionId
    attempt: int
    incoming: Incoming
    staged: str | None = None
    posted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How many questions of one person are being answered, and how many wait."""

    running: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a surface has to tell somebody, however often it must try.

    Of two with one `key` only the first is kept. `content` says where to and what,
    as the surface likes.
    """

    key: str
    surface: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How many open questions a person may have on a surface, overheard ones aside.

    Of one that is too many the person hears what `telling` makes of its id, if
    anything; it is called on the loop, within a transaction, and perhaps twice.
    """

    open: int
    telling: Callable[[QuestionId], Notice | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """The right to deliver a notice; `attempt` as that of a `Claim`."""

    notice: Notice
    attempt: int
