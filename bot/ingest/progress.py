"""How a long run says where it is."""

from enum import StrEnum
from typing import Protocol


class Stage(StrEnum):
    """What a sync is doing."""

    LISTING = "listing"
    FETCHING = "fetching"
    EMBEDDING = "embedding"
    REBUILDING = "rebuilding"
    MENDING = "mending"
    VERIFYING = "verifying"


class Progress(Protocol):
    """Is told how far a stage is; must return quickly."""

    def __call__(self, stage: Stage, /, *, done: int, total: int | None) -> None:
        """`total` is None while it is not known."""


def silent(stage: Stage, /, *, done: int, total: int | None) -> None:
    """Say nothing."""
