"""Looks at a host as the operator would: is it there, what has it, what is wrong."""

from collections.abc import Sequence
from dataclasses import replace

from bot.backends.openai.host import OpenAIHost
from bot.backends.openai.models import fitted, look_up
from bot.backends.openai.wire import Models, Props, Version
from bot.core.errors import BotError, ConfigError
from bot.core.reports import HostReport, ModelReport


async def inspect(
    host: OpenAIHost,
    models: Sequence[str],
    /,
    *,
    writes: str | None = None,
    context: int | None = None,
) -> HostReport:
    """Ask a host for everything that `check` shows; never raises.

    `writes` is the one of the models that writes, and `context` how many tokens it
    may use, if that is set: it cannot be used where nobody says so. Costs no
    computation and loads nothing. The protocol does not say whether a server hands
    prompts on to others, nor how a model lies in memory.
    """
    try:
        await host.get("/v1/models", Models)
        reports = [await _model(host, model) for model in dict.fromkeys(models)]
    except BotError as error:
        return HostReport(url=host.url, reachable=False, problem=str(error))
    return HostReport(
        url=host.url,
        reachable=True,
        version=await _version(host),
        models=tuple(
            _writing(host, report, context) if report.model == writes else report
            for report in reports
        ),
    )


async def _version(host: OpenAIHost) -> str | None:
    """Ask as vLLM answers, then as llama.cpp does."""
    try:
        return (await host.get("/version", Version)).version
    except BotError:
        pass
    try:
        return (await host.get("/props", Props)).build_info
    except BotError:
        return None


async def _model(host: OpenAIHost, model: str) -> ModelReport:
    try:
        facts = await look_up(host, model)
    except ConfigError as error:
        return ModelReport(model=model, problem=str(error))
    return ModelReport(
        model=model, digest=facts.digest, context=facts.context, loaded=True
    )


def _writing(
    host: OpenAIHost, report: ModelReport, asked_for: int | None
) -> ModelReport:
    """Add how many tokens a request may use, or that nobody says it."""
    if report.problem:
        return report
    try:
        context = fitted(report.model, host.url, report.context, asked_for)
    except ConfigError as error:
        return ModelReport(model=report.model, problem=str(error))
    return replace(report, context=context)
