"""`shirube check`: what is wrong, in plain words, with what to do."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator

from rich.markup import escape

from bot import settings
from bot.app import App, ConfiguredHost, opened
from bot.commands.terminal import Config, Exit, Json, Verbose, language, out, run
from bot.core.errors import BotError
from bot.core.model import Language
from bot.core.reports import HostReport, ModelReport
from bot.ops.check import Finding, Level, drift, index_findings
from bot.settings import SourceSettings
from bot.text import phrases

MARKS = {
    Level.OK: "[green]✓[/]",
    Level.WARNING: "[yellow]![/]",
    Level.ERROR: "[red]✗[/]",
}


def check(
    *, config: Config = None, as_json: Json = False, verbose: Verbose = False
) -> None:
    """Say what is wrong with settings, sources, index and models, and what to do."""

    async def main() -> Exit:
        read = settings.load(config)
        spoken = language(read)
        worst = Exit.OK
        async with opened(read) as app:
            async for finding in findings(app, spoken):
                if finding.level is Level.ERROR:
                    worst = Exit.FAILED
                show(finding, as_json=as_json)
        return worst

    run(main, verbose=verbose)


async def findings(app: App, spoken: Language, /) -> AsyncIterator[Finding]:
    """Look at everything, cheapest first."""
    folder = app.settings.folder()
    yield _ok(phrases.CHECK_SETTINGS.say(spoken, folder=folder))
    if not app.settings.sources:
        yield _error(phrases.CHECK_NO_SOURCES.say(spoken))
    for source in app.settings.sources:
        for finding in await _source(app, source, spoken):
            yield finding
    for row in await app.leftovers():
        yield _warning(
            phrases.CHECK_LEFTOVER.say(spoken, source=row.source, count=row.documents)
        )
    for finding in await _index(app, spoken):
        yield finding
    for host in app.hosts:
        for finding in await _models(host, spoken) if host.models else ():
            yield finding


def show(finding: Finding, /, *, as_json: bool) -> None:
    """Print one finding."""
    if as_json:
        out.print_json(json.dumps({"level": finding.level, "text": finding.text}))
    else:
        out.print(f"{MARKS[finding.level]} {escape(finding.text)}", highlight=False)


async def _source(app: App, source: SourceSettings, spoken: Language) -> list[Finding]:
    try:
        connector = app.connector(source)
        problems = await asyncio.to_thread(connector.check)
        links = [] if problems else await asyncio.to_thread(app.samples, connector)
    except BotError as error:
        return [_error(str(error))]
    if problems:
        return [
            _error(
                phrases.CHECK_SOURCE_PROBLEM.say(
                    spoken, source=source.name, what=problem.what, fix=problem.fix
                )
            )
            for problem in problems
        ]
    said = (
        phrases.CHECK_LINKS.say(spoken, source=source.name, links=" ".join(links))
        if links
        else phrases.CHECK_NO_LINKS.say(spoken, source=source.name)
    )
    return [_ok(phrases.CHECK_SOURCE.say(spoken, source=source.name)), _ok(said)]


async def _index(app: App, spoken: Language) -> list[Finding]:
    try:
        generation = await app.state.generations.active()
        if generation is None:
            return [_warning(phrases.CHECK_NEVER_SYNCED.say(spoken))]
        found = await drift(
            generation, index=app.index, projection=app.state.projection
        )
    except BotError as error:
        return [_error(str(error))]
    return list(index_findings(generation, found, spoken))


async def _models(host: ConfiguredHost, spoken: Language) -> list[Finding]:
    report = await host.report()
    return [*_host(report, spoken), *_roles(host, report, spoken)]


def _host(report: HostReport, spoken: Language) -> Iterator[Finding]:
    if not report.reachable:
        text = phrases.CHECK_HOST_DOWN.say(spoken, problem=report.problem)
        yield _warning(text)
        return
    yield _ok(
        phrases.CHECK_HOST.say(
            spoken, url=report.url, version=report.version, cloud=report.cloud
        )
    )
    for warning in report.warnings:
        yield _warning(warning)
    for model in report.models:
        yield _model(model, spoken)


def _model(model: ModelReport, spoken: Language) -> Finding:
    if model.problem:
        text = phrases.CHECK_MODEL_PROBLEM.say(spoken, problem=model.problem)
        return _error(text)
    dimensions = f", {model.dimensions} dimensions" if model.dimensions else ""
    return _ok(
        phrases.CHECK_MODEL.say(
            spoken,
            model=model.model,
            digest=(model.digest or "")[:19],
            context=model.context or "?",
            capabilities=", ".join(sorted(model.capabilities)),
            dimensions=dimensions,
        )
    )


def _roles(
    host: ConfiguredHost, report: HostReport, spoken: Language
) -> Iterator[Finding]:
    """Find models that were set for what they cannot do."""
    for model in report.models:
        able = model.capabilities
        if able and model.model == host.chat and "completion" not in able:
            yield _error(phrases.CHECK_NO_WRITER.say(spoken, model=model.model))
        if able and model.model == host.embed and "embedding" not in able:
            yield _warning(phrases.CHECK_NO_EMBEDDER.say(spoken, model=model.model))


def _ok(text: str) -> Finding:
    return Finding(level=Level.OK, text=text)


def _warning(text: str) -> Finding:
    return Finding(level=Level.WARNING, text=text)


def _error(text: str) -> Finding:
    return Finding(level=Level.ERROR, text=text)
