"""Closes a stream that is left early, and tells how a model's stream ended."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import TypeVar

import structlog

from bot.core.errors import ConfigError, ContextOverflow, Unavailable
from bot.core.model import Profile
from bot.core.ports import Completion, Ending, LanguageModel, Message, Token
from bot.telemetry import MODEL_FAILED

T = TypeVar("T")

log = structlog.get_logger()


class Stop(StrEnum):
    """How the text of a model ended."""

    DONE = "done"
    CUT = "cut"
    BROKEN = "broken"
    OVERFLOW = "overflow"


@asynccontextmanager
async def closing(stream: AsyncIterator[T]) -> AsyncIterator[AsyncIterator[T]]:
    """Close `stream` however the block is left; for a model that frees its host."""
    try:
        yield stream
    finally:
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()


async def texts(
    model: LanguageModel, messages: Sequence[Message], profile: Profile
) -> AsyncIterator[str | Stop]:
    """Yield what the model writes, and at the end always how it stopped."""
    stop = Stop.DONE
    try:
        async with closing(model.generate(messages, profile=profile)) as stream:
            async for item in stream:
                match item:
                    case Token(text=text):
                        yield text
                    case Completion(ending=ending):
                        stop = Stop.DONE if ending is Ending.STOP else Stop.CUT
    except ContextOverflow:
        stop = Stop.OVERFLOW
    except (Unavailable, ConfigError) as error:
        log.warning(MODEL_FAILED, error=str(error))
        stop = Stop.BROKEN
    yield stop
