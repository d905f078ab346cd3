"""Picks models that a host can run now, for a first try without any settings."""

import asyncio
from dataclasses import dataclass

from bot.backends.ollama.host import OllamaHost
from bot.backends.ollama.models import ModelFacts, canonical, look_up
from bot.backends.ollama.wire import Tags
from bot.core.errors import BotError


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The models to use, None where there is none; problems are sentences."""

    chat: str | None = None
    embed: str | None = None
    problems: tuple[str, ...] = ()


async def choose(
    host: OllamaHost, /, *, chat: str, embed: str, limit: float = 3.0
) -> Chosen:
    """Choose the named models where the host has them, else others that it has.

    Models served from a cloud are never chosen. Never raises; a host that does not
    answer within `limit` seconds has no models.
    """
    try:
        async with asyncio.timeout(limit):
            tags = await host.get("/api/tags", Tags)
            found = [await _facts(host, model.name) for model in tags.models]
    except TimeoutError:
        silent = f"Ollama at {host.url} did not answer within {limit:g} s"
        return Chosen(problems=(silent,))
    except BotError as error:
        return Chosen(problems=(str(error),))
    usable = [facts for facts in found if facts is not None]
    return Chosen(
        chat=_pick(usable, chat, "completion"), embed=_pick(usable, embed, "embedding")
    )


def _pick(usable: list[ModelFacts], wanted: str, capability: str) -> str | None:
    able = [facts.name for facts in usable if capability in facts.capabilities]
    named = (name for name in able if canonical(name) == canonical(wanted))
    return next(named, able[0] if able else None)


async def _facts(host: OllamaHost, model: str) -> ModelFacts | None:
    try:
        return await look_up(host, model)
    except BotError:
        return None
