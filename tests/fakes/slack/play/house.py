"""`shirube serve` over the sample documents, in a folder that is gone afterwards."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot import settings
from bot.app import NONE
from bot.commands.demo import samples, usable
from bot.settings import Settings
from tests.fakes.ollama_shaped import MODEL
from tests.fakes.slack import Slack

ROOT: Final = Path(__file__).parents[4]

MODELS: Final = ("SHIRUBE_OLLAMA__", "SHIRUBE_HOSTS__", "SHIRUBE_ANSWERS__")
"""What is taken over of the settings of who plays: hosts of models, nothing else."""

LEAVING: Final = 30.0
"""Seconds that `serve` may take to stop; it promises 25."""

SETTINGS: Final = """
[[sources]]
name = "legal"
connector = "folder"
access = ["pub"]
chat_text = "link-only"
options = {{ path = "legal" }}
link = "https://files.example.jp/legal/{{path}}"

[index]
backend = "memory"

[serve]
port = 0

[slack]
api_url = "{url}"
bot_token = "{bot_token}"
app_token = "{app_token}"

[slack.channels.CSOUMU]
ask_group = "SSOUMUTEAM"

[slack.channels.CGENERAL]
auto_answer = true
auto_answer_after = 8

[slack.channels.CJINJI]
access = ["grp:confluence:人事部"]

[slack.channels.CWITHPARTNER]
external = true
"""
"""A source whose text stays out of chats, and what channels can have: people to call,
answers unasked, more to read, outsiders."""

PAPERS: Final = Path(__file__).parent / "papers"
"""The documents of that source."""


@dataclass(frozen=True, slots=True)
class House:
    """A folder with the samples, and what is set in the environment."""

    folder: Path
    environment: Mapping[str, str]

    @property
    def log(self) -> Path:
        """Where `serve` writes what it does."""
        return self.folder / "serve.log"

    async def sync(self) -> bool:
        """Read the documents, and tell in the terminal about it."""
        process = await asyncio.create_subprocess_exec(
            *self._command("sync"), cwd=self.folder, env=self.environment
        )
        try:
            return await process.wait() == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """Serve while the block runs, and stop as a supervisor would."""
        with self.log.open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *self._command("serve"),
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
                # Ctrl-C is ours to hear: a second signal would cut it short.
                start_new_session=True,
            )
        try:
            yield process
        finally:
            await _stop(process)

    def _command(self, name: str) -> tuple[str, ...]:
        return (sys.executable, "-m", "bot", name)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(LEAVING):
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def furnished(folder: Path, slack: Slack, /) -> House:
    """Put the samples into a folder, set up for that Slack."""
    source = samples()
    for item in source.iterdir():
        if item.is_dir() and item.name != "sources":
            shutil.copytree(item, folder / item.name)
        elif item.suffix in {".zip", ".bundle"}:
            shutil.copy(item, folder)
    shutil.copytree(PAPERS, folder / "legal")
    written = (source / "shirube.toml").read_text(encoding="utf-8")
    more = SETTINGS.format(
        url=slack.url, bot_token=slack.bot_token, app_token=slack.app_token
    )
    (folder / "shirube.toml").write_text(written + more, encoding="utf-8")
    return House(folder, environment(os.environ))


def environment(given: Mapping[str, str], /) -> dict[str, str]:
    """Return the variables for the bot: no token, database or index of a team.

    A proxy would stand between it and the fake, and goes as well.
    """
    kept = {
        name: value
        for name, value in given.items()
        if not name.startswith("SHIRUBE_") or name.startswith(MODELS)
        if not name.lower().endswith("_proxy")
    }
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}


async def with_models(
    house: House, wanted: Settings, standin: str, /
) -> tuple[House, str]:
    """Return the house with the models that can be used, and what answers there.

    Where a model is wanted and none is found, the one at `standin` answers.
    """
    if wanted.hosts:
        return house, ", ".join(wanted.hosts)
    found, problems = await usable(wanted)
    chat = _unless_off(wanted.ollama.chat_model, found.ollama.chat_model)
    embed = _unless_off(wanted.ollama.embed_model, found.ollama.embed_model)
    chosen = {"SHIRUBE_OLLAMA__CHAT_MODEL": chat, "SHIRUBE_OLLAMA__EMBED_MODEL": embed}
    said = chat
    if wanted.ollama.chat_model == NONE:
        said = "none: answers are quotations"
    elif chat == NONE:
        said = (
            "a stand-in that copies sentences: what it writes shows nothing of quality"
        )
        chosen["SHIRUBE_OLLAMA__URL"] = standin
        chosen["SHIRUBE_OLLAMA__CHAT_MODEL"] = MODEL
    made = House(house.folder, {**house.environment, **chosen})
    return made, "\n  ".join([said, *problems])


def _unless_off(wanted: str, found: str) -> str:
    """Return the model that was found, unless none is wanted."""
    return NONE if wanted == NONE else found


def settings_of(house: House, /) -> Settings:
    """Read the settings of a house; the environment of this process is its own then."""
    for name in [name for name in os.environ if name not in house.environment]:
        del os.environ[name]
    return settings.load(house.folder / "shirube.toml")
