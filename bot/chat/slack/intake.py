"""Reads what Slack delivers: a question, a change to one, or nothing to us.

Pure: whether a thread is one that the bot answers in is for others to find out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, assert_never

from pydantic import ValidationError

from bot.chat.slack import markup
from bot.chat.slack.authors import by_somebody
from bot.chat.slack.gestures import chosen, commanded, pressed
from bot.chat.slack.payloads import (
    DELIVERY,
    Callback,
    Command,
    Deletion,
    Edit,
    Joined,
    Message,
    Press,
    Shortcut,
    Stop,
    moment,
)
from bot.chat.slack.taken import (
    Asked,
    CompanyChanged,
    Deleted,
    Edited,
    FollowedUp,
    Hushed,
    Replied,
    StopPressed,
    Taken,
)
from bot.chat.slack.terms import SHARED, Terms, Us
from bot.core.inbox import Incoming, Kind
from bot.text.language import detect
from bot.text.questions import asks_in_words, is_question
from bot.text.quiet import wants_quiet
from bot.text.settled import is_settled
from bot.text.threads import wants_summary

STALE: Final = timedelta(minutes=5)
"""How long after its time a question to everybody may still be answered unasked."""

_TOMBSTONE: Final = "tombstone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Reads deliveries for one installation of the bot."""

    us: Us
    terms: Terms

    def read(self, body: Mapping[str, Any], /, *, now: datetime) -> Taken | None:
        """Say what a delivery is to us; what has no shape that we know is nothing."""
        try:
            delivery = DELIVERY.validate_python(body)
        except ValidationError:
            return None
        match delivery:
            case Callback(event=event):
                return self._event(delivery, event, now)
            case Command():
                return commanded(delivery, us=self.us, terms=self.terms, now=now)
            case Shortcut():
                return chosen(delivery, us=self.us, terms=self.terms, now=now)
            case Press():
                return pressed(delivery)
            case _:
                assert_never(delivery)

    def _event(
        self,
        callback: Callback,
        event: Message | Edit | Deletion | Stop | Joined,
        now: datetime,
    ) -> Taken | None:
        match event:
            case Message():
                return self._message(callback, event, now)
            case Edit():
                return self._edit(event)
            case Deletion(channel=channel, deleted_ts=ts):
                return Deleted(origin=self.us.origin(channel, ts))
            case Stop(channel=channel, thread_ts=thread, user=user):
                where = self.us.conversation(channel, thread)
                return StopPressed(user=user, conversation=where)
            case Joined(channel=channel):
                return CompanyChanged(channel=channel)
            case _:
                assert_never(event)

    def _message(
        self, callback: Callback, message: Message, now: datetime
    ) -> Taken | None:
        text = message.text or ""
        kind = _kind(message, told=self.us.user in markup.mentioned(text))
        if kind is None or not by_somebody(message, us=self.us, terms=self.terms):
            return None
        incoming = self._incoming(callback, message, kind, now)
        within = kind is Kind.DIRECT or message.thread_ts is not None
        quiet = within and wants_quiet(incoming.text)
        to_us = not markup.addresses_other(text, bot=self.us.user)
        match kind:
            case Kind.OVERHEARD:
                return self._overheard(message, incoming, now)
            case Kind.MENTION | Kind.FOLLOW_UP | Kind.DIRECT if quiet:
                return Hushed(incoming=incoming)
            case Kind.FOLLOW_UP if to_us and _asks(incoming.text):
                return FollowedUp(incoming=incoming)
            case Kind.FOLLOW_UP:
                return self._replied(incoming)
            case _:
                return Asked(incoming=incoming)

    def _overheard(
        self, message: Message, incoming: Incoming, now: datetime
    ) -> Taken | None:
        """Read a question to everybody, where the bot may answer those after a while.

        When that while is long over, nobody waits for the bot to say something.
        """
        overhears = self.terms.overhears.get(message.channel)
        asks = message.bot_id is None and self._asks_everybody(message.text or "")
        if overhears is None or not asks:
            return None
        due_at = incoming.asked_at + overhears.after
        expires_at = due_at + min(self.terms.deadline, STALE)
        if expires_at <= now:
            return None
        return Asked(incoming=replace(incoming, due_at=due_at, expires_at=expires_at))

    def _replied(self, incoming: Incoming) -> Taken | None:
        if incoming.origin.channel not in self.terms.overhears:
            return None
        return Replied(
            conversation=incoming.conversation,
            user=incoming.asker,
            settled=is_settled(incoming.text),
        )

    def _asks_everybody(self, text: str) -> bool:
        """Whether a message asks something, and no one person or group."""
        to_all = markup.addresses_everybody(text, bot=self.us.user)
        return to_all and asks_in_words(self.us.plain(text))

    def _incoming(
        self, callback: Callback, message: Message, kind: Kind, now: datetime
    ) -> Incoming:
        text = self.us.plain(message.text or "")
        root = message.thread_ts or message.ts
        hints = {SHARED: True} if callback.is_ext_shared_channel else {}
        return Incoming(
            event=callback.event_id,
            kind=kind,
            origin=self.us.origin(
                message.channel, message.ts, thread=message.thread_ts
            ),
            asker=message.user or message.bot_id or "",
            conversation=self.us.conversation(message.channel, root),
            text=text,
            language=detect(text, default=self.terms.language),
            asked_at=moment(message.ts),
            expires_at=now + self.terms.deadline,
            hints=hints,
        )

    def _edit(self, edit: Edit) -> Taken | None:
        """Read an edit; previews of links change a message as well, but not its text.

        A mention that an edit adds asks nothing.
        """
        origin = self.us.origin(edit.channel, edit.message.ts)
        if edit.message.subtype == _TOMBSTONE:
            return Deleted(origin=origin)
        before = edit.previous_message.text if edit.previous_message else None
        same = before is None or before == edit.message.text
        inside = edit.message.model_copy(update={"channel": edit.channel})
        if same or not by_somebody(inside, us=self.us, terms=self.terms):
            return None
        text = self.us.plain(edit.message.text or "")
        return Edited(
            origin=origin,
            user=edit.message.user or "",
            text=text,
            language=detect(text, default=self.terms.language),
            asks=self._asks_everybody(edit.message.text or "") and not is_settled(text),
            asks_us=self._asks_us(inside, text),
        )

    def _asks_us(self, edited: Message, text: str) -> bool:
        """Whether what was a question to the bot may be one still."""
        written = edited.text or ""
        match _kind(edited, told=self.us.user in markup.mentioned(written)):
            case Kind.DIRECT:
                return True
            case Kind.MENTION:
                return _asks(text) or not (is_settled(text) or wants_quiet(text))
            case _:
                to_us = not markup.addresses_other(written, bot=self.us.user)
                return to_us and _asks(text)


def _asks(text: str) -> bool:
    return is_question(text) or wants_summary(text)


def _kind(message: Message, *, told: bool) -> Kind | None:
    """Say how a message asks; it may also ask nothing, or not the bot."""
    if message.channel_type == "im" or message.channel.startswith("D"):
        return Kind.DIRECT if message.type == "message" else None
    if told or message.type == "app_mention":
        return Kind.MENTION
    return Kind.FOLLOW_UP if message.thread_ts is not None else Kind.OVERHEARD
