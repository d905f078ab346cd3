"""The windows that open when a button is pressed: values in, views out."""

from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter, ValidationError

from bot.chat.slack.literal import line, literal, unfollowed
from bot.chat.slack.posting import Json
from bot.chat.slack.pressed import Submitted
from bot.core.feedback import NOTE, Complaint
from bot.core.model import Citation, Language, source_of
from bot.text import phrases, pressing
from bot.text.normalise import printable, storable
from bot.text.parts import parts
from bot.text.phrases import Phrase

REASONS: Final = "shirube_reasons"
"""The window that asks why an answer did not help."""

_TITLE: Final = 250

_SECTION: Final = 2_900
"""Characters of a block of text; Slack takes 3,000."""

_SECTIONS: Final = 90
"""Blocks of a quote; a window has 100 at most."""

_WHY: Final = "why"
_NOTE: Final = "note"

_COMPLAINTS: Final = {
    Complaint.WRONG: pressing.WRONG,
    Complaint.OUTDATED: pressing.OUTDATED,
    Complaint.NOT_FOUND: pressing.NOT_FOUND,
    Complaint.OTHER: pressing.OTHER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """Which answer a window is about, and where that stands."""

    question: str
    channel: str
    thread: str | None = None


_MATTER = TypeAdapter(Matter)


def reasons(matter: Matter, language: Language, /) -> Json:
    """Return the window that asks why an answer did not help."""
    options = [
        {"text": _plain(phrase.say(language)), "value": complaint.value}
        for complaint, phrase in _COMPLAINTS.items()
    ]
    why = {"type": "radio_buttons", "action_id": _WHY, "options": options}
    note = {
        "type": "plain_text_input",
        "action_id": _NOTE,
        "multiline": True,
        "max_length": NOTE,
    }
    return _modal(pressing.REASONS, language) | {
        "callback_id": REASONS,
        "private_metadata": _MATTER.dump_json(matter).decode(),
        "submit": _plain(pressing.SEND.say(language)),
        "blocks": [
            _input(_WHY, pressing.WHY, why, language),
            _input(_NOTE, pressing.NOTE, note, language) | {"optional": True},
        ],
    }


def passage(citation: Citation, language: Language, /) -> Json:
    """Return the window that shows what a source says, every word of it literal."""
    place = " › ".join([citation.title, *citation.heading_path])
    title = f"[{citation.number}] {line(literal(place), characters=_TITLE)}"
    facts = [line(source_of(citation.document), characters=_TITLE)]
    if citation.updated_at is None:
        facts.append(phrases.UNDATED.say(language))
    else:
        day = f"{citation.updated_at:%Y-%m-%d}"
        dated = phrases.REVIEWED if citation.reviewed else phrases.UPDATED
        facts.append(dated.say(language, date=day))
    quote = parts(unfollowed(printable(citation.quote)), limit=_SECTION, size=len)
    said = [part.shown for part in quote][:_SECTIONS] or ["…"]
    return _modal(pressing.PASSAGE, language) | {
        "blocks": [
            {"type": "section", "text": _plain(title)},
            *({"type": "section", "text": _plain(text)} for text in said),
            {"type": "context", "elements": [_plain(" · ".join(facts))]},
        ],
    }


def matter_of(sent: Submitted, /) -> Matter | None:
    """Return what a window that was sent off is about."""
    try:
        return _MATTER.validate_json(sent.view.private_metadata)
    except ValidationError:
        return None


def complaint_of(sent: Submitted, /) -> tuple[Complaint, str]:
    """Return why an answer did not help, and what was written about that."""
    chosen = sent.view.state.of(_WHY).selected_option
    known = {complaint.value: complaint for complaint in Complaint}
    complaint = known.get(chosen.value if chosen else "", Complaint.OTHER)
    return complaint, storable(sent.view.state.of(_NOTE).value or "")[:NOTE]


def _modal(title: Phrase, language: Language) -> Json:
    return {
        "type": "modal",
        "title": _plain(title.say(language)),
        "close": _plain(pressing.CLOSE.say(language)),
    }


def _input(block: str, label: Phrase, element: Json, language: Language) -> Json:
    said = _plain(label.say(language))
    return {"type": "input", "block_id": block, "label": said, "element": element}


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": text, "emoji": False}
