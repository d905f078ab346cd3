"""The models that the settings name."""

from bot.app.secret import revealed
from bot.backends.ollama import (
    OllamaEmbedder,
    OllamaHost,
    OllamaLanguageModel,
    Timeouts,
)
from bot.settings import Settings

NONE = "none"
"""The name of a model that is switched off."""


def model_host(settings: Settings, /) -> OllamaHost:
    """Return the configured model host, to be entered and left."""
    ollama = settings.ollama
    return OllamaHost(
        ollama.url,
        bearer=revealed(ollama.bearer),
        ca_file=settings.base / ollama.ca_file if ollama.ca_file else None,
        timeouts=Timeouts(
            first_token=ollama.first_token_timeout,
            between_tokens=ollama.token_timeout,
            answer=ollama.answer_timeout,
        ),
        allow_cloud=ollama.allow_cloud,
    )


def embedder(settings: Settings, host: OllamaHost) -> OllamaEmbedder | None:
    """Return the model that embeds, unless it is switched off."""
    name = settings.ollama.embed_model
    return None if name == NONE else OllamaEmbedder(host, model=name)


def model(settings: Settings, host: OllamaHost) -> OllamaLanguageModel | None:
    """Return the model that writes, unless it is switched off."""
    ollama = settings.ollama
    if ollama.chat_model == NONE:
        return None
    return OllamaLanguageModel(host, model=ollama.chat_model, num_ctx=ollama.num_ctx)
