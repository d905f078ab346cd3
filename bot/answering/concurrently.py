"""Runs calls side by side."""

from asyncio import TaskGroup
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def together(*calls: Coroutine[Any, Any, T]) -> list[T]:
    """Return what the calls return, in their order.

    The first error stops the others and is raised as it is, not in a group.
    """
    try:
        async with TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]
