"""Reads what Slack delivers: a question, a change to one, or nothing to us.

Pure: whether a thread is one that the bot answers in is for others to find out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
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
    StopPressed,
    Taken,
)
from bot.chat.slack.terms import SHARED, Terms, Us
from bot.core.inbox import Incoming, Kind
from bot.text.language import detect
from bot.text.questions import is_question
from bot.text.quiet import wants_quiet
from bot.text.threads import wants_summary

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
        quiet = message.thread_ts is not None and wants_quiet(incoming.text)
        to_us = not markup.addresses_other(text, bot=self.us.user)
        match kind:
            case Kind.MENTION | Kind.FOLLOW_UP if quiet:
                return Hushed(incoming=incoming)
            case Kind.FOLLOW_UP if to_us and _asks(incoming.text):
                return FollowedUp(incoming=incoming)
            case Kind.FOLLOW_UP:
                return None
            case _:
                return Asked(incoming=incoming)

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
        )


def _asks(text: str) -> bool:
    return is_question(text) or wants_summary(text)


def _kind(message: Message, *, told: bool) -> Kind | None:
    """Say how a message asks; in channels what is outside of threads must mention."""
    if message.channel_type == "im" or message.channel.startswith("D"):
        return Kind.DIRECT if message.type == "message" else None
    if told or message.type == "app_mention":
        return Kind.MENTION
    return Kind.FOLLOW_UP if message.thread_ts is not None else None
