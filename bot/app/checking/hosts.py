"""The model hosts, each by itself and compared with each other and with the index."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Final

from bot.app.hosts import ConfiguredHost, OneEmbedder, Server, configured, server
from bot.core.errors import BotError
from bot.core.model import EmbeddingSpec, Generation
from bot.core.reports import HostReport
from bot.ops.check import Finding, Findings, Speaker, Thing
from bot.ops.models import (
    Asked,
    host_findings,
    sameness_findings,
    trial_findings,
    vectors_findings,
)
from bot.settings import HostSettings, Settings
from bot.text import findings as say

PATIENCE: Final = 10.0
"""Seconds for all that a host is asked about itself."""

_ENGINES = {"ollama": "Ollama", "openai": "OpenAI-compatible"}


def host_things(
    settings: Settings,
    speaker: Speaker,
    active: Callable[[], Awaitable[Generation | None]],
    /,
) -> Iterator[Thing]:
    """Name every host that is asked for something, then all of them together."""
    hosts = [one for one in settings.model_hosts() if one.chat or one.embed]
    for host in hosts:
        yield Thing(
            name=f"host {host.name}",
            title=say.HOST.say(speaker.language, name=host.name),
            look=partial(_host, host, hosts, settings, speaker),
        )
    if hosts:
        yield Thing(
            name="models",
            title=say.MODELS.say(speaker.language),
            look=partial(_models, hosts, settings, speaker, active),
        )


async def _host(
    host: HostSettings,
    hosts: Sequence[HostSettings],
    settings: Settings,
    speaker: Speaker,
) -> Findings:
    others = [one for one in hosts if one is not host]
    asked = Asked(
        engine=_ENGINES[host.kind],
        chat=host.chat,
        embed=host.embed,
        others_write=any(one.chat for one in others),
        others_embed=any(one.embed for one in others),
    )
    async with server(host, settings.base) as opened:
        told = await _report(configured(host, opened), speaker, PATIENCE)
    return [*host_findings(asked, told, speaker.language)]


async def _report(
    host: ConfiguredHost, speaker: Speaker, patience: float
) -> HostReport:
    try:
        async with asyncio.timeout(patience):
            return await host.report()
    except TimeoutError:
        late = say.HOST_LATE.say(
            speaker.language, url=host.server.url, seconds=f"{patience:g}"
        )
        return HostReport(url=host.server.url, reachable=False, problem=late)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What a host has; `digests` by model, those that embed by their weights."""

    kind: str
    name: str
    digests: Mapping[str, str]
    spec: EmbeddingSpec | None
    embedder: OneEmbedder | None


async def _models(
    hosts: Sequence[HostSettings],
    settings: Settings,
    speaker: Speaker,
    active: Callable[[], Awaitable[Generation | None]],
) -> Findings:
    """Compare the hosts, and try one that embeds; those that are away say nothing."""
    language = speaker.language
    generation = await active()
    findings: list[Finding] = []
    async with AsyncExitStack() as stack:
        told = await _all_told(hosts, settings, speaker, stack)
        for kind in _ENGINES:
            digests = (
                (model, one.name, digest)
                for one in told
                if one.kind == kind
                for model, digest in one.digests.items()
            )
            findings += sameness_findings(digests, language)
        for one in told:
            if one.spec is not None and one.embedder is not None:
                findings += vectors_findings(generation, one.spec, language)
                findings += await trial_findings(generation, one.embedder, language)
                break
    return findings


async def _all_told(
    hosts: Sequence[HostSettings],
    settings: Settings,
    speaker: Speaker,
    stack: AsyncExitStack,
) -> list[_Told]:
    """Ask every host, side by side."""
    async with asyncio.TaskGroup() as group:
        tasks = []
        for host in hosts:
            with contextlib.suppress(BotError):  # said of that host already
                named = server(host, settings.base)
                opened: Server = await stack.enter_async_context(named)
                ours = configured(host, opened)
                tasks.append(group.create_task(_told(host.kind, ours, speaker)))
    return [task.result() for task in tasks]


async def _told(kind: str, host: ConfiguredHost, speaker: Speaker) -> _Told:
    report = await _report(host, speaker, PATIENCE / 4)
    digests = {
        model.model: model.digest
        for model in report.models
        if model.digest and model.model == host.chat
    }
    spec = None
    usable = {model.model for model in report.models if not model.problem}
    if host.embedder is not None and host.embed in usable:
        with contextlib.suppress(BotError, TimeoutError):
            async with asyncio.timeout(PATIENCE / 4):
                spec = await host.embedder.spec()
    if spec is not None:
        digests[spec.model] = spec.digest
    return _Told(
        kind=kind, name=host.name, digests=digests, spec=spec, embedder=host.embedder
    )
