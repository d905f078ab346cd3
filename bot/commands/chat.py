"""`shirube chat`: a conversation in the terminal."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rich.markup import escape

from bot import settings
from bot.app import App, opened
from bot.chat.console import Asked, Desk, Screen, why
from bot.commands.ask import As, Profiles, hint
from bot.commands.terminal import Config, Exit, Verbose, complain, language, out, run
from bot.core.errors import BotError
from bot.core.model import Language, Profile
from bot.text import phrases

WARMING = 0.3
"""Seconds."""


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
            async with warming(app):
                await converse(desk, spoken)
        return Exit.OK

    run(main, verbose=verbose)


@asynccontextmanager
async def warming(app: App, /) -> AsyncIterator[None]:
    """Load the models and look after their hosts while the block runs.

    The first answer is a quick one then, and none has to find out who is ill.
    """
    async with asyncio.TaskGroup() as group:
        warm_up = group.create_task(app.warm_up())
        watch = group.create_task(app.watch())
        # The prompt blocks the loop: the requests have to be on their way before.
        await asyncio.wait([warm_up], timeout=WARMING)
        try:
            yield
        finally:
            warm_up.cancel()
            watch.cancel()


async def converse(desk: Desk, spoken: Language, /) -> None:
    """Read questions until the end of input or `/quit`.

    Ctrl-C stops an answer; at the prompt it ends the conversation.
    """
    out.print(phrases.CHAT_HELP.say(spoken), style="dim", markup=False, highlight=False)
    last: Asked | None = None
    while (line := _line()) is not None:
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
                last = await _answer(desk, line, spoken) or last


async def _answer(desk: Desk, line: str, spoken: Language) -> Asked | None:
    """Answer one line; Ctrl-C ends the answer and not the conversation."""
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(_asked(desk, line, spoken))
        loop.add_signal_handler(signal.SIGINT, task.cancel)
        try:
            await asyncio.wait([task])
        finally:
            loop.remove_signal_handler(signal.SIGINT)
    if task.cancelled():
        out.print()
        return None
    return task.result()


async def _asked(desk: Desk, line: str, spoken: Language) -> Asked | None:
    screen = Screen(out)
    try:
        asked = await desk.ask(line, screen, wait=screen.wait)
    except BotError as error:
        complain(str(error))
        return None
    hint(asked, spoken)
    return asked


def _line() -> str | None:
    # asyncio's own handler of Ctrl-C would leave a prompt waiting for Enter.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return input("\n> ")
    except (EOFError, KeyboardInterrupt):
        return None
    finally:
        signal.signal(signal.SIGINT, before)


def _why(last: Asked | None, spoken: Language) -> None:
    if last is None:
        out.print(escape(phrases.WHY_NOTHING.say(spoken)), style="dim")
    else:
        out.print(why(last))
