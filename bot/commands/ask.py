"""`shirube ask`: one question, one answer."""

import sys
from contextlib import AsyncExitStack
from typing import Annotated

import typer

from bot import settings
from bot.app import opened
from bot.chat.console import Asked, Screen, as_json
from bot.commands.terminal import Config, Exit, Json, Verbose, err, language, out, run
from bot.core.errors import ConfigError, Unavailable
from bot.core.model import Language, Outcome, Profile, Reason
from bot.text import phrases
from bot.text.language import detect

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
        async with AsyncExitStack() as stack:
            try:
                app = await stack.enter_async_context(opened(read))
            except (Unavailable, ConfigError):
                if not json:
                    _down(detect(text, default=language(read)))
                raise
            desk = app.desk(language(read), profile=profile, names=principals)
            if json:
                asked = await desk.ask(text, lambda _: None)
                out.print(as_json(asked), markup=False, highlight=False)
            else:
                screen = Screen(out)
                asked = await desk.ask(text, screen, wait=screen.wait)
                hint(asked, language(read))
        return _ending(asked)

    run(main, verbose=verbose)


def _down(spoken: Language) -> None:
    """Tell who asks; what is wrong, for who runs the bot, follows on stderr."""
    out.print(phrases.SEARCH_DOWN.say(spoken), markup=False, highlight=False)


def hint(asked: Asked, spoken: Language, /) -> None:
    """Tell the person at the terminal, who can mend it, where to look."""
    if asked.reason in {Reason.SEARCH_DOWN, Reason.MODEL_FAILED}:
        said = phrases.CHECK_SAYS_WHY.say(spoken)
        err.print(said, style="yellow", markup=False, highlight=False)


def _ending(asked: Asked) -> Exit:
    if asked.outcome is Outcome.ANSWERED:
        return Exit.OK
    return Exit.FAILED if asked.reason is Reason.SEARCH_DOWN else Exit.DECLINED
