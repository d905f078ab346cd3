"""What people think of answers, as `shirube feedback` gives it out."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

from bot.app.running import App
from bot.chat.surface import unpacked
from bot.core.feedback import Judged, Verdict
from bot.core.inbox import Kind
from bot.evaluation.gaps import Gap, gaps
from bot.evaluation.judged import JudgedRow, row

IN_CHANNELS: Final = frozenset(
    {Kind.MENTION, Kind.FOLLOW_UP, Kind.SHORTCUT, Kind.OVERHEARD}
)
"""Questions that others could read anyway."""


async def judged(
    app: App, /, *, since: datetime | None = None, verdict: Verdict | None = None
) -> AsyncIterator[JudgedRow]:
    """Read the answers that people judged since, with this verdict if one is given."""
    found = app.state.feedback.judged(
        kinds=_kinds(app), ended_since=_kept_since(app), given_since=since
    )
    async for each in found:
        read = _row(each)
        if verdict is None or read.verdict == verdict:
            yield read


async def lacking(app: App, /, *, since: datetime | None = None) -> list[Gap]:
    """Return what several people asked in vain since."""
    kept = _kept_since(app)
    found = await app.state.feedback.unmet(
        kinds=_kinds(app), ended_since=max(since, kept) if since else kept
    )
    return gaps(found)


def _row(found: Judged) -> JudgedRow:
    return row(found, unpacked(found.staged).answer if found.staged else None)


def _kinds(app: App) -> frozenset[Kind]:
    return frozenset(Kind) if app.settings.feedback.private else IN_CHANNELS


def _kept_since(app: App) -> datetime:
    """Return from when on texts may be read, whether or not older ones are gone."""
    return app.clock() - app.settings.retention.texts
