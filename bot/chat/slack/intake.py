"""Reads what Slack delivers: a question, a change to one, or nothing to us.

Pure: whether a thread is one that the bot answers in is for others to find out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, assert_never

from pydantic import ValidationError

from bot.chat.slack import actions, markup
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
    Again,
    Asked,
    AskedAgain,
    CancelMine,
    CompanyChanged,
    Deleted,
    EditAsked,
    Edited,
    FollowedUp,
    HelpWanted,
    Hushed,
    StopPressed,
    Taken,
    WithdrawalWanted,
)
from bot.core.inbox import Incoming, Kind, Origin
from bot.core.model import ConversationId, Language
from bot.text.language import detect
from bot.text.normalise import storable
from bot.text.questions import is_question
from bot.text.quiet import wants_quiet

SURFACE: Final = "slack"

ASK: Final = "/ask"
ABOUT: Final = "shirube_about"
"""The shortcut in the menu of a message that asks about it."""

SHARED: Final = "shared"
"""The hint that Slack itself called the channel shared with others."""

RESPONSE_URL: Final = "response_url"

_KEPT: Final = frozenset({None, "file_share", "thread_broadcast"})
"""Subtypes of what people write; everything else is noise, or comes from programs."""

_BOT_MESSAGE: Final = "bot_message"
_TOMBSTONE: Final = "tombstone"

_CANCEL: Final = frozenset({"cancel", "stop", "キャンセル", "中止", "取り消し"})
_HELP: Final = frozenset({"", "help", "ヘルプ", "使い方"})


_AGAIN: Final = {
    actions.PRIVATELY: Again.PRIVATELY,
    actions.MORE: Again.MORE,
    actions.SHARE: Again.SHARED,
}
_AT_LENGTH: Final = {
    Language.JA: "詳しく教えてください。",
    Language.EN: "Explain in detail.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Us:
    """Who we are in a workspace."""

    team: str
    user: str
    bot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the settings say about questions; `bots` may ask in their channels."""

    deadline: timedelta
    language: Language = Language.JA
    bots: Mapping[str, frozenset[str]] = field(default_factory=dict)


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
                return self._command(delivery, now)
            case Shortcut():
                return self._shortcut(delivery, now)
            case Press():
                return self._press(delivery)
            case _:
                assert_never(delivery)

    def conversation(self, channel: str, thread: str, /) -> ConversationId:
        """Return the conversation that a thread is."""
        return ConversationId(f"{SURFACE}:{self.us.team}:{channel}:{thread}")

    def origin(
        self, channel: str, message: str | None, /, *, thread: str | None = None
    ) -> Origin:
        """Return where a message stands."""
        return Origin(
            surface=SURFACE,
            workspace=self.us.team,
            channel=channel,
            thread=thread,
            message=message,
        )

    def again(
        self, before: Incoming, again: AskedAgain, /, *, now: datetime
    ) -> Incoming:
        """Return a question as somebody asks it once more, pressing once."""
        key = f"{again.how}:{again.question}:{again.user}"
        repeated = replace(
            before, event=key, asked_at=now, expires_at=now + self.terms.deadline
        )
        match again.how:
            case Again.PRIVATELY:
                return replace(
                    repeated,
                    kind=Kind.DIRECT,
                    origin=replace(before.origin, thread=None, message=None),
                    asker=again.user,
                    conversation=self._alone("privately", key),
                    hints={},
                )
            case Again.MORE:
                root = before.origin.thread or before.origin.message
                return replace(
                    repeated,
                    text=f"{before.text}\n{_AT_LENGTH[before.language]}",
                    origin=replace(before.origin, thread=root, message=None),
                    asker=again.user,
                )
            case Again.SHARED:
                raise ValueError("a question is shared once its thread is there")
            case _:
                assert_never(again.how)

    def edited(
        self, before: Incoming, edit: EditAsked, /, *, now: datetime
    ) -> Incoming:
        """Return a question as it is asked since it was edited."""
        root = before.origin.thread or before.origin.message
        return replace(
            before,
            event=f"edited:{edit.question}:{sha256(edit.text.encode()).hexdigest()}",
            text=edit.text,
            language=detect(edit.text, default=before.language),
            origin=replace(before.origin, thread=root, message=None),
            asked_at=now,
            expires_at=now + self.terms.deadline,
        )

    def shared(
        self, before: Incoming, person: str, thread: str, /, *, now: datetime
    ) -> Incoming:
        """Return a question as it is asked in the thread that was opened for it."""
        channel = before.origin.channel
        return replace(
            before,
            event=f"shared:{channel}:{thread}",
            kind=Kind.MENTION,
            origin=replace(before.origin, thread=thread, message=None),
            asker=person,
            conversation=self.conversation(channel, thread),
            asked_at=now,
            expires_at=now + self.terms.deadline,
            hints={},
        )

    # --- events ----------------------------------------------------------------

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
                return Deleted(origin=self.origin(channel, ts))
            case Stop(channel=channel, thread_ts=thread, user=user):
                where = self.conversation(channel, thread)
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
        if kind is None or not self._by_somebody(message):
            return None
        incoming = self._incoming(callback, message, kind, now)
        quiet = message.thread_ts is not None and wants_quiet(incoming.text)
        to_us = not markup.addresses_other(text, bot=self.us.user)
        match kind:
            case Kind.MENTION | Kind.FOLLOW_UP if quiet:
                return Hushed(incoming=incoming)
            case Kind.FOLLOW_UP if to_us and is_question(incoming.text):
                return FollowedUp(incoming=incoming)
            case Kind.FOLLOW_UP:
                return None
            case _:
                return Asked(incoming=incoming)

    def _by_somebody(self, message: Message) -> bool:
        """Whether a person wrote it, or a program that may ask in that channel."""
        if message.user == self.us.user or message.bot_id == self.us.bot:
            return False
        if message.bot_id is None and message.subtype in _KEPT:
            return message.user is not None
        if message.subtype not in _KEPT | {_BOT_MESSAGE}:
            return False
        allowed = self.terms.bots.get(message.channel, frozenset())
        return not allowed.isdisjoint({message.bot_id, message.user})

    def _incoming(
        self, callback: Callback, message: Message, kind: Kind, now: datetime
    ) -> Incoming:
        text = self._plain(message.text or "")
        root = message.thread_ts or message.ts
        hints = {SHARED: True} if callback.is_ext_shared_channel else {}
        return Incoming(
            event=callback.event_id,
            kind=kind,
            origin=self.origin(message.channel, message.ts, thread=message.thread_ts),
            asker=message.user or message.bot_id or "",
            conversation=self.conversation(message.channel, root),
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
        origin = self.origin(edit.channel, edit.message.ts)
        if edit.message.subtype == _TOMBSTONE:
            return Deleted(origin=origin)
        before = edit.previous_message.text if edit.previous_message else None
        same = before is None or before == edit.message.text
        inside = edit.message.model_copy(update={"channel": edit.channel})
        if same or not self._by_somebody(inside):
            return None
        text = self._plain(edit.message.text or "")
        return Edited(
            origin=origin,
            user=edit.message.user or "",
            text=text,
            language=detect(text, default=self.terms.language),
        )

    def _plain(self, text: str) -> str:
        return storable(markup.plain(text, bot=self.us.user))

    # --- what people press and type ----------------------------------------------

    def _command(self, command: Command, now: datetime) -> Taken | None:
        if command.command != ASK:
            return None
        text = self._plain(command.text)
        language = detect(text, default=self.terms.language)
        word = text.casefold()
        if word in _HELP:
            return HelpWanted(user=command.user_id, language=self.terms.language)
        if word in _CANCEL:
            return CancelMine(user=command.user_id, language=language)
        return Asked(
            incoming=Incoming(
                event=f"command:{command.trigger_id}",
                kind=Kind.COMMAND,
                origin=self.origin(command.channel_id, None),
                asker=command.user_id,
                conversation=self._alone("ask", command.trigger_id),
                text=text,
                language=language,
                asked_at=now,
                expires_at=now + self.terms.deadline,
                hints={RESPONSE_URL: command.response_url},
            )
        )

    def _shortcut(self, shortcut: Shortcut, now: datetime) -> Taken | None:
        """Ask what a message asks, for whoever chose that, and answer privately."""
        if shortcut.callback_id != ABOUT:
            return None
        text = self._plain(shortcut.message.text or "")
        return Asked(
            incoming=Incoming(
                event=f"shortcut:{shortcut.trigger_id}",
                kind=Kind.COMMAND,
                origin=self.origin(shortcut.channel.id, None),
                asker=shortcut.user.id,
                conversation=self._alone("about", shortcut.trigger_id),
                text=text,
                language=detect(text, default=self.terms.language),
                asked_at=now,
                expires_at=now + self.terms.deadline,
                hints={RESPONSE_URL: shortcut.response_url},
            )
        )

    def _press(self, press: Press) -> Taken | None:
        for action in press.actions:
            match action.action_id, action.value:
                case actions.STOP, str(question):
                    return StopPressed(user=press.user.id, question=question)
                case actions.ASK_EDITED, str(value):
                    question, _, text = value.partition(":")
                    return EditAsked(question=question, user=press.user.id, text=text)
                case actions.WITHDRAW, str(question):
                    return WithdrawalWanted(question=question, user=press.user.id)
                case name, str(question) if name in _AGAIN:
                    return AskedAgain(
                        question=question, user=press.user.id, how=_AGAIN[name]
                    )
        return None

    def _alone(self, what: str, key: str) -> ConversationId:
        """Return a conversation that nothing else is in."""
        return ConversationId(f"{SURFACE}:{self.us.team}:{what}:{key}")


def _kind(message: Message, *, told: bool) -> Kind | None:
    """Say how a message asks; in channels what is outside of threads must mention."""
    if message.channel_type == "im" or message.channel.startswith("D"):
        return Kind.DIRECT if message.type == "message" else None
    if told or message.type == "app_mention":
        return Kind.MENTION
    return Kind.FOLLOW_UP if message.thread_ts is not None else None
