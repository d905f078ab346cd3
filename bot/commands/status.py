"""`shirube status`: what is live, and how fresh it is."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from rich.markup import escape
from rich.table import Table

from bot import settings
from bot.app import App, opened
from bot.commands.terminal import Config, Exit, Json, Verbose, out, run
from bot.core.sync import SourceStatus


def status(
    *, config: Config = None, as_json: Json = False, verbose: Verbose = False
) -> None:
    """Show every source: documents, freshness, what could not be read."""

    async def main() -> Exit:
        async with opened(settings.load(config)) as app:
            rows = await app.state.catalogue.sources()
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
                sources = [_row(row) for row in rows]
                out.print_json(json.dumps({"index": described, "sources": sources}))
            else:
                _show(app, rows, described)
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
    known = {row.source: row for row in rows}
    for name in [
        *known,
        *(s.name for s in app.settings.sources if s.name not in known),
    ]:
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


def _row(row: SourceStatus) -> dict[str, object]:
    return {
        "source": row.source,
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
