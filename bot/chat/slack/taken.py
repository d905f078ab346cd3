"""What a delivery of Slack is to us, as types."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from bot.core.inbox import Incoming, Origin
from bot.core.model import ConversationId, Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question that is one in any case."""

    incoming: Incoming


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedUp:
    """A question in a thread, if the bot answers there."""

    incoming: Incoming


@dataclass(frozen=True, slots=True, kw_only=True)
class Replied:
    """Somebody said in a thread what is nothing to the bot, such as that it is done."""

    conversation: ConversationId
    user: str
    settled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hushed:
    """Somebody wants silence in a thread, if the bot answers there."""

    incoming: Incoming


class Again(StrEnum):
    """How a question is to be asked once more."""

    PRIVATELY = "privately"
    """To whoever wants it so, by the rights of that person."""

    MORE = "more"
    """At length, where it was answered."""

    ANEW = "anew"
    """As it was, where it had no answer."""

    SHARED = "shared"
    """In its channel, by the rights of that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedAgain:
    """Somebody wants a question to be answered once more."""

    question: str
    user: str
    how: Again


@dataclass(frozen=True, slots=True, kw_only=True)
class EditAsked:
    """Somebody wants a question to be answered as it is since it was edited."""

    question: str
    user: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalWanted:
    """Somebody wants the answer to a question of theirs to go as well."""

    question: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A message says something else now.

    Is it still a question to everybody (`asks`), or one to the bot (`asks_us`)?
    """

    origin: Origin
    user: str
    text: str
    language: Language
    asks: bool = True
    asks_us: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """A message is gone."""

    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class StopPressed:
    """Somebody wants a question to be stopped, or that of a conversation."""

    user: str
    question: str | None = None
    conversation: ConversationId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelMine:
    """Somebody wants all of their own questions to be stopped."""

    user: str
    language: Language


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpWanted:
    """Somebody gave a command with nothing in it."""

    user: str
    language: Language


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyChanged:
    """Who reads a channel may be others now."""

    channel: str


Taken: TypeAlias = (
    Asked
    | FollowedUp
    | Replied
    | Hushed
    | AskedAgain
    | EditAsked
    | Edited
    | Deleted
    | WithdrawalWanted
    | StopPressed
    | CancelMine
    | HelpWanted
    | CompanyChanged
)
