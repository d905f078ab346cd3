"""`shirube status`: what is live, and how fresh it is."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from rich.markup import escape
from rich.table import Table

from bot import settings
from bot.app import App, opened
from bot.commands.forget import say_leftovers
from bot.commands.terminal import Config, Exit, Json, Verbose, out, run
from bot.core.sync import RunState, SourceStatus, SyncRun
from bot.state.store import being_written


def status(
    *, config: Config = None, as_json: Json = False, verbose: Verbose = False
) -> None:
    """Show every source: documents, freshness, what could not be read."""

    async def main() -> Exit:
        async with opened(settings.load(config)) as app:
            known = await app.state.catalogue.sources()
            rows = await _as_they_stand(app, _worth_showing(app, known))
            generation = await app.state.generations.active()
            described = None
            if generation is not None:
                spec = generation.spec
                described = {
                    "generation": generation.id,
                    "backend": spec.backend,
                    "analyzer": spec.analyzer,
                    "chunker": spec.chunker,
                    "embedding": spec.embedding.model if spec.embedding else None,
                    "alpha": dict(generation.alpha),
                }
            if as_json:
                sources = [_row(app, row) for row in rows]
                out.print_json(json.dumps({"index": described, "sources": sources}))
            else:
                _show(app, rows, described)
                await say_leftovers(app)
        return Exit.OK

    run(main, verbose=verbose)


def _show(app: App, rows: Sequence[SourceStatus], described: object) -> None:
    if isinstance(described, dict):
        out.print("  ".join(f"{name} {value}" for name, value in described.items()))
    table = Table(
        "source",
        "documents",
        "wait for vectors",
        "unreadable",
        "last run",
        "read whole",
    )
    configured = [source.name for source in app.settings.sources]
    known = {row.source: row for row in rows}
    for name in [*known, *(name for name in configured if name not in known)]:
        row = known.get(name)
        if row is None:
            table.add_row(escape(name), "–", "–", "–", "never", "never")
            continue
        table.add_row(
            escape(name),
            str(row.documents),
            str(row.pending_vectors),
            str(row.failing),
            str(row.last_run.state) if row.last_run else "never",
            _ago(row.last_success, app.clock()),
        )
    out.print(table)


def _worth_showing(app: App, rows: Sequence[SourceStatus]) -> list[SourceStatus]:
    """Leave out what was forgotten: not in the settings, and nothing live of it."""
    return [row for row in rows if row.documents or _configured(app, row)]


async def _as_they_stand(
    app: App, rows: Sequence[SourceStatus]
) -> Sequence[SourceStatus]:
    """Call a run cancelled that was killed: the next one will note it so."""
    read = app.settings
    if not any(_running(row.last_run) for row in rows):
        return rows
    if await being_written(read.folder(), url=read.state.address()):
        return rows
    return [replace(row, last_run=_cancelled(row.last_run)) for row in rows]


def _running(run: SyncRun | None) -> bool:
    return run is not None and run.state is RunState.RUNNING


def _cancelled(run: SyncRun | None) -> SyncRun | None:
    if run is None or not _running(run):
        return run
    return replace(run, state=RunState.CANCELLED)


def _configured(app: App, row: SourceStatus) -> bool:
    return any(source.name == row.source for source in app.settings.sources)


def _row(app: App, row: SourceStatus) -> dict[str, object]:
    return {
        "source": row.source,
        "configured": _configured(app, row),
        "documents": row.documents,
        "pending_vectors": row.pending_vectors,
        "failing": row.failing,
        "last_run": row.last_run.state if row.last_run else None,
        "last_success": row.last_success.isoformat() if row.last_success else None,
    }


def _ago(then: datetime | None, now: datetime) -> str:
    if then is None:
        return "never"
    age = now - then
    if age < timedelta(hours=1):
        return f"{int(age.total_seconds() // 60)} min ago"
    if age < timedelta(days=2):
        return f"{int(age.total_seconds() // 3600)} h ago"
    return f"{age.days} days ago"
