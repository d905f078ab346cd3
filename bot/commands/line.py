"""The command line: every command under its name."""

from importlib.metadata import version
from typing import Annotated

import typer

from bot.commands import (
    ask,
    chat,
    check,
    db,
    demo,
    evaluate,
    feedback,
    forget,
    index,
    init,
    serve,
    status,
    sync,
)
from bot.commands.terminal import open_streams

app = typer.Typer(
    help="Answers a team's questions from the team's own documents, with citations.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("init")(init.init)
app.command("demo")(demo.demo)
app.command("sync")(sync.sync)
app.command("serve")(serve.serve)
app.command("ask")(ask.ask)
app.command("chat")(chat.chat)
app.command("status")(status.status)
app.command("check")(check.check)
app.command("forget")(forget.forget)
app.add_typer(db.app, name="db")
app.add_typer(index.app, name="index")
app.add_typer(evaluate.app, name="eval")
app.add_typer(feedback.app, name="feedback")


def _version(value: bool) -> None:
    if value:
        typer.echo(f"shirube {version('shirube')}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print it."),
    ] = False,
) -> None:
    """Answers a team's questions from the team's own documents, with citations."""
    del version  # its callback has printed it
    open_streams()
