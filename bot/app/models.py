"""The models that the settings name, each behind one port, on however many hosts."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import structlog

from bot.app.hosts import (
    ConfiguredHost,
    configured,
    embedder,
    look,
    revive,
    server,
)
from bot.backends.endpoint import Timeouts
from bot.backends.gate import FairGate
from bot.backends.hosts import (
    FollowingEmbedder,
    HostedEmbedder,
    HostedLanguageModel,
    ModelHost,
    Standing,
)
from bot.core.errors import ConfigError
from bot.core.model import EmbeddingSpec
from bot.core.ports import ActiveGeneration, Embedder, LanguageModel
from bot.settings import HostSettings, Settings
from bot.telemetry import HOST_WARNING

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """The models of all hosts, None where they are switched off.

    `documents` embeds with the weights that the hosts have now, for a sync;
    `questions` with those of the index that answers.
    """

    hosts: tuple[ConfiguredHost, ...]
    hosted: HostedLanguageModel | None
    gate: FairGate | None
    documents: HostedEmbedder | None
    questions: FollowingEmbedder | None

    async def watch(self) -> None:
        """Look after the hosts until cancelled, so that no question has to find out."""
        async with asyncio.TaskGroup() as group:
            for watched in (self.hosted, self.questions):
                if watched is not None:
                    group.create_task(watched.watch())

    def standings(self) -> tuple[Standing, ...]:
        """Say how each host is doing, as a writer and as an embedder; asks nobody."""
        watched = (self.hosted, self.questions)
        return tuple(one for each in watched if each for one in each.standings())

    async def warm_up(self) -> tuple[str, ...]:
        """Load all models, the hosts side by side; return, and log, warnings."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_warmed_up(host)) for host in self.hosts]
        return tuple(warning for task in tasks for warning in task.result())


async def models(
    settings: Settings, stack: AsyncExitStack, /, *, generations: ActiveGeneration
) -> Models:
    """Open the hosts, and put their models behind one port each."""
    named = settings.model_hosts()
    hosts = tuple([await _opened(host, settings, stack) for host in named])
    patience = Timeouts().loading + max(host.answer_timeout for host in named)
    hosted = _hosted(hosts, deadline=patience)
    embeds = any(host.embed for host in hosts)

    def following(spec: EmbeddingSpec | None) -> HostedEmbedder:
        return _embedder(hosts, spec)

    return Models(
        hosts=hosts,
        hosted=hosted,
        gate=FairGate(hosted, slots=hosted.slots) if hosted else None,
        documents=_embedder(hosts, None) if embeds else None,
        questions=FollowingEmbedder(generations, following) if embeds else None,
    )


async def _opened(
    host: HostSettings, settings: Settings, stack: AsyncExitStack
) -> ConfiguredHost:
    try:
        opened = server(host, settings.base)
    except ConfigError as error:
        raise ConfigError(f"model host {host.name}: {error}") from error
    return configured(host, await stack.enter_async_context(opened))


async def _warmed_up(host: ConfiguredHost) -> tuple[str, ...]:
    warnings = await host.warm_up()
    for warning in warnings:
        log.warning(HOST_WARNING, host=host.name, warning=warning)
    return warnings


def _hosted(
    hosts: Sequence[ConfiguredHost], *, deadline: float
) -> HostedLanguageModel | None:
    writers: list[ModelHost[LanguageModel]] = [
        ModelHost(
            name=host.name,
            model=host.writer,
            slots=host.slots,
            look=look(host.server, host.chat),
            revive=revive(host.writer),
        )
        for host in hosts
        if host.writer and host.chat
    ]
    return HostedLanguageModel(writers, deadline=deadline) if writers else None


def _embedder(
    hosts: Sequence[ConfiguredHost], spec: EmbeddingSpec | None
) -> HostedEmbedder:
    """Return the model with the weights of a spec, or that of the settings."""
    embedders: list[ModelHost[Embedder]] = []
    for host in hosts:
        if host.embedder and host.embed:
            model, name = host.embedder, host.embed
            if spec is not None and spec.model != name:
                model, name = embedder(host.server, spec.model), spec.model
            watched = look(host.server, name)
            embedders.append(ModelHost(name=host.name, model=model, look=watched))
    return HostedEmbedder(embedders, digest=spec.digest if spec else None)
