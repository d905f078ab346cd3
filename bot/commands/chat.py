"""`shirube chat`: a conversation in the terminal."""

import asyncio

from rich.markup import escape

from bot import settings
from bot.app import opened
from bot.chat.console import Asked, Desk, Screen, why
from bot.commands.ask import As, Profiles
from bot.commands.terminal import Config, Exit, Verbose, complain, language, out, run
from bot.core.errors import BotError
from bot.core.model import Language, Profile
from bot.text import phrases


def chat(
    *,
    profile: Profiles = None,
    principals: As = None,
    config: Config = None,
    verbose: Verbose = False,
) -> None:
    """Talk; follow-ups know what was said before."""

    async def main() -> Exit:
        read = settings.load(config)
        spoken = language(read)
        async with opened(read) as app:
            desk = app.desk(spoken, profile=profile, names=principals)
            await converse(desk, spoken)
        return Exit.OK

    run(main, verbose=verbose)


async def converse(desk: Desk, spoken: Language, /) -> None:
    """Read questions until the end of input or `/quit`.

    Ctrl-C stops an answer; at the prompt it ends the conversation.
    """
    out.print(phrases.CHAT_HELP.say(spoken), style="dim", markup=False, highlight=False)
    last: Asked | None = None
    while (line := await _line()) is not None:
        match line.split():
            case []:
                continue
            case ["/quit" | "/exit"]:
                return
            case ["/new"]:
                desk.start_over()
            case ["/why"]:
                _why(last, spoken)
            case ["/profile", name] if name in set(Profile):
                desk.profile = Profile(name)
            case [command, *_] if command.startswith("/"):
                help_text = phrases.CHAT_HELP.say(spoken)
                out.print(help_text, style="dim", markup=False, highlight=False)
            case _:
                last = await _answer(desk, line) or last


async def _answer(desk: Desk, line: str) -> Asked | None:
    try:
        return await desk.ask(line, Screen(out))
    except BotError as error:
        complain(str(error))
        return None


async def _line() -> str | None:
    try:
        return await asyncio.to_thread(input, "\n> ")
    except EOFError:
        return None


def _why(last: Asked | None, spoken: Language) -> None:
    if last is None:
        out.print(escape(phrases.WHY_NOTHING.say(spoken)), style="dim")
    else:
        out.print(why(last))
