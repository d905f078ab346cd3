"""What an asker sees in the end: the messages of an answer, of text and blocks.

Nothing in here knows a conversation: values in, blocks out. Blocks have no ids, so
that Slack gives them new ones whenever a message changes, as it wants them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlsplit

from bot.chat.slack import actions
from bot.chat.slack.literal import line, literal
from bot.chat.slack.markup import escaped, size
from bot.chat.slack.posting import Content, Json
from bot.chat.slack.rich_text import rich_text
from bot.chat.surface import Ended
from bot.core.model import Citation, Language, Outcome, Reason, source_of
from bot.text import chatting, phrases, pressing
from bot.text.parts import parts
from bot.text.split import sentences, truncate

PART_BYTES: Final = 9_000
"""How much of an answer one message holds; a stream of it would still take that."""

CHARACTERS: Final = 13_000
"""Characters in all blocks of a message; Slack says 13,200 to be the most."""

BLOCKS: Final = 45
"""Blocks of a message; Slack takes 50."""

TEXT_BYTES: Final = 4_000
"""Bytes of a message without blocks, after escaping."""

_WORDS: Final = frozenset(["context", "rich_text"])

_ROW: Final = 25
"""Buttons in a row."""

_NOTICE: Final = 300
"""Characters of a notification."""

_HEADERS: Final = frozenset(phrases.EXTRACTIVE_HEADER.say(each) for each in Language)

_NO_QUESTION: Final = frozenset([Reason.EMPTY, Reason.TOO_LONG])

_FENCE: Final = re.compile(r"^[ \t]*(?:```|~~~).*$\n?", re.MULTILINE)

_TITLE: Final = 250
_CONTEXT: Final = 2_000
_URL: Final = 3_000


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """For whom an answer is made up, where, and when.

    `buttons` is the language of who asked. `private` answers can be asked anew in
    their channel where they are `shareable`; elsewhere they are offered privately.
    `expert` says that there are people to ask, `detailed` that the answer is a long one
    already. Sources warn of their age where
    `stale_after` has a time for them.
    """

    question: str
    buttons: Language
    now: datetime
    private: bool = False
    shareable: bool = False
    expert: bool = False
    detailed: bool = False
    stale_after: Mapping[str, timedelta] = field(default_factory=dict)


def final(ended: Ended, view: View, /) -> list[Content]:
    """Return the messages that show how a question ended; one at least."""
    texts = [
        part.shown for part in parts(literal(ended.text), limit=PART_BYTES, size=size)
    ] or ["…"]
    contents = [Content(text=notice(text), blocks=[body(text)]) for text in texts]
    for block in _tail(ended, view):
        blocks = [*contents[-1].blocks, block]
        if len(blocks) > BLOCKS or _characters(blocks) > CHARACTERS:
            contents.append(Content(text=notice(texts[-1]), blocks=[block]))
        else:
            contents[-1] = Content(text=contents[-1].text, blocks=blocks)
    return contents


def growing(text: str, view: View, /) -> Content:
    """Return a message whose answer is still being written, with a way to stop it."""
    return Content(text=notice(text), blocks=[body(text), stopping(view)])


def bare(content: Content, /) -> Content:
    """Return a message without anything that Slack could dislike but its words."""
    words = [block for block in content.blocks if block["type"] in _WORDS]
    said = "\n".join("".join(texts(block)) for block in words)
    whole = parts(escaped(said), limit=TEXT_BYTES, size=_bytes)
    return Content(text=whole[0].shown if whole else content.text, blocks=[])


def opening(question: str, view: View, /) -> Content:
    """Return what opens the thread of a private answer."""
    asked = line(literal(question), characters=_TITLE)
    said = chatting.ANSWER_TO.say(view.buttons, question=asked)
    return Content(text=escaped(said), blocks=[aside(said)])


def notice(text: str, /) -> str:
    """Return what a notification says: the first sentence, of a quotation its own.

    Of code it has no fence, which would stay open where it is cut.
    """
    bare = _FENCE.sub("", text).strip()
    said = [found.strip() for found in sentences(bare) if found.strip()]
    telling = [found for found in said if found not in _HEADERS] or said or ["…"]
    return escaped(truncate(telling[0], characters=_NOTICE))


def body(markdown: str, /) -> Json:
    """Return a part of an answer as a block in which every word is literal."""
    elements = rich_text(markdown)
    if not elements or _characters(elements) > CHARACTERS - 1_000:
        text = {"type": "text", "text": markdown}
        elements = [{"type": "rich_text_section", "elements": [text]}]
    return {"type": "rich_text", "elements": elements}


def stopping(view: View, /) -> Json:
    """Return the button that stops an answer."""
    stop = chatting.STOP.say(view.buttons)
    return _row([_button(actions.STOP, stop, view, style="danger")])


def aside(text: str, /) -> Json:
    """Return something said beside an answer."""
    said = line(literal(text), characters=_CONTEXT) or "…"
    return {"type": "context", "elements": [_plain(said)]}


# --- below an answer -------------------------------------------------------------


def _tail(ended: Ended, view: View) -> Iterator[Json]:
    answer = ended.answer
    if ended.limited:
        yield aside(ended.limited)
    if answer is not None:
        for said in answer.notes:
            yield aside(said)
        if answer.citations:
            yield aside(phrases.SOURCES.say(ended.language))
        for citation in answer.citations:
            yield _source(citation, ended.language, view)
        yield from _passages(answer.citations, view)
        yield _verdicts(view)
    buttons = list(_choices(ended, view))
    if buttons:
        yield _row(buttons)


def _source(citation: Citation, language: Language, view: View) -> Json:
    """Say what a source is, whose, and how old; its button opens it."""
    place = " › ".join([citation.title, *citation.heading_path])
    title = f"[{citation.number}] {line(literal(place), characters=_TITLE)}"
    facts = [line(source_of(citation.document), characters=100)]
    if citation.updated_at is None:
        facts.append(phrases.UNDATED.say(language))
    else:
        day = f"{citation.updated_at:%Y-%m-%d}"
        dated = phrases.REVIEWED if citation.reviewed else phrases.UPDATED
        facts.append(dated.say(language, date=day))
        facts += _warning(citation, language, view)
    block: Json = {"type": "section", "text": _plain(f"{title}\n{' · '.join(facts)}")}
    url = followable(citation.url)
    if url is None:
        return block
    action = actions.numbered(actions.LINK, citation.number)
    label = chatting.OPEN.say(view.buttons)
    return block | {"accessory": _button(action, label, view, url=url)}


def _warning(citation: Citation, language: Language, view: View) -> Iterator[str]:
    allowed = view.stale_after.get(source_of(citation.document))
    if allowed is None or citation.updated_at is None:
        return
    if view.now - citation.updated_at > allowed:
        yield chatting.STALE.say(language, days=allowed.days)


def _passages(citations: Sequence[Citation], view: View) -> Iterator[Json]:
    buttons = [
        _button(
            actions.numbered(actions.PASSAGE, citation.number),
            chatting.PASSAGE.say(view.buttons, number=citation.number),
            view,
        )
        for citation in citations
        if citation.quote
    ]
    for start in range(0, len(buttons), _ROW):
        yield _row(buttons[start : start + _ROW])


def _verdicts(view: View) -> Json:
    def thumb(verdict: str, label: str) -> Json:
        return {"text": _plain(label), "value": f"{verdict}:{view.question}"}

    thumbs = {
        "type": "feedback_buttons",
        "action_id": actions.VERDICT,
        "positive_button": thumb(actions.GOOD, chatting.GOOD.say(view.buttons)),
        "negative_button": thumb(actions.BAD, chatting.BAD.say(view.buttons)),
    }
    return {"type": "context_actions", "elements": [thumbs]}


def _choices(ended: Ended, view: View) -> Iterator[Json]:
    """Offer the same whether anything was found or not: an offer must tell nothing."""
    cited = ended.answer.citations if ended.answer else ()
    short = ended.answer is not None and not ended.answer.complete
    if short and any(citation.quote for citation in cited) and not view.detailed:
        yield _button(actions.MORE, chatting.MORE.say(view.buttons), view)
    if ended.outcome is Outcome.CANCELLED:
        return
    if ended.outcome in {Outcome.FAILED, Outcome.EXPIRED}:
        yield _button(actions.AGAIN, chatting.AGAIN.say(view.buttons), view)
    if ended.reason in _NO_QUESTION:
        return  # nobody else could answer it either
    if not view.private:
        yield _button(actions.PRIVATELY, chatting.PRIVATELY.say(view.buttons), view)
    if view.shareable:
        yield _button(actions.SHARE, chatting.SHARE.say(view.buttons), view)
    if view.expert:
        yield _calling(view)


def _calling(view: View) -> Json:
    """Offer to call people; what is private becomes known only after a question."""
    button = _button(actions.PERSON, chatting.PERSON.say(view.buttons), view)
    if not view.private:
        return button
    said = {
        "title": chatting.PERSON,
        "text": pressing.CALL_THERE,
        "confirm": pressing.CALL,
        "deny": pressing.CALL_NOT,
    }
    asked = {name: _plain(phrase.say(view.buttons)) for name, phrase in said.items()}
    return button | {"confirm": asked}


# --- blocks -----------------------------------------------------------------------


def _row(buttons: Sequence[Json]) -> Json:
    return {"type": "actions", "elements": list(buttons)}


def _button(action: str, label: str, view: View, **more: str) -> Json:
    button: Json = {"type": "button", "action_id": action, "text": _plain(label)}
    return button | {"value": view.question} | more


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": text, "emoji": False}


def followable(url: str | None, /) -> str | None:
    """Return the address of a source as Slack takes it for a button."""
    if url is None:
        return None
    written = quote(url, safe="!#$%&'()*+,/:;=?@[]~-._")
    try:
        parsed = urlsplit(written)
    except ValueError:
        return None
    web = parsed.scheme in {"http", "https"} and parsed.netloc
    return written if web and len(written) <= _URL else None


def _characters(blocks: Iterable[Json]) -> int:
    return sum(len(text) for block in blocks for text in texts(block))


def texts(part: Any) -> Iterator[str]:
    """Yield what is read in a block."""
    if isinstance(part, list):
        for item in part:
            yield from texts(item)
    elif isinstance(part, dict):
        if isinstance(part.get("text"), str):
            yield part["text"]
        for value in part.values():
            if isinstance(value, dict | list):
                yield from texts(value)


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
