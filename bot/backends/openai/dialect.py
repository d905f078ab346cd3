"""What an OpenAI-compatible host is called, and what to do when it refuses."""

from bot.backends.refusals import Dialect
from bot.core.errors import ConfigError


def missing_model(url: str, model: str, /) -> ConfigError:
    """Return the error for a model that a host does not serve."""
    return ConfigError(
        f"model server at {url} has no model {model!r}; start it with that model "
        "or configure the name that it serves"
    )


OPENAI = Dialect(
    name="model server",
    speech="OpenAI's API",
    port=8000,
    denied="check the bearer token, it is the server's API key",
    missing=missing_model,
)
