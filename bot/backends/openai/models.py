"""What a host says of one of its models, before the model is used."""

import hashlib
from dataclasses import dataclass

from bot.backends.openai.dialect import missing_model
from bot.backends.openai.host import OpenAIHost
from bot.backends.openai.wire import Models, Props, Served
from bot.core.errors import BotError, ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """A model that a host serves.

    `digest` is made of what the host says of the weights, which is less than their
    hash: a host that says only a name has the same digest after an update.
    `context` is what one request may use, in tokens, where the host says it.
    """

    name: str
    digest: str
    context: int | None


async def look_up(host: OpenAIHost, model: str, /) -> ModelFacts:
    """Ask a host about a model.

    Raises `ConfigError` for a model that is not served, and for one of Ollama's
    cloud unless the host's settings allow it.
    """
    if model.lower().endswith(("-cloud", ":cloud")) and not host.allow_cloud:
        raise ConfigError(
            f"the model {model!r} is served from Ollama's cloud, and questions must "
            "not leave the team's network; configure a model that the host runs itself"
        )
    models = await host.get("/v1/models", Models)
    names = {model, f"{model}:latest"}
    for served in models.data:
        if names & {served.id, *served.aliases}:
            return ModelFacts(
                name=model,
                digest=_digest(model, served),
                context=await _context(host, served),
            )
    others = ", ".join(repr(served.id) for served in models.data)
    error = missing_model(host.url, model)
    raise ConfigError(f"{error}: {others}") if others else error


def fitted(model: str, url: str, /, *sizes: int | None) -> int:
    """Return how many tokens a request may use: the least of what was told.

    Raises `ConfigError` where neither the host nor the settings tell.
    """
    told = [size for size in sizes if size]
    if not told:
        raise ConfigError(
            f"{model} at {url} does not say how many tokens it takes; "
            "set the context in the settings"
        )
    return min(told)


async def _context(host: OpenAIHost, served: Served) -> int | None:
    told = served.max_model_len or (served.meta.n_ctx if served.meta else None)
    if told or served.owned_by != "llamacpp":
        return told
    try:
        props = await host.get("/props", Props)
    except BotError:
        return None
    return props.default_generation_settings.n_ctx


def _digest(model: str, served: Served) -> str:
    meta = served.meta
    told = (
        model,
        served.root,
        *((meta.n_params, meta.n_embd, meta.n_vocab) if meta else ()),
        *((meta.size, meta.ftype) if meta else ()),
    )
    return f"openai-{hashlib.sha256(repr(told).encode()).hexdigest()[:24]}"
