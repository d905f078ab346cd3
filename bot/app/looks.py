"""What `serve` looks at to know whether people are answered, part by part."""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final

import structlog

from bot.app.discretion import kept_back
from bot.app.libraries import loaded
from bot.app.running import App
from bot.core.access import PUB
from bot.core.errors import BotError
from bot.core.model import Generation
from bot.core.sync import SourceStatus
from bot.ops.check import Finding, Level
from bot.ops.readiness import PATIENCE, Look
from bot.telemetry import KEPT_FROM_CHATS
from bot.telemetry.metrics import Metrics
from bot.text.discretion import KEPT_BACK

log = structlog.get_logger()

COUNTING: Final = 60.0
"""Seconds between two counts of the documents."""

_LOOKED_FOR = "標"
"""What is looked for in the index; nothing need be found."""


def looks(app: App, metrics: Metrics, /) -> Mapping[str, Look]:
    """Return the looks at everything that may be away."""
    return {
        "state": partial(_state, app, metrics),
        "index": partial(_index, app),
        "model": partial(_model, app, metrics),
    }


async def count(app: App, metrics: Metrics, /) -> None:
    """Count documents for ever, seldom: in a large catalogue that takes a while."""
    told = set[str]()
    while True:
        with contextlib.suppress(BotError):  # which the look at the state tells
            rows = await app.state.catalogue.sources()
            for row in rows:
                metrics.source(
                    row.source, documents=row.documents, synced=row.last_success
                )
            if app.settings.slack.wanted:
                _tell_kept_back(app, rows, told)
        await asyncio.sleep(COUNTING)


def _tell_kept_back(app: App, rows: Iterable[SourceStatus], told: set[str]) -> None:
    """Say once of each source that chats do not get it, though no table says so."""
    for row in kept_back(rows, app.settings.sources):
        if row.source not in told:
            told.add(row.source)
            sentence = KEPT_BACK.en.format(source=row.source, count=row.documents)
            log.warning(KEPT_FROM_CHATS, problem=sentence)


async def _state(app: App, metrics: Metrics) -> Finding:
    generation = await app.state.generations.active()
    if generation is not None:
        begun = await app.state.generations.begun(generation.id)
        metrics.generation(generation.id, begun)
    await app.state.writing.require()
    return _ok("can be read")


async def _index(app: App) -> Finding:
    generation = await app.state.generations.active()
    if generation is None:
        return _warning("nothing was synced yet; run `shirube sync`")
    await loaded(generation.spec.backend)
    await _search(app, generation)
    return _ok(f"generation {generation.id} answers")


async def _search(app: App, generation: Generation) -> None:
    await app.index.search_lexical(
        generation, [_LOOKED_FOR], principals=frozenset({PUB}), limit=1
    )


async def _model(app: App, metrics: Metrics) -> Finding:
    """Ask for the model that writes; without it answers are quotations, but there."""
    _show_hosts(app, metrics)
    if app.model is None:
        return _ok("no model writes: answers are quotations")
    try:
        async with asyncio.timeout(PATIENCE * 0.9):
            spec = await app.model.describe()
    except TimeoutError:
        return _warning("no model host answers in time; answers are quotations")
    except BotError as error:
        return _warning(f"{error}; answers are quotations meanwhile")
    roles = (app.models.hosted, app.models.questions)
    ill = [
        f"{host.name}: {host.problem}"
        for hosts in roles
        for host in (hosts.standings() if hosts else ())
        if host.problem
    ]
    return _warning("; ".join(ill)) if ill else _ok(f"{spec.model} answers")


def _show_hosts(app: App, metrics: Metrics) -> None:
    roles = {"chat": app.models.hosted, "embed": app.models.questions}
    metrics.forget_hosts()
    for role, hosts in roles.items():
        for host in hosts.standings() if hosts else ():
            metrics.host(role, host.name, host.health)


def _ok(text: str) -> Finding:
    return Finding(level=Level.OK, text=text)


def _warning(text: str) -> Finding:
    return Finding(level=Level.WARNING, text=text)
