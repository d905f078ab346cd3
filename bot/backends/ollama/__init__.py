"""Ollama as language model and as embedder, over HTTP of our own.

The `ollama` package is not used: its requests cannot say `truncate: false`, its
answers leave out whether a model is served from a cloud, and it sends the
environment's `OLLAMA_API_KEY` to any host.
"""

from bot.backends.endpoint import Timeouts
from bot.backends.ollama.chat import OllamaLanguageModel
from bot.backends.ollama.choosing import Chosen, choose
from bot.backends.ollama.embedding import OllamaEmbedder
from bot.backends.ollama.host import OllamaHost
from bot.backends.ollama.report import inspect
from bot.backends.ollama.residency import Residency
from bot.core.reports import CloudState, HostReport, ModelReport

__all__ = [
    "Chosen",
    "CloudState",
    "HostReport",
    "ModelReport",
    "OllamaEmbedder",
    "OllamaHost",
    "OllamaLanguageModel",
    "Residency",
    "Timeouts",
    "choose",
    "inspect",
]
