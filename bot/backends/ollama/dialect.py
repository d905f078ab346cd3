"""What an Ollama host is called, and what to do when it refuses."""

from bot.backends.refusals import Dialect
from bot.core.errors import ConfigError


def missing_model(url: str, model: str, /) -> ConfigError:
    """Return the error for a model that a host does not have."""
    return ConfigError(
        f"Ollama at {url} has no model {model!r}; "
        f"run `ollama pull {model}` on that host or configure another model"
    )


OLLAMA = Dialect(
    name="Ollama",
    speech="Ollama",
    port=11434,
    denied=(
        "check the bearer token, and that the proxy before it sends "
        "`Host: localhost:11434`"
    ),
    missing=missing_model,
)
