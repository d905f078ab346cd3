"""What a host says of one of its models, before the model is used."""

from dataclasses import dataclass

from bot.backends.ollama.dialect import missing_model
from bot.backends.ollama.host import OllamaHost
from bot.backends.ollama.wire import Installed, Loaded, Running, Shown, Tags
from bot.core.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """A model that a host has and runs itself.

    `digest` names the model with its template and parameters; it differs between
    hosts that were not given the model by a pull. `weights` is the same wherever
    the weights are. `context` is the window it was trained with, in tokens.
    """

    name: str
    digest: str
    weights: str
    family: str
    capabilities: frozenset[str]
    context: int | None
    dimensions: int | None


async def look_up(host: OllamaHost, model: str, /) -> ModelFacts:
    """Ask a host about a model.

    Raises `ConfigError` for a model that the host lacks, and for one that is served
    from a cloud unless the host's settings allow it.
    """
    refuse_cloud(host, model)
    tags = await host.get("/api/tags", Tags)
    entry = installed(tags, model)
    if entry is None:
        raise missing_model(host.url, model)
    shown = await host.post(
        "/api/show", {"model": model}, Shown, limit=host.timeouts.ask
    )
    refuse_cloud(host, model, entry.remote_host, entry.remote_model)
    refuse_cloud(host, model, shown.remote_host, shown.remote_model)
    return ModelFacts(
        name=model,
        digest=entry.digest,
        weights=shown.weights or entry.digest,
        family=shown.details.family,
        capabilities=frozenset(shown.capabilities),
        context=shown.number("context_length"),
        dimensions=shown.number("embedding_length"),
    )


async def loaded(host: OllamaHost, model: str, /) -> Loaded | None:
    """Return how a model lies in the host's memory; None when it does not."""
    running = await host.get("/api/ps", Running)
    name = canonical(model)
    return next((one for one in running.models if canonical(one.name) == name), None)


def installed(tags: Tags, model: str, /) -> Installed | None:
    """Return the entry of a model in the list of what a host has."""
    name = canonical(model)
    return next((one for one in tags.models if canonical(one.name) == name), None)


def canonical(model: str, /) -> str:
    """Return the name with its tag: `bge-m3` and `bge-m3:latest` are one model."""
    name = model.lower()
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def refuse_cloud(host: OllamaHost, model: str, /, *remotes: str | None) -> None:
    """Raise `ConfigError` for a model whose prompts would leave the team's network.

    Ollama's cloud is meant by some endings of a name, or by a remote that the host
    names for a model.
    """
    where = [remote for remote in remotes if remote]
    if model.lower().endswith(("-cloud", ":cloud")):
        where.append("Ollama's cloud")
    if where and not host.allow_cloud:
        raise ConfigError(
            f"the model {model!r} is served from {where[0]}, and questions must not "
            "leave the team's network; configure a model that the host runs itself"
        )
