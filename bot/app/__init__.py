"""The composition root: settings in, a running app out."""

from bot.app.answers import Searchable, answering
from bot.app.hosts import ConfiguredHost, server
from bot.app.models import Models
from bot.app.opening import opened
from bot.app.running import App, now
from bot.settings import NONE

__all__ = [
    "NONE",
    "App",
    "ConfiguredHost",
    "Models",
    "Searchable",
    "answering",
    "now",
    "opened",
    "server",
]
