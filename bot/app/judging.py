"""What people think of answers, as `shirube feedback` gives it out."""

from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.app.running import App
from bot.chat.surface import unpacked
from bot.core.feedback import Judged, Verdict
from bot.core.inbox import Kind
from bot.core.model import Answer, DocumentId
from bot.evaluation.gaps import Gap, gaps
from bot.evaluation.judged import JudgedRow, row

IN_CHANNELS: Final = frozenset({Kind.MENTION, Kind.FOLLOW_UP, Kind.OVERHEARD})
"""Questions that others could read anyway."""


async def judged(
    app: App, /, *, since: datetime | None = None, verdict: Verdict | None = None
) -> AsyncIterator[JudgedRow]:
    """Read the answers that people judged since, with this verdict if one is given.

    What rests on a document that was removed or forgotten meanwhile is left out of
    them: answers that cite it, and passages of it.
    """
    found = app.state.feedback.judged(
        kinds=_kinds(app), ended_since=_kept_since(app), given_since=since
    )
    async for each in found:
        read = await _row(app, each)
        if verdict is None or read.verdict == verdict:
            yield read


async def lacking(app: App, /, *, since: datetime | None = None) -> list[Gap]:
    """Return what several people asked in vain since."""
    kept = _kept_since(app)
    found = await app.state.feedback.unmet(
        kinds=_kinds(app), ended_since=max(since, kept) if since else kept
    )
    return gaps(found)


async def _row(app: App, found: Judged) -> JudgedRow:
    answer = unpacked(found.staged).answer if found.staged else None
    live = await _live(app, _documents(found, answer))
    if answer is not None:
        answer = _still(answer, live)
    history = tuple(
        turn if live.issuperset(turn.documents) else replace(turn, answer="")
        for turn in found.history
    )
    return row(replace(found, history=history), answer)


def _documents(found: Judged, answer: Answer | None) -> frozenset[DocumentId]:
    """Return everything that something said or given rests on."""
    said = frozenset(name for turn in found.history for name in turn.documents)
    if answer is None:
        return said
    cited = {citation.document for citation in answer.citations}
    return said | cited | {context.document for context in answer.contexts}


def _still(answer: Answer, live: Collection[DocumentId]) -> Answer | None:
    """Return an answer with what it was given of documents that are still live."""
    if any(citation.document not in live for citation in answer.citations):
        return None
    kept = [context for context in answer.contexts if context.document in live]
    return replace(answer, contexts=tuple(kept))


async def _live(app: App, documents: frozenset[DocumentId]) -> frozenset[DocumentId]:
    generation = await app.state.generations.active()
    if generation is None or not documents:
        return frozenset()
    return frozenset(await app.state.catalogue.live(generation.id, documents))


def _kinds(app: App) -> frozenset[Kind]:
    return frozenset(Kind) if app.settings.feedback.private else IN_CHANNELS


def _kept_since(app: App) -> datetime:
    """Return from when on texts may be read, whether or not older ones are gone."""
    return app.clock() - app.settings.retention.texts
