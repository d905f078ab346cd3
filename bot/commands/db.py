"""`shirube db`: look after the state database."""

import json
from pathlib import Path
from typing import Annotated

import typer

from bot import settings
from bot.app import now
from bot.commands.terminal import Config, Exit, Json, Verbose, complain, out, run
from bot.state import upkeep
from bot.state.examination import Examined, examine
from bot.state.store import state_site

app = typer.Typer(help="Look after the state database.", no_args_is_help=True)

To = Annotated[
    Path | None,
    typer.Option("--to", help="Folder of the backup; the data folder unless given."),
]


@app.command()
def upgrade(*, config: Config = None, verbose: Verbose = False) -> None:
    """Bring the database to the schema of this release, after a backup."""

    async def main() -> Exit:
        read = settings.load(config)
        site = state_site(read.folder(), url=read.state.address())
        done = await upkeep.upgrade(site, copies=read.folder(), now=now())
        if done.before == done.after:
            _say(f"{site.name} has the schema of this release already, {done.after}")
        else:
            _say(f"{site.name}: schema {done.before or 'none'} → {done.after}")
        _kept(done.copy)
        return Exit.OK

    run(main, verbose=verbose)


@app.command()
def backup(
    *,
    to: To = None,
    config: Config = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Copy the database into a dated file; it may be in use meanwhile."""

    async def main() -> Exit:
        read = settings.load(config)
        site = state_site(read.folder(), url=read.state.address())
        file = await upkeep.back_up(site, to or read.folder(), now=now())
        if as_json:
            out.print_json(json.dumps({"file": str(file), "of": site.name}))
        else:
            _say(f"{site.name} → {file}, {file.stat().st_size:,} bytes")
        return Exit.OK

    run(main, verbose=verbose)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `shirube db backup` wrote.")],
    *,
    force: Annotated[
        bool,
        typer.Option("--force", help="Replace what is there, after a backup of it."),
    ] = False,
    config: Config = None,
    verbose: Verbose = False,
) -> None:
    """Fill the database from a backup, whichever engine that was made on."""

    async def main() -> Exit:
        read = settings.load(config)
        site = state_site(read.folder(), url=read.state.address())
        done = await upkeep.restore(
            site, file, copies=read.folder(), now=now(), replace=force
        )
        rows = ", ".join(f"{name} {count}" for name, count in done.rows.items())
        _say(f"{file} → {site.name}: {rows or 'it was empty'}")
        _kept(done.copy)
        _say("the next `shirube sync` builds the index anew, fetching nothing for it")
        return Exit.OK

    run(main, verbose=verbose)


@app.command()
def check(
    *, config: Config = None, as_json: Json = False, verbose: Verbose = False
) -> None:
    """Read the whole database and say what is wrong with it."""

    async def main() -> Exit:
        read = settings.load(config)
        site = state_site(read.folder(), url=read.state.address())
        found = await examine(site)
        if as_json:
            out.print_json(json.dumps(_row(site.name, found)))
        else:
            _show(site.name, found)
        return Exit.FAILED if found.problems else Exit.OK

    run(main, verbose=verbose)


def _row(name: str, found: Examined) -> dict[str, object]:
    return {
        "database": name,
        "engine": found.engine,
        "schema": found.revision,
        "rows": dict(found.rows),
        "problems": list(found.problems),
    }


def _show(name: str, found: Examined) -> None:
    _say(f"{name}: {found.engine}, schema {found.revision}")
    for table, count in found.rows.items():
        _say(f"  {count:>10,}  {table}")
    for problem in found.problems:
        complain(problem)
    if not found.problems:
        _say("nothing is wrong")


def _kept(copy: Path | None) -> None:
    if copy is not None:
        _say(f"what was there before is kept in {copy}")


def _say(text: str) -> None:
    out.print(text, markup=False, highlight=False)
