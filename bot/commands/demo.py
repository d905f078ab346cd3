"""`shirube demo`: the bundled documents, three questions, and a chat."""

import sys
from pathlib import Path

from rich.markup import escape

from bot import settings
from bot.app import NONE, App, opened, server
from bot.backends.ollama import OllamaHost, choose
from bot.chat.console import Desk, Screen
from bot.commands.chat import converse, warming
from bot.commands.sync import show, sync_sources
from bot.commands.terminal import Exit, Verbose, err, language, out, run
from bot.core.errors import ConfigError
from bot.core.model import Language
from bot.ingest.sync import Policy
from bot.text import phrases

QUESTIONS = (
    "有給休暇は入社後いつから何日もらえますか？",
    "How can a new engineer get access to production?",
    "火星支社の駐車場は何台まで停められますか？",
)
"""One in Japanese, one in English, one that the documents cannot answer."""

DEMO = "Demo"
"""Ends the prefix of the collections, so that no index of the team is touched."""

PREFIX = 20
"""Characters that a prefix has at most."""


def demo(*, verbose: Verbose = False) -> None:
    """Read the documents of a fictional company, answer three questions, then chat."""
    folder = Path(".shirube/demo").absolute()

    async def main() -> Exit:
        read = apart(settings.load(samples() / "shirube.toml", data=folder))
        again = folder.exists()
        spoken = language(read)
        out.print(phrases.DEMO_BEGIN.say(spoken), markup=False)
        read, problems = await usable(read)
        # The first answers do not wait for vectors.
        async with opened(_with(read, embed_model=NONE), writing=True) as app:
            await _require_own(app, again=again)
            for report in await sync_sources(app, None, Policy()):
                show(report)
            _say_model(app, spoken, problems)
            desk = app.desk(spoken)
            for question in QUESTIONS:
                await _ask(desk, question)
        if sys.stdin.isatty() and out.is_terminal:
            async with opened(read, writing=True) as app:
                await sync_sources(app, None, Policy())
                async with warming(app):
                    await converse(app.desk(spoken), spoken)
        out.print(phrases.DEMO_END.say(spoken), markup=False)
        return Exit.OK

    run(main, verbose=verbose)


def samples() -> Path:
    """Return the folder of the bundled documents.

    In a wheel they lie in the package, in a checkout where the tests use them.
    """
    package = Path(__file__).parents[1]
    for folder in (package / "samples", package.parent / "tests" / "samples"):
        if (folder / "shirube.toml").is_file():
            return folder
    raise ConfigError("the bundled documents are missing; install Shirube again")


def apart(read: settings.Settings, /) -> settings.Settings:
    """Return the settings with collections that are not those of the team."""
    prefix = f"{read.index.prefix[: PREFIX - len(DEMO)]}{DEMO}"
    index = read.index.model_copy(update={"prefix": prefix})
    return read.model_copy(update={"index": index})


async def _require_own(app: App, /, *, again: bool) -> None:
    """Raise `ConfigError` for a state that holds what no demo here has read."""
    if await app.state.generations.active() is None:
        return
    if not again or await app.leftovers():
        raise ConfigError(
            "the state database holds documents that are not the demo's; name an "
            "empty database or schema in state.url, or set none"
        )


async def usable(read: settings.Settings) -> tuple[settings.Settings, list[str]]:
    """Return the settings with models that can be used now, or with none.

    Tables of hosts are meant as they are, and so is a model that is switched off.
    """
    wanted = read.ollama
    async with server(read.model_hosts()[0], read.base) as host:
        if read.hosts or not isinstance(host, OllamaHost):
            return read, []
        chosen = await choose(host, chat=wanted.chat_model, embed=wanted.embed_model)
    chat = NONE if wanted.chat_model == NONE else chosen.chat or NONE
    embed = NONE if wanted.embed_model == NONE else chosen.embed or NONE
    return _with(read, chat_model=chat, embed_model=embed), list(chosen.problems)


def _with(read: settings.Settings, **models: str) -> settings.Settings:
    """Return the settings with other models, on every host."""
    hosts = {name: host.model_copy(update=models) for name, host in read.hosts.items()}
    ollama = read.ollama.model_copy(update=models)
    return read.model_copy(update={"ollama": ollama, "hosts": hosts})


def _say_model(app: App, spoken: Language, problems: list[str]) -> None:
    if app.model is None:
        for problem in problems:
            err.print(problem, style="dim", markup=False, highlight=False)
        told = phrases.NO_MODEL.say(spoken, model=settings.Ollama().chat_model)
        out.print(f"\n{told}", style="yellow", markup=False, highlight=False)
    else:
        writing = dict.fromkeys(host.chat for host in app.hosts if host.chat)
        out.print(f"\n{', '.join(writing)}", style="dim", markup=False)


async def _ask(desk: Desk, question: str) -> None:
    desk.start_over()
    out.print(f"\n[bold]> {escape(question)}[/]", highlight=False)
    await desk.ask(question, Screen(out))
