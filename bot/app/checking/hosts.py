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
from bot.ops.check import LIMIT, Finding, Findings, Speaker, Thing
from bot.ops.models import (
    Asked,
    host_findings,
    sameness_findings,
    trial_findings,
    vectors_finding,
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
    named = [one for one in settings.model_hosts() if one.chat or one.embed]
    hosts = _Hosts(settings, speaker, named)
    for host in named:
        yield Thing(
            name=f"host {host.name}",
            title=say.HOST.say(speaker.language, name=host.name),
            look=partial(hosts.look, host),
        )
    if named:
        yield Thing(
            name="models",
            title=say.MODELS.say(speaker.language),
            look=partial(hosts.compare, active),
            limit=2 * LIMIT,  # it begins where the others have ended
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What a host has; `digests` by model, those that embed by their weights."""

    kind: str
    name: str
    digests: Mapping[str, str]
    spec: EmbeddingSpec | None = None
    embedder: OneEmbedder | None = None


class _Hosts:
    """Looks at each host, and then at what all of them said."""

    def __init__(
        self, settings: Settings, speaker: Speaker, hosts: Sequence[HostSettings]
    ) -> None:
        self._settings = settings
        self._speaker = speaker
        self._hosts = hosts
        self._reports: dict[str, HostReport] = {}
        self._looked = {host.name: asyncio.Event() for host in hosts}

    async def look(self, host: HostSettings) -> Findings:
        """Say how one host stands."""
        others = [one for one in self._hosts if one is not host]
        asked = Asked(
            engine=_ENGINES[host.kind],
            chat=host.chat,
            embed=host.embed,
            others_write=any(one.chat for one in others),
            others_embed=any(one.embed for one in others),
        )
        try:
            async with server(host, self._settings.base) as opened:
                told = await self._report(configured(host, opened))
            self._reports[host.name] = told
        finally:
            self._looked[host.name].set()
        return [*host_findings(asked, told, self._speaker.language)]

    async def compare(
        self, active: Callable[[], Awaitable[Generation | None]]
    ) -> Findings:
        """Compare the hosts, and try one that embeds; who is away says nothing.

        A trial keeps a host busy: it waits until all have been looked at.
        """
        for looked in self._looked.values():
            await looked.wait()
        language = self._speaker.language
        generation = await active()
        findings: list[Finding] = []
        async with AsyncExitStack() as stack:
            told = await self._all_told(stack)
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
                    findings.append(vectors_finding(generation, one.spec, language))
                    findings += await trial_findings(generation, one.embedder, language)
                    break
        return findings

    async def _report(self, host: ConfiguredHost) -> HostReport:
        try:
            async with asyncio.timeout(PATIENCE):
                return await host.report()
        except TimeoutError:
            late = say.HOST_LATE.say(
                self._speaker.language, url=host.server.url, seconds=f"{PATIENCE:g}"
            )
            return HostReport(url=host.server.url, reachable=False, problem=late)

    async def _all_told(self, stack: AsyncExitStack) -> list[_Told]:
        """Ask those that answered for their vectors, side by side."""
        async with asyncio.TaskGroup() as group:
            tasks = []
            for host in self._hosts:
                report = self._reports.get(host.name)
                if report is not None and report.reachable:
                    named = server(host, self._settings.base)
                    opened: Server = await stack.enter_async_context(named)
                    asked = _told(host.kind, configured(host, opened), report)
                    tasks.append(group.create_task(asked))
        return [task.result() for task in tasks]


async def _told(kind: str, host: ConfiguredHost, report: HostReport) -> _Told:
    digests = {
        model.model: model.digest
        for model in report.models
        if model.digest and model.model == host.chat
    }
    usable = {model.model for model in report.models if not model.problem}
    if host.embedder is None or host.embed not in usable:
        return _Told(kind=kind, name=host.name, digests=digests)
    spec = None
    with contextlib.suppress(BotError, TimeoutError):
        async with asyncio.timeout(PATIENCE / 2):
            spec = await host.embedder.spec()
    if spec is not None:
        digests[spec.model] = spec.digest
    return _Told(
        kind=kind, name=host.name, digests=digests, spec=spec, embedder=host.embedder
    )
