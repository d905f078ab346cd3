"""Reads what people do other than write: commands, shortcuts, presses on buttons."""

from datetime import datetime
from typing import Final

from bot.chat.slack import actions
from bot.chat.slack.payloads import Command, Press, Shortcut
from bot.chat.slack.taken import (
    Again,
    Asked,
    AskedAgain,
    CancelMine,
    EditAsked,
    HelpWanted,
    StopPressed,
    Taken,
    WithdrawalWanted,
)
from bot.chat.slack.terms import RESPONSE_URL, Terms, Us
from bot.core.inbox import Incoming, Kind
from bot.core.model import Language
from bot.text.language import detect

ASK: Final = "/ask"
ABOUT: Final = "shirube_about"
"""The shortcut in the menu of a message that asks about it."""

_CANCEL: Final = frozenset({"cancel", "stop", "キャンセル", "中止", "取り消し"})
_HELP: Final = frozenset({"", "help", "ヘルプ", "使い方"})

_AGAIN: Final = {
    actions.PRIVATELY: Again.PRIVATELY,
    actions.MORE: Again.MORE,
    actions.AGAIN: Again.ANEW,
    actions.SHARE: Again.SHARED,
}


def commanded(
    command: Command, /, *, us: Us, terms: Terms, now: datetime
) -> Taken | None:
    """Read a command; None for one that is not ours."""
    if command.command != ASK:
        return None
    text = us.plain(command.text)
    word = text.casefold()
    if word in _HELP:
        return HelpWanted(user=command.user_id, language=terms.language)
    if word in _CANCEL:
        # Also who writes no English cancels by that word.
        wanted = Language.JA if detect(text) is Language.JA else terms.language
        return CancelMine(user=command.user_id, language=wanted)
    return Asked(
        incoming=Incoming(
            event=f"command:{command.trigger_id}",
            kind=Kind.COMMAND,
            origin=us.origin(command.channel_id, None),
            asker=command.user_id,
            conversation=us.alone("ask", command.trigger_id),
            text=text,
            language=detect(text, default=terms.language),
            asked_at=now,
            expires_at=now + terms.deadline,
            hints={RESPONSE_URL: command.response_url},
        )
    )


def chosen(
    shortcut: Shortcut, /, *, us: Us, terms: Terms, now: datetime
) -> Taken | None:
    """Ask what a message asks, for whoever chose that, and answer privately."""
    if shortcut.callback_id != ABOUT:
        return None
    text = us.plain(shortcut.message.text or "")
    return Asked(
        incoming=Incoming(
            event=f"shortcut:{shortcut.trigger_id}",
            kind=Kind.SHORTCUT,
            origin=us.origin(shortcut.channel.id, None),
            asker=shortcut.user.id,
            conversation=us.alone("about", shortcut.trigger_id),
            text=text,
            language=detect(text, default=terms.language),
            asked_at=now,
            expires_at=now + terms.deadline,
            hints={RESPONSE_URL: shortcut.response_url},
        )
    )


def pressed(press: Press, /) -> Taken | None:
    """Read a press on a button that asks something, or stops it."""
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
