"""`shirube sync`: read what changed in the sources."""

import dataclasses
import json
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.markup import escape

from bot import settings
from bot.app import App, opened
from bot.commands.forget import say_leftovers
from bot.commands.progress import bars
from bot.commands.terminal import Config, Exit, Json, Verbose, err, out, run
from bot.core.errors import Unavailable
from bot.core.model import Generation
from bot.core.sync import RunState, SyncReport
from bot.ingest.reconciling import Mended
from bot.ingest.sync import Policy

SHOWN = 10
"""Failures that are listed one by one."""


def sync(
    source: Annotated[
        str | None, typer.Argument(help="Only this source; all unless given.")
    ] = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, change nothing.")
    ] = False,
    rebuild: Annotated[
        bool,
        typer.Option(
            "--rebuild", help="Build the index anew, fetching nothing for it."
        ),
    ] = False,
    allow_removals: Annotated[
        bool, typer.Option("--allow-removals", help="Approve removals that are held.")
    ] = False,
    allow_widening: Annotated[
        bool, typer.Option("--allow-widening", help="Approve opening that is held.")
    ] = False,
    config: Config = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Read what changed in the sources and make it live."""
    policy = Policy(removals=allow_removals, widening=allow_widening)

    async def main() -> Exit:
        async with opened(settings.load(config), writing=True) as app:
            if dry_run:
                return await _preview(app, source, as_json=as_json)
            await app.forget_texts()  # for those who never run `serve`
            reports = await sync_sources(
                app, source, policy, rebuild=rebuild, quiet=as_json
            )
        for report in reports:
            out.print_json(json.dumps(as_row(report))) if as_json else show(report)
        return ending(reports)

    run(main, verbose=verbose)


async def sync_sources(
    app: App,
    source: str | None,
    policy: Policy,
    /,
    *,
    rebuild: bool = False,
    quiet: bool = False,
) -> list[SyncReport]:
    """Sync one source or all of them, with progress bars."""
    chosen = app.chosen(source)
    with bars("index", quiet=quiet) as progress:
        prepared = await app.engine.prepare(progress=progress, rebuild=rebuild)
    if prepared.rebuilt and not quiet:
        err.print(f"built a new index: {prepared.rebuilt}", markup=False)
    if prepared.without_vectors and not quiet:
        err.print(
            f"searching by words only for now: {prepared.without_vectors}",
            style="yellow",
            markup=False,
        )
    reports = []
    for each in chosen:
        with bars(each.name, quiet=quiet) as progress:
            reports.append(
                await app.engine.sync(
                    each.name,
                    app.connector(each),
                    prepared.generation,
                    policy,
                    progress=progress,
                )
            )
    written = sum(report.chunks_written for report in reports)
    await app.engine.finish(prepared.generation, written=written)
    if source is None:
        await _reconcile(app, prepared.generation, quiet=quiet)
        if not quiet:
            await say_leftovers(app)
    return reports


async def _reconcile(app: App, generation: Generation, *, quiet: bool) -> None:
    """Say where index and catalogue had come apart; nothing if they had not."""
    try:
        with bars("index", quiet=quiet) as progress:
            mended = await app.engine.reconcile(generation, progress=progress)
    except Unavailable as error:  # what was synced is live all the same
        told = f"the index was not compared with the catalogue: {error}"
    else:
        if mended == Mended():
            return
        told = (
            f"the index was mended: {mended.put} documents put again, "
            f"{mended.collected} chunks of nothing deleted"
        )
    err.print(told, style="yellow", markup=False)


async def _preview(app: App, source: str | None, /, *, as_json: bool) -> Exit:
    chosen = app.chosen(source)
    for each in chosen:
        with bars(each.name, quiet=as_json) as progress:
            listed, work = await app.preview(each, progress)
        row = {
            "source": each.name,
            "listed": len(listed.entries),
            "complete": listed.complete,
            "would_fetch": len(work.fetch),
            "would_add": sum(key in work.added for key, _ in work.fetch),
            "would_remove": len(work.remove),
            "would_change_access": len(work.tighten.keys() | work.widen.keys()),
            "unchanged": work.unchanged,
            "failures": len(listed.failures),
        }
        if as_json:
            out.print_json(json.dumps(row))
        else:
            out.print("  ".join(f"{name} {value}" for name, value in row.items()))
    return Exit.OK


def ending(reports: Sequence[SyncReport], /) -> Exit:
    """Return the exit code that a set of runs means."""
    states = {report.state for report in reports}
    if states & {RunState.FAILED, RunState.INCOMPLETE}:
        return Exit.FAILED
    return Exit.HELD if RunState.HELD in states else Exit.OK


def show(report: SyncReport, /) -> None:
    """Print a run for people."""
    out.print(
        f"[bold]{escape(report.source)}[/] {report.state}: {report.listed} listed, "
        f"+{report.added} ~{report.changed} −{report.removed}, "
        f"{report.unchanged} unchanged, {report.chunks_written} chunks written"
        + (f", {report.access_changed} with other access" * bool(report.access_changed))
        + (f", {report.embedded} embedded" * bool(report.embedded))
        + (f", {report.pending} documents wait for vectors" * bool(report.pending)),
        highlight=False,
    )
    if report.detail:
        out.print(f"  {escape(report.detail)}", style="yellow", highlight=False)
    if report.denied:
        out.print(
            f"  nobody may read {report.denied} of them; `shirube check` says why",
            style="yellow",
            highlight=False,
        )
    for reason in report.held:
        out.print(
            f"  held: {escape(reason)}; look at it, then approve with "
            "--allow-removals or --allow-widening",
            style="yellow",
            highlight=False,
        )
    for failure in report.failures[:SHOWN]:
        out.print(
            f"  {escape(failure.what)}: {escape(failure.detail)} ({failure.reason})",
            style="yellow",
            highlight=False,
        )
    if len(report.failures) > SHOWN:
        out.print(f"  … and {len(report.failures) - SHOWN} more", style="yellow")


def as_row(report: SyncReport, /) -> dict[str, object]:
    """Return a run for programs."""
    return dataclasses.asdict(report) | {"warnings": dict(report.warnings)}
