"""What every command shares: output, errors without a traceback, exit codes."""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from bot import settings, telemetry
from bot.core.errors import BotError, ConfigError
from bot.core.model import Language

T = TypeVar("T")

out = Console(soft_wrap=True)
err = Console(stderr=True, soft_wrap=True)


class Exit(IntEnum):
    """How a command ends; the numbers stand in docs/commands.md."""

    OK = 0
    FAILED = 1
    USAGE = 2
    DECLINED = 3
    HELD = 4
    INTERRUPTED = 130


Config = Annotated[
    Path | None,
    typer.Option("--config", help="Settings file; ./shirube.toml unless given."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Log what is done.")]


def run(main: Callable[[], Coroutine[Any, Any, Exit]], /, *, verbose: bool) -> None:
    """Run a command's coroutine and leave with its exit code.

    A user's error is a sentence on stderr, never a traceback.
    """
    telemetry.set_up(verbose=verbose)
    raise typer.Exit(guarded(lambda: asyncio.run(main())))


def guarded(main: Callable[[], Exit], /) -> Exit:
    """Turn what a command raises into a sentence and an exit code."""
    try:
        return main()
    except KeyboardInterrupt:
        err.print("stopped; what was done is kept", style="yellow")
        return Exit.INTERRUPTED
    except ConfigError as error:
        complain(str(error))
        return Exit.USAGE
    except BotError as error:
        complain(str(error))
        return Exit.FAILED
    except BrokenPipeError:
        # The reader of our output went away; there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK


def complain(text: str, /) -> None:
    """Say what is wrong, a line each."""
    for line in text.splitlines():
        err.print(f"error: {line}", style="red", markup=False, highlight=False)


def language(read: settings.Settings, /) -> Language:
    """Return the language of the terminal."""
    if read.language != "auto":
        return Language(read.language)
    locale = next(
        filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), ""
    )
    return Language.JA if locale.startswith("ja") else Language.EN
