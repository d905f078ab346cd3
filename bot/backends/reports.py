"""What model hosts report, under one name for all adapters."""

from dataclasses import dataclass

from bot.core.reports import CloudState, HostReport, ModelReport

__all__ = ["CloudState", "HostReport", "ModelReport", "Usable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usable:
    """Which of the configured models can be used at once; problems are sentences."""

    chat: bool
    embed: bool
    problems: tuple[str, ...] = ()
