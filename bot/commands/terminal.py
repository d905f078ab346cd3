"""What every command shares: output, errors without a traceback, exit codes."""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from enum import IntEnum
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from rich.console import Console
from rich.text import Text

from bot import settings, telemetry
from bot.core.errors import BotError, ConfigError
from bot.core.model import Language
from bot.text.normalise import printable


class Plain(Console):
    """Shows what documents, models and people wrote as text that steers nothing."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Render a text without its control characters."""
        return super().render_str(printable(text), **options)

    def on_broken_pipe(self) -> None:
        """Go on unseen once the reader of our output went away, as `| head` does."""
        self.quiet = True
        silence(self.file)


out = Plain(soft_wrap=True, emoji=False)
err = Plain(stderr=True, soft_wrap=True, emoji=False)


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
    except (KeyboardInterrupt, BotError, OSError) as error:
        return _ended(error)
    except BaseExceptionGroup as group:
        return _ended(_first(group))


def _ended(error: BaseException) -> Exit:
    match error:
        case KeyboardInterrupt():
            err.print("stopped; what was done is kept", style="yellow")
            return Exit.INTERRUPTED
        case ConfigError():
            complain(str(error))
            return Exit.USAGE
        case BotError():
            complain(str(error))
            return Exit.FAILED
        case BrokenPipeError():
            silence(sys.stdout)
            return Exit.OK
        case OSError():
            silence(sys.stdout)
            what = error.filename or "the output cannot be written"
            complain(f"{what}: {error.strerror or error}")
            return Exit.FAILED
        case _:
            raise error


def _first(error: BaseException) -> BaseException:
    """Return what went wrong first inside groups of errors."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def open_streams() -> None:
    """Make all three streams usable: open, and able to show any text somehow."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:  # it was closed before we started, as by `>&-`
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def silence(stream: TextIO | Any, /) -> None:  # rich types its file as any IO
    """Let a stream swallow everything: what reads it is gone, or full."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


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
