"""What all the questions of a Slack workspace share while they are shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.chat.pacing import Pace, Pause
from bot.chat.slack.abilities import Abilities
from bot.chat.slack.directory import Directory
from bot.chat.slack.leftovers import Leftovers
from bot.chat.slack.posting import Posting
from bot.chat.slack.trail import Owner
from bot.core.inbox import QuestionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the settings say about how answers look.

    `stale_after` is by source; `experts` are the groups of people that can be asked, by
    channel.
    """

    stale_after: Mapping[str, timedelta] = field(default_factory=dict)
    experts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What all questions of a workspace share while they are shown."""

    posting: Posting
    directory: Directory
    team: str
    bot: str
    owner: Owner
    look: Look
    stop: Callable[[QuestionId], object]
    now: Callable[[], datetime]
    clock: Callable[[], float]
    pause: Pause
    pace: Pace
    abilities: Abilities
    left: Leftovers
