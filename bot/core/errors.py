"""What can go wrong, classed by what the caller does next.

Our exception hierarchy:

* BotError
  x ConfigError        the operator changes a setting
  x Unavailable        try again, perhaps after `retry_after`
    + ReadOnly         the store answers reads and refuses writes
    + PartialWrite     some of a batch was not stored; `ids` says which
    + Gone             the index has lost a whole generation; a sync builds it anew
    + ContextOverflow  the prompt is too long; carries both token counts
    + Interrupted      the model broke off after it had begun
  x Refused            tell the asker why
  x Conflict           somebody else was faster; read again and decide

What a source can raise lives in `connectors.errors`.
"""

from collections.abc import Collection


class BotError(Exception):
    """The root of everything the bot raises on purpose."""


class ConfigError(BotError):
    """A setting must change; the text says which one and to what."""


class Unavailable(BotError):
    """Something we depend on does not answer now."""

    def __init__(self, message: str, /, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ReadOnly(Unavailable):
    """The store answers reads and refuses writes."""


class PartialWrite(Unavailable):
    """Some chunks of a batch were not stored; putting them again is safe."""

    def __init__(self, message: str, /, *, ids: Collection[str]) -> None:
        super().__init__(message)
        self.ids = frozenset(ids)


class Gone(Unavailable):
    """The index does not hold that generation, and will not by itself."""


class ContextOverflow(Unavailable):
    """The prompt does not fit the model's context; counts are in tokens."""

    def __init__(
        self, message: str, /, *, prompt: int | None = None, context: int | None = None
    ) -> None:
        super().__init__(message)
        self.prompt = prompt
        self.context = context


class Interrupted(Unavailable):
    """The model broke off, or fell silent, after its first token."""


class Refused(BotError):
    """The question cannot be taken; the text may be shown to the asker."""


class Conflict(BotError):
    """The state changed under us: a lost compare-and-set, a fenced-off run."""
