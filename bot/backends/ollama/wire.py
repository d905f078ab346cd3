"""What Ollama answers, as far as we read it."""

import re
from datetime import datetime

from pydantic import Field

from bot.backends.endpoint import Reply

_WEIGHTS = re.compile(r"^FROM .*\bsha256-([0-9a-f]{64})\s*$", re.MULTILINE)


class Version(Reply):
    """`GET /api/version`."""

    version: str


class Cloud(Reply):
    """Whether a host hands requests on to a cloud."""

    disabled: bool


class Status(Reply):
    """`GET /api/status`."""

    cloud: Cloud | None = None


class Installed(Reply):
    """A model in `GET /api/tags`."""

    name: str
    digest: str
    size: int = 0
    remote_model: str | None = None
    remote_host: str | None = None


class Tags(Reply):
    """`GET /api/tags`."""

    models: tuple[Installed, ...] = ()


class Loaded(Reply):
    """A model in `GET /api/ps`; a model that is still loading is listed, too."""

    name: str
    size: int = 0
    size_vram: int = 0
    context_length: int | None = None
    expires_at: datetime | None = None

    def offload_warning(self, name: str, /) -> str | None:
        """Return a sentence for a model that only partly fits the graphics card."""
        if not 0 < self.size_vram < self.size:
            return None
        share = 100 * self.size_vram // self.size
        return (
            f"only {share} % of {name} fits the graphics card, so it is slow; "
            "set a smaller num_ctx or choose a smaller model"
        )


class Running(Reply):
    """`GET /api/ps`."""

    models: tuple[Loaded, ...] = ()


class Details(Reply):
    """A part of `POST /api/show`."""

    family: str = ""


class Shown(Reply):
    """`POST /api/show`."""

    details: Details = Details()
    modelfile: str = ""
    model_info: dict[str, object] = Field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    remote_model: str | None = None
    remote_host: str | None = None

    @property
    def weights(self) -> str | None:
        """The hash of the weights, out of the name of the file that holds them."""
        found = _WEIGHTS.findall(self.modelfile)
        return "+".join(found) or None

    def number(self, key: str, /) -> int | None:
        """Return a number that the model's architecture names."""
        architecture = self.model_info.get("general.architecture")
        value = self.model_info.get(f"{architecture}.{key}")
        return value if isinstance(value, int) else None


class Said(Reply):
    """The message in a line of a chat; `thinking` is never shown to anybody."""

    content: str = ""
    thinking: str | None = None


class ChatLine(Reply):
    """A line of `POST /api/chat`."""

    message: Said = Said()
    done: bool = False
    done_reason: str | None = None
    prompt_eval_count: int = 0
    eval_count: int = 0
    error: object = None
    status: int = 500


class Embedded(Reply):
    """`POST /api/embed`."""

    embeddings: tuple[tuple[float, ...], ...] = ()
