"""`shirube feedback`: what people think of answers, and what they asked in vain."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from bot import settings
from bot.app import judging, opened
from bot.commands.terminal import (
    Config,
    Exit,
    Json,
    Verbose,
    err,
    language,
    out,
    run,
)
from bot.core.feedback import Verdict
from bot.core.model import Language
from bot.evaluation.gaps import ASKERS, Gap
from bot.evaluation.judged import line
from bot.text import judging as says
from bot.text.split import truncate

app = typer.Typer(
    help="What people think of answers, and asked in vain.", no_args_is_help=True
)

_SHOWN = 100
"""Characters of a question in a table."""

Since = Annotated[
    datetime | None,
    typer.Option(
        "--since",
        formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        help="From this day or moment on, in local time.",
    ),
]


@app.command()
def export(
    *,
    since: Since = None,
    verdict: Annotated[
        Verdict | None, typer.Option("--verdict", help="Only these.")
    ] = None,
    config: Config = None,
    verbose: Verbose = False,
) -> None:
    """Print what people judged, a JSON object a line, as long as it is kept."""

    async def main() -> Exit:
        read = settings.load(config)
        count = 0
        async with opened(read) as running:
            rows = judging.judged(running, since=_zoned(since), verdict=verdict)
            async for row in rows:
                typer.echo(line(row))
                count += 1
        _explain(read, says.EXPORTED.say(language(read), count=count))
        return Exit.OK

    run(main, verbose=verbose)


@app.command()
def gaps(
    *,
    since: Since = None,
    config: Config = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show what three people or more asked and the documents do not say."""

    async def main() -> Exit:
        read = settings.load(config)
        async with opened(read) as running:
            found = await judging.lacking(running, since=_zoned(since))
        if as_json:
            out.print_json(json.dumps({"gaps": [_row(gap) for gap in found]}))
            return Exit.OK
        speaks, days = language(read), read.retention.text_days
        if found:
            out.print(_table(found, speaks))
        _explain(
            read, "" if found else says.NO_GAPS.say(speaks, days=days, askers=ASKERS)
        )
        return Exit.OK

    run(main, verbose=verbose)


def _zoned(moment: datetime | None) -> datetime | None:
    return moment.astimezone() if moment else None


def _explain(read: settings.Settings, told: str) -> None:
    """Say what came out, and what the settings leave out."""
    notes = [told]
    if not read.retention.keeps_texts:
        notes = [says.NOTHING_KEPT.say(language(read))]
    elif not read.feedback.private:
        notes.append(says.CHANNELS_ONLY.say(language(read)))
    for note in filter(None, notes):
        err.print(note, style="dim", markup=False, highlight=False)


def _table(found: list[Gap], speaks: Language) -> Table:
    columns = (says.ASKERS, says.QUESTIONS, says.FIRST, says.LAST, says.EXAMPLE)
    table = Table(*(column.say(speaks) for column in columns))
    for gap in found:
        table.add_row(
            str(gap.askers),
            str(gap.questions),
            f"{gap.first.astimezone():%Y-%m-%d}",
            f"{gap.last.astimezone():%Y-%m-%d}",
            escape(truncate(" ".join(gap.question.split()), characters=_SHOWN)),
        )
    return table


def _row(gap: Gap) -> dict[str, object]:
    moments = {"first": gap.first.isoformat(), "last": gap.last.isoformat()}
    return asdict(gap) | moments
