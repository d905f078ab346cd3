"""`shirube forget`: take a source that was taken out of the settings out of answers."""

import asyncio
import json
import shutil
from typing import Annotated

import typer

from bot import settings
from bot.app import App, opened
from bot.commands.terminal import Config, Exit, Json, Verbose, err, out, run
from bot.core.errors import ConfigError
from bot.settings import suggestion


def forget(
    *,
    source: Annotated[
        str, typer.Option("--source", help="A source that is not in the settings.")
    ],
    config: Config = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Take a source that is not in the settings any more out of the answers."""

    async def main() -> Exit:
        async with opened(settings.load(config), writing=True) as app:
            await _require_leftover(app, source)
            report = await app.engine.forget(source)
            cache = app.settings.folder() / "sources" / source
            await asyncio.to_thread(shutil.rmtree, cache, ignore_errors=True)
        if as_json:
            out.print_json(json.dumps({"source": source, "removed": report.removed}))
        else:
            out.print(f"{source}: forgot {report.removed} documents", highlight=False)
        return Exit.OK

    run(main, verbose=verbose)


async def _require_leftover(app: App, source: str) -> None:
    if source in {each.name for each in app.settings.sources}:
        raise ConfigError(
            f"source {source!r} is in the settings; take it out of them first, or the "
            "next sync brings everything back"
        )
    left = {row.source for row in await app.leftovers()}
    if source not in left:
        raise ConfigError(f"nothing is known of {source!r}{suggestion(source, left)}")


async def say_leftovers(app: App, /) -> None:
    """Name the sources that are answered from though no setting names them."""
    for row in await app.leftovers():
        err.print(
            f"{row.source} is not in the settings any more, and {row.documents} "
            "documents of it are still answered from; put it back, or run "
            f"`shirube forget --source {row.source}`",
            style="yellow",
            markup=False,
        )
