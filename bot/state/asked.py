"""A question as it came in, as a row and back."""

import json
from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from bot.core.inbox import Incoming, Kind, Origin
from bot.core.model import ConversationId, Language
from bot.state.schema import questions


def row(incoming: Incoming, /) -> dict[str, Any]:
    """Return what is stored of a question; NUL and lone surrogates are escaped."""
    origin = incoming.origin
    return {
        "kind": incoming.kind.value,
        "surface": origin.surface,
        "event": incoming.event,
        "workspace": origin.workspace,
        "channel": origin.channel,
        "thread": origin.thread,
        "message": origin.message,
        "asker": incoming.asker,
        "conversation": incoming.conversation,
        "text": incoming.text,
        "language": incoming.language.value,
        "hints": json.dumps(dict(incoming.hints)),
        "asked_at": incoming.asked_at,
        "expires_at": incoming.expires_at,
        "due_at": incoming.due_at,
    }


def incoming(stored: Any, /) -> Incoming:
    """Return the question of a row."""
    return Incoming(
        event=stored.event,
        kind=Kind(stored.kind),
        origin=Origin(
            surface=stored.surface,
            channel=stored.channel,
            workspace=stored.workspace,
            thread=stored.thread,
            message=stored.message,
        ),
        asker=stored.asker,
        conversation=ConversationId(stored.conversation),
        text=stored.text,
        language=Language(stored.language),
        asked_at=stored.asked_at,
        expires_at=stored.expires_at,
        hints=json.loads(stored.hints),
        fleeting=stored.gone_at is not None,
        due_at=stored.due_at,
    )


def beside(origin: Origin, /) -> ColumnElement[bool]:
    """Say that a question was asked in this channel."""
    return and_(
        questions.c.surface == origin.surface,
        questions.c.workspace == origin.workspace,
        questions.c.channel == origin.channel,
    )


def answerable_at(origin: Origin, /) -> ColumnElement[bool]:
    """Say that an answer to a question can stand in this channel.

    What was asked by no message there, such as by a command, may be answered anywhere:
    the ids of messages are unlike all others of a workspace, as good as always.
    """
    elsewhere = and_(
        questions.c.surface == origin.surface,
        questions.c.workspace == origin.workspace,
        questions.c.message.is_(None),
        questions.c.thread.is_(None),
    )
    return or_(beside(origin), elsewhere)


def asks(origin: Origin, /) -> ColumnElement[bool]:
    """Say that this message asks the question."""
    return and_(beside(origin), questions.c.message == origin.message)
