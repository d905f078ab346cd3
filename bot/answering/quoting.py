"""Writes quotations: text word for word, code in fences, what they are about."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from bot.answering.addresses import addresses
from bot.answering.citing import unmarked, with_mark
from bot.answering.runs import Run
from bot.answering.safety import inert
from bot.answering.units import Kind, Unit
from bot.answering.versions import dated
from bot.answering.weighing import Asked, tokens_of
from bot.core.model import Language, Passage
from bot.text.phrases import Phrase
from bot.text.split import truncate

_UNIT_CHARACTERS: Final = 400
_NEEDS_HEADING: Final = 0.1


def quotation(
    run: Run,
    passage: Passage,
    number: int,
    asked: Asked,
    /,
    *,
    warning: Phrase | None = None,
) -> str:
    """Quote a run of a passage as source `number`, under a heading where it needs one.

    The heading says what the sentences are about where they do not say it. A
    `warning` comes first, with the title and the date of the document.
    """
    language = asked.language
    heading = _heading(run, passage, asked)
    if warning is not None:
        document = passage.document
        title, day = _line(document.title), dated(document, language)
        # The title would only be said twice.
        heading = heading if not heading.startswith(title) else ""
        heading = f"{warning.say(language, title=title, date=day)}\n{heading}"
    text = _quoted(run.units, addresses(passage.text))
    return heading + with_mark(text, number)


def _quoted(run: Sequence[Unit], allowed: frozenset[str]) -> str:
    texts = [_shown(unit, allowed) for unit in run]
    text = texts[0]
    for (before, after), following in zip(pairwise(run), texts[1:], strict=True):
        if before.block != after.block or after.kind is not Kind.SENTENCE:
            text += "\n" + following
        else:
            text += (" " if text[-1:].isascii() else "") + following
    return text


def _shown(unit: Unit, allowed: frozenset[str]) -> str:
    text = inert(unit.text, allowed=allowed)
    if unit.kind is Kind.CODE:
        # Code is short already, and nothing in a closed fence is read as a mark.
        return text
    cut = truncate(unmarked(text), characters=_UNIT_CHARACTERS)
    # A cut must not leave a backtick without its other half.
    return cut if cut.count("`") % 2 == 0 else "".join(cut.rsplit("`", 1))


def _heading(run: Run, passage: Passage, asked: Asked) -> str:
    quoted = tokens_of(" ".join(unit.text for unit in run.units))
    labels = (
        run.units[0].head,
        *reversed(passage.chunk.heading_path),
        passage.document.title,
    )
    for label in filter(None, labels):
        gained = asked.covered(quoted | tokens_of(label)) - asked.covered(quoted)
        if gained >= _NEEDS_HEADING:
            shown = _line(label)
            if run.units[0].kind is not Kind.SENTENCE:
                return f"{_below(shown, run.units[0].head)}\n"
            return f"{shown}：" if asked.language is Language.JA else f"{shown}: "
    return ""


def _below(label: str, head: str) -> str:
    """Add the heading right above a list or table; the label may be the title."""
    own = _line(head)
    return f"{label} › {own}" if own and own != label else label


def _line(text: str) -> str:
    return unmarked(inert(" ".join(text.split())))
