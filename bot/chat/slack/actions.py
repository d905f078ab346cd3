"""What the buttons below an answer are called, and what a press of them carries.

The value of every button is the id of its question, so that a press needs no look at
the message it was on.
"""

from typing import Final

STOP: Final = "shirube_stop"
MORE: Final = "shirube_more"
VERDICT: Final = "shirube_verdict"
"""Both thumbs; the value is `good:<question>` or `bad:<question>`."""

AGAIN: Final = "shirube_again"
"""Ask the same question once more, where it had no answer."""

PRIVATELY: Final = "shirube_privately"
"""Answer the same question to who presses, by that person's own rights."""

PERSON: Final = "shirube_person"
"""Call people: the group that the settings name for the channel."""

SHARE: Final = "shirube_share"
"""Ask the same question in its channel; below answers to a command only."""

PASSAGE: Final = "shirube_passage"
"""Show what a source says; the id goes on with `:` and the number of the source."""

LINK: Final = "shirube_link"
"""Opens a source in the browser, with nothing to do but to acknowledge it."""

WITHDRAW: Final = "shirube_withdraw"
"""Take away the answer to a question that its asker deleted."""

ASK_EDITED: Final = "shirube_ask_edited"
"""Ask what a question says since it was edited; its text follows the id and a `:`."""

VALUE: Final = 2_000
"""Characters that the value of a button has at most."""

GOOD: Final = "good"
BAD: Final = "bad"


def numbered(action: str, number: int, /) -> str:
    """Return the id of one of several like buttons; each needs its own."""
    return f"{action}:{number}"


def number(action_id: str, /) -> int | None:
    """Return the number in such an id."""
    _, _, digits = action_id.partition(":")
    return int(digits) if digits.isascii() and digits.isdigit() else None


_KINDS: Final = frozenset(
    [
        *(STOP, MORE, AGAIN, PRIVATELY, PERSON, SHARE, PASSAGE, LINK),
        *(WITHDRAW, ASK_EDITED),
    ]
)


def kind(action_id: str, value: str, /) -> str:
    """Return what kind of a button it is, in one of a fixed few words."""
    thumb = verdict(value) if action_id == VERDICT else None
    if thumb is not None:
        return thumb[0]
    name, _, _ = action_id.partition(":")
    return name.removeprefix("shirube_") if name in _KINDS else "other"


def edited(question: str, text: str, /) -> str | None:
    """Return the value for a question that was edited, if it is not too long."""
    value = f"{question}:{text}"
    return value if len(value) <= VALUE else None


def verdict(value: str, /) -> tuple[str, str] | None:
    """Read the value of a thumb: the verdict, and the id of the question."""
    found, _, question = value.partition(":")
    return (found, question) if found in {GOOD, BAD} and question else None
