"""What a model host and its models look like to the operator."""

from dataclasses import dataclass
from enum import StrEnum


class CloudState(StrEnum):
    """Whether a host may hand prompts on to a cloud."""

    OFF = "off"
    ON = "on"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReport:
    """How a configured model stands; `problem` says why it cannot be used.

    Sizes are bytes, and zero while the model is not in memory; `running_context`
    is what it was loaded with.
    """

    model: str
    problem: str | None = None
    digest: str | None = None
    context: int | None = None
    capabilities: frozenset[str] = frozenset()
    dimensions: int | None = None
    loaded: bool = False
    running_context: int | None = None
    size: int = 0
    size_vram: int = 0
    warning: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostReport:
    """What a host said of itself and of the configured models."""

    url: str
    reachable: bool
    problem: str | None = None
    version: str | None = None
    cloud: CloudState = CloudState.UNKNOWN
    models: tuple[ModelReport, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Usable:
    """Which of the configured models can be used at once; problems are sentences."""

    chat: bool
    embed: bool
    problems: tuple[str, ...] = ()
