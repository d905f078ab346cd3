"""`shirube serve`: answer people where they ask, until stopped."""

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bot import settings, telemetry
from bot.app.secret import secrets
from bot.commands.terminal import Config, Exit, Verbose, guarded
from bot.state.store import LEASE_SECONDS

if TYPE_CHECKING:
    from bot.app.serving import Plug

_STOPS = (signal.SIGTERM, signal.SIGINT)


def serve(*, config: Config = None, verbose: Verbose = False) -> None:
    """Answer people where they ask, until stopped; one process at a time does.

    A second one stands by and takes over. SIGTERM and Ctrl-C let what was taken be
    finished; a second of them ends the process at once.
    """
    raise typer.Exit(guarded(lambda: served(config, verbose=verbose)))


def served(
    config: Path | None,
    /,
    *,
    verbose: bool = False,
    plugs: "Sequence[Plug]" = (),
    lease_seconds: float = LEASE_SECONDS,
) -> Exit:
    """Serve with these platforms, and those of the settings, until a signal comes."""
    # The server for probes takes long to import, and no other command needs it.
    from bot.app import chatting
    from bot.app.serving import serve

    read = settings.load(config)
    telemetry.set_up_serving(verbose=verbose, secrets=secrets(read))

    async def main() -> Exit:
        chats = [*plugs, *chatting.plugs(read)]
        await serve(read, _stop(), plugs=chats, lease_seconds=lease_seconds)
        return Exit.OK

    return asyncio.run(main())


def _stop() -> asyncio.Event:
    """Return what the first signal sets; a second one finds the kernel's own way."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def heard() -> None:
        for each in _STOPS:
            loop.remove_signal_handler(each)
            signal.signal(each, signal.SIG_DFL)
        stop.set()

    for each in _STOPS:
        loop.add_signal_handler(each, heard)
    return stop
