"""The composition root: settings in, a running app out."""

from bot.app.answers import Searchable, answering
from bot.app.models import NONE, model_host
from bot.app.opening import opened
from bot.app.running import App, now

__all__ = ["NONE", "App", "Searchable", "answering", "model_host", "now", "opened"]
