"""Makes of a question that was asked the one that somebody asks once more."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Final, assert_never

from bot.chat.slack.taken import Again, AskedAgain, EditAsked
from bot.chat.slack.terms import THREAD, Terms, Us
from bot.core.inbox import Incoming, Kind
from bot.core.model import Language
from bot.text.language import detect

_AT_LENGTH: Final = {
    Language.JA: "詳しく教えてください。",
    Language.EN: "Explain in detail.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """Questions of one workspace, once more: privately, at length, edited, shared."""

    us: Us
    terms: Terms

    def again(
        self, before: Incoming, again: AskedAgain, /, *, now: datetime
    ) -> Incoming:
        """Return a question as somebody asks it once more, pressing once."""
        key = f"{again.how}:{again.question}"
        if again.how is Again.PRIVATELY:
            # Anything else is answered once for all who read it, whoever presses.
            key += f":{again.user}"
        repeated = replace(
            _to_us(before),
            event=key,
            asked_at=now,
            expires_at=now + self.terms.deadline,
        )
        match again.how:
            case Again.PRIVATELY:
                return replace(
                    repeated,
                    kind=Kind.DIRECT,
                    origin=replace(before.origin, thread=None, message=None),
                    asker=again.user,
                    conversation=self.us.alone("privately", key),
                    hints=_thread_of(before),
                )
            case Again.MORE:
                text = f"{before.text}\n{_AT_LENGTH[before.language]}"
                return replace(_below(repeated), text=text, asker=again.user)
            case Again.ANEW:
                return replace(_below(repeated), asker=again.user)
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
            _to_us(before),
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
            conversation=self.us.conversation(channel, thread),
            asked_at=now,
            expires_at=now + self.terms.deadline,
            hints={},
        )


def _to_us(before: Incoming) -> Incoming:
    """Return a question as one that the bot is asked, though it overheard it."""
    if before.kind is not Kind.OVERHEARD:
        return before
    return replace(before, kind=Kind.MENTION, due_at=None)


def _below(repeated: Incoming) -> Incoming:
    """Have a question be asked in the thread of the one that was asked."""
    origin = repeated.origin
    root = origin.thread or origin.message
    return replace(repeated, origin=replace(origin, thread=root, message=None))


def _thread_of(before: Incoming) -> Mapping[str, object]:
    """Say in which thread it was asked, for what it points back to, and when."""
    origin = before.origin
    asked_at = f"{before.asked_at.timestamp():.6f}"
    if origin.thread is None:
        return {}
    where = {
        "channel": origin.channel,
        "thread": origin.thread,
        "message": origin.message or asked_at,
    }
    return {THREAD: where}
