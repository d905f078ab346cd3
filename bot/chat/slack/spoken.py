"""Says in which language somebody has Slack."""

from typing import TypeVar

from bot.chat.slack.directory import Directory
from bot.core.errors import Unavailable
from bot.core.model import Language

Default = TypeVar("Default", Language, None)


async def spoken(
    directory: Directory, user: str, /, *, default: Default
) -> Language | Default:
    """Return the language in which somebody has Slack, or the default."""
    try:
        locale = await directory.locale(user)
    except Unavailable:
        locale = None
    if not locale:
        return default
    return Language.JA if locale.startswith("ja") else Language.EN
