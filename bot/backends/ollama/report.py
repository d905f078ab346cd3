"""Looks at a host as the operator would: is it there, what has it, what is wrong."""

from collections.abc import Sequence

from bot.backends.ollama.host import OllamaHost
from bot.backends.ollama.models import loaded, look_up
from bot.backends.ollama.wire import Status, Version
from bot.core.errors import BotError, ConfigError
from bot.core.reports import CloudState, HostReport, ModelReport


async def inspect(host: OllamaHost, models: Sequence[str], /) -> HostReport:
    """Ask a host for everything that `check` shows; never raises.

    Costs no computation and loads nothing.
    """
    try:
        version = await host.get("/api/version", Version)
        cloud = await _cloud(host)
        reports = [await _model(host, model) for model in dict.fromkeys(models)]
    except BotError as error:
        return HostReport(url=host.url, reachable=False, problem=str(error))
    return HostReport(
        url=host.url,
        reachable=True,
        version=version.version,
        cloud=cloud,
        models=tuple(reports),
        warnings=(
            *_cloud_warnings(host, cloud),
            *(report.warning for report in reports if report.warning),
        ),
    )


async def _cloud(host: OllamaHost) -> CloudState:
    try:
        status = await host.get("/api/status", Status)
    except ConfigError:  # servers before 0.17 do not know this path
        return CloudState.UNKNOWN
    if status.cloud is None:
        return CloudState.UNKNOWN
    return CloudState.OFF if status.cloud.disabled else CloudState.ON


async def _model(host: OllamaHost, model: str) -> ModelReport:
    try:
        facts = await look_up(host, model)
    except ConfigError as error:
        return ModelReport(model=model, problem=str(error))
    place = await loaded(host, model)
    return ModelReport(
        model=model,
        digest=facts.digest,
        context=facts.context,
        capabilities=facts.capabilities,
        dimensions=facts.dimensions,
        loaded=place is not None,
        running_context=place.context_length if place else None,
        size=place.size if place else 0,
        size_vram=place.size_vram if place else 0,
        warning=place.offload_warning(f"{model} at {host.url}") if place else None,
    )


def _cloud_warnings(host: OllamaHost, cloud: CloudState) -> list[str]:
    advice = "set OLLAMA_NO_CLOUD=1 on that host"
    match cloud:
        case CloudState.OFF:
            return []
        case CloudState.ON:
            return [f"Ollama at {host.url} can pass prompts on to a cloud; {advice}"]
        case CloudState.UNKNOWN:
            unsaid = "does not say whether it passes prompts on to a cloud"
            return [f"Ollama at {host.url} {unsaid}; {advice}"]
