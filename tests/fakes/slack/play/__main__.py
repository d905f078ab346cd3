"""`make play-slack`: the bot before the fake Slack, to be watched in a browser."""

import argparse
import asyncio
import signal
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.core.errors import ConfigError
from tests.fakes.slack import Clock, Slack, slack_server
from tests.fakes.slack.play.house import House, furnished, settings_of, with_models
from tests.fakes.slack.play.standin import standing_in
from tests.fakes.slack.play.stories import tell
from tests.fakes.slack.play.web import page

PATIENCE = 60.0
STOPS = (signal.SIGINT, signal.SIGTERM)


async def play(port: int) -> int:
    """Serve the page until somebody has seen enough."""
    _end_on_signals()
    with TemporaryDirectory(prefix="shirube-play-") as folder:
        async with (
            slack_server(clock=Clock(ticking=True)) as slack,
            page(slack, port=port) as address,
            standing_in() as standin,
        ):
            house = furnished(Path(folder), slack)
            house, model = await with_models(house, settings_of(house), standin)
            print(f"model: {model}", flush=True)
            if not await house.sync():
                return 1
            await tell(slack)
            return await _serve(house, slack, address)


async def _serve(house: House, slack: Slack, address: str) -> int:
    async with house.serving() as process:
        if not await _listens(slack, process):
            print(house.log.read_text(encoding="utf-8"), file=sys.stderr)
            print("the bot did not start; its log stands above", file=sys.stderr)
            return 1
        print(f"\n  Slack as people see it: {address}")
        print(f"  log of the bot: {house.log}")
        print("  Ctrl-C stops both\n", flush=True)
        code = await process.wait()
        print(house.log.read_text(encoding="utf-8"), file=sys.stderr)
        print(f"the bot ended by itself, with code {code}", file=sys.stderr)
        return 1


async def _listens(slack: Slack, process: asyncio.subprocess.Process) -> bool:
    with suppress(TimeoutError):
        await slack.until(
            lambda: len(slack.sockets.open) > 1 or process.returncode is not None,
            within=PATIENCE,
        )
    return len(slack.sockets.open) > 1


def _end_on_signals() -> None:
    """End at the first signal in good order, at the second one at once."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def end() -> None:
        for each in STOPS:
            loop.remove_signal_handler(each)
            signal.signal(each, signal.SIG_DFL)
        task.cancel()

    for each in STOPS:
        loop.add_signal_handler(each, end)


def main() -> None:
    """Read the port and play."""
    parser = argparse.ArgumentParser(prog="make play-slack")
    parser.add_argument("--port", type=int, default=8765)
    port = parser.parse_args().port
    code = 0
    with suppress(asyncio.CancelledError):
        try:
            code = asyncio.run(play(port))
        except ConfigError as error:
            sys.exit(str(error))
        except OSError as error:
            sys.exit(f"{error.strerror or error}; PORT=… chooses another port")
    if code == 0:
        print("stopped")
    sys.exit(code)


if __name__ == "__main__":
    main()
