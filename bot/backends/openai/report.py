"""Looks at a host as the operator would: is it there, what has it, what is wrong."""

from collections.abc import Sequence

from bot.backends.openai.host import OpenAIHost
from bot.backends.openai.models import look_up
from bot.backends.openai.wire import Models, Props, Version
from bot.core.errors import BotError, ConfigError
from bot.core.reports import HostReport, ModelReport


async def inspect(host: OpenAIHost, models: Sequence[str], /) -> HostReport:
    """Ask a host for everything that `check` shows; never raises.

    Costs no computation and loads nothing. The protocol does not say whether a
    server hands prompts on to others, nor how a model lies in memory.
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
        models=tuple(reports),
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
