"""The only reader of the environment: variables, `.env`, secret files, shirube.toml."""

from bot.settings.hosts import NONE, HostSettings
from bot.settings.reading import Settings, dotted_keys, load, suggestion, variables
from bot.settings.tables import Ollama, SourceSettings

__all__ = [
    "NONE",
    "HostSettings",
    "Ollama",
    "Settings",
    "SourceSettings",
    "dotted_keys",
    "load",
    "suggestion",
    "variables",
]
