"""`shirube ask`: one question, one answer."""

import sys
from typing import Annotated

import typer

from bot import settings
from bot.app import opened
from bot.chat.console import Screen, as_json
from bot.commands.terminal import Config, Exit, Json, Verbose, language, out, run
from bot.core.model import Outcome, Profile

Profiles = Annotated[
    Profile | None,
    typer.Option("--profile", help="How freely the answer is written."),
]
As = Annotated[
    list[str] | None,
    typer.Option("--as", help="Only with these of the terminal's principals."),
]


def ask(
    question: Annotated[
        list[str] | None, typer.Argument(help="The question; - reads standard input.")
    ] = None,
    *,
    profile: Profiles = None,
    principals: As = None,
    config: Config = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Ask one question and print the cited answer."""
    text = " ".join(question or [])
    if text == "-":
        text = sys.stdin.read()

    async def main() -> Exit:
        read = settings.load(config)
        async with opened(read) as app:
            desk = app.desk(language(read), profile=profile, names=principals)
            if json:
                asked = await desk.ask(text, lambda _: None)
                out.print(as_json(asked), markup=False, highlight=False)
            else:
                asked = await desk.ask(text, Screen(out))
        return Exit.OK if asked.outcome is Outcome.ANSWERED else Exit.DECLINED

    run(main, verbose=verbose)
