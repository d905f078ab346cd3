"""`shirube check`: what is wrong, in plain words, with what to do."""

import json
from typing import Annotated

import typer
from rich.markup import escape

from bot import settings
from bot.app.checking import things
from bot.commands.terminal import Config, Exit, Json, Verbose, language, out, run
from bot.ops.check import Finding, Level, Thing, look_at

MARKS = {
    Level.OK: "[green]✓[/]",
    Level.WARNING: "[yellow]![/]",
    Level.ERROR: "[red]✗[/]",
}

Whole = Annotated[
    bool,
    typer.Option(
        "--whole", help="Compare all of a large index, however long it takes."
    ),
]


def check(
    *,
    whole: Whole = False,
    config: Config = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Say what is wrong with settings, sources, stores and models, and what to do."""

    async def main() -> Exit:
        read = settings.load(config)
        spoken = language(read)
        show = _as_json if as_json else _Grouped().show
        async with things(read, spoken, whole=whole) as all_things:
            worst = await look_at(all_things, show, spoken)
        return Exit.FAILED if worst is Level.ERROR else Exit.OK

    run(main, verbose=verbose)


class _Grouped:
    """Prints the findings of a thing under its title."""

    def __init__(self) -> None:
        self._title: str | None = None

    def show(self, thing: Thing, finding: Finding, /) -> None:
        if thing.title != self._title:
            self._title = thing.title
            out.print(f"[bold]{escape(thing.title)}[/]", highlight=False)
        out.print(f"  {MARKS[finding.level]} {escape(finding.text)}", highlight=False)


def _as_json(thing: Thing, finding: Finding, /) -> None:
    told = {"level": finding.level, "thing": thing.name, "text": finding.text}
    out.print(json.dumps(told, ensure_ascii=False), markup=False, highlight=False)
