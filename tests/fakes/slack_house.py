"""`serve` as it is composed, in the process of the test, before the fake Slack."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot import settings
from bot.app import chatting
from bot.app.serving import Serving
from bot.state.store import LEASE_SECONDS
from tests.fakes.slack import Slack
from tests.fakes.terminal import Terminal

SAMPLES = Path(__file__).parents[1] / "samples"

PLAIN = """\
[index]
backend = "memory"

[ollama]
chat_model = "none"
embed_model = "none"

[serve]
port = 0
"""

TOKENS = """
[slack]
api_url = "{url}"
bot_token = "{bot_token}"
app_token = "{app_token}"
"""


def synced(folder: Path, *, state: str | None = None, backend: str = "memory") -> Path:
    """Make a folder in which the sample documents were read.

    `state` is where the state database lies, if not in it; `backend`, which index.
    """
    shutil.copytree(SAMPLES, folder)
    config = folder / "shirube.toml"
    server = f'[state]\nurl = "{state}"\n' if state else ""
    samples = config.read_text(encoding="utf-8")
    plain = PLAIN.replace('"memory"', f'"{backend}"')
    config.write_text(plain + server + samples, encoding="utf-8")
    ran = Terminal(folder, {}).run("sync")
    assert ran.code == 0, ran.all
    return folder


@dataclass(slots=True)
class SlackHouse:
    """A folder and the Slack that it is set up for."""

    folder: Path
    slack: Slack

    def configure(self, more: str = "") -> None:
        """Write the settings of Slack, and more of them."""
        written = (self.folder / "shirube.toml").read_text(encoding="utf-8")
        tokens = TOKENS.format(
            url=self.slack.url,
            bot_token=self.slack.bot_token,
            app_token=self.slack.app_token,
        )
        (self.folder / "slack.toml").write_text(
            written + tokens + more, encoding="utf-8"
        )

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Serving]:
        """Serve while the block runs; what is left then is cancelled, as by a kill."""
        async with self.process() as serving:
            await self.slack.until(lambda: len(self.slack.sockets.open) > 1)
            yield serving

    @asynccontextmanager
    async def process(
        self, stop: asyncio.Event | None = None
    ) -> AsyncIterator[Serving]:
        """The same, without waiting until it listens; it ends by itself on `stop`."""
        read = settings.load(self.folder / "slack.toml")
        serving = Serving(read, plugs=chatting.plugs(read), lease_seconds=LEASE_SECONDS)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(serving.run(stop or asyncio.Event()))
            try:
                yield serving
            finally:
                if stop is None:
                    task.cancel()
