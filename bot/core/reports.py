"""What stores and model hosts tell the operator of themselves: facts, no sentences."""

from dataclasses import dataclass
from enum import StrEnum

# --- stores ------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    """How many connections a server has open, and how many it takes."""

    used: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseReport:
    """What the state database is; sizes are bytes.

    `read_only` is true for a standby and for a file that we may not write to.
    """

    engine: str
    schema: str
    place: str
    size: int
    read_only: bool = False
    connections: Connections | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One server of a cluster; its version is empty while it is away."""

    name: str
    healthy: bool
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What the key in use may do with the index.

    `lacks_reading` and `lacks_writing` name the permissions that are missing for
    each task, with the place; `beyond_reading` those that a reader has no need for.
    `anybody` is true where the server asks for no key.
    """

    lacks_reading: tuple[str, ...] = ()
    lacks_writing: tuple[str, ...] = ()
    beyond_reading: tuple[str, ...] = ()
    anybody: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexReport:
    """What the engine of the index tells of itself.

    `size` is bytes on this machine. `copies` and `shards` are those of the
    collection that answers. `nodes` are the servers of the cluster, none where
    there is no server; `clouds` names the loaded modules that can send texts away.
    `read_only` is true while the engine refuses writes, as with a full disk.
    """

    engine: str
    place: str
    size: int | None = None
    read_only: bool = False
    copies: int | None = None
    shards: int | None = None
    nodes: tuple[Node, ...] = ()
    clouds: tuple[str, ...] = ()


# --- model hosts -------------------------------------------------------------


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
