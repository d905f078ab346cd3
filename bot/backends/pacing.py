"""Watches the clock while a model writes: first line, next line, whole answer."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import TypeVar

from bot.backends.closing import closing
from bot.core.errors import Unavailable

T = TypeVar("T")


async def paced(
    lines: AsyncGenerator[T, None], /, *, first: float, between: float, whole: float
) -> AsyncGenerator[T, None]:
    """Pass lines on while they come in time, and close them; limits are in seconds.

    The limit of the whole answer counts from its first line, because a model may
    have to be loaded before. Raises `Unavailable`.
    """
    clock = asyncio.get_running_loop().time
    limit, end = clock() + first, None
    async with aclosing(lines):
        while True:
            try:
                async with asyncio.timeout_at(limit):
                    line = await anext(lines)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                if end is None:
                    late = f"did not begin to answer within {first:g} s"
                elif limit == end:
                    late = f"did not finish its answer within {whole:g} s"
                else:
                    late = f"fell silent for {between:g} s in its answer"
                raise Unavailable(f"the model {late}") from error
            yield line
            end = clock() + whole if end is None else end
            limit = min(clock() + between, end)


async def until(end: float, events: AsyncIterator[T], /) -> AsyncGenerator[T, None]:
    """Pass events on up to a time of the loop's clock, and close them.

    Raises `Unavailable` when the time has come.
    """
    async with closing(events):
        while True:
            try:
                async with asyncio.timeout_at(end):
                    event = await anext(events)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                raise Unavailable("the time for this answer is used up") from error
            yield event
