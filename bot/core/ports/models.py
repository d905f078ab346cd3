"""Models that embed and that write."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from bot.core.model import EmbeddingSpec, Profile, Vector


class Embedder(Protocol):
    """Turns texts into vectors, with the prefixes that its model wants."""

    async def spec(self) -> EmbeddingSpec:
        """Say which vectors come out; asks the host.

        Raises `ConfigError` for a model that is missing or served from a cloud.
        """

    async def embed_documents(self, texts: Sequence[str], /) -> list[Vector | None]:
        """One vector a text, in order; None where the model rejects the text."""

    async def embed_query(self, text: str, /) -> Vector:
        """Embed what is searched for."""


class Role(StrEnum):
    """Who says a message of the prompt."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a prompt."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """The model that writes; `context` and `output` are its limits in tokens."""

    model: str
    digest: str
    context: int
    output: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A piece of text as it comes from the model; never empty."""

    text: str


class Ending(StrEnum):
    """Why the model stopped."""

    STOP = "stop"
    OUTPUT_LIMIT = "output_limit"
    CONTEXT_LIMIT = "context_limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """The last thing a generation yields."""

    ending: Ending
    prompt_tokens: int
    output_tokens: int


class LanguageModel(Protocol):
    """Writes text, token by token."""

    async def describe(self) -> ModelSpec:
        """Say which model answers and how much it takes.

        Raises `ConfigError` for a model that is missing or served from a cloud.
        """

    def measure(self, text: str, /) -> int:
        """Estimate the tokens of a text, rather too many than too few."""

    def generate(
        self, messages: Sequence[Message], /, *, profile: Profile
    ) -> AsyncIterator[Token | Completion]:
        """Stream the model's text and end with a `Completion`.

        Closing the iterator frees the model. Nothing of the prompt is ever cut in
        silence: `ContextOverflow` is raised instead, before the first token.
        Raises `Unavailable` before the first token and `Interrupted` after it.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far a question is from its turn: at position 0 the model is its own.

    `wait` is an estimate, in seconds.
    """

    position: int
    wait: float


def _unseen(_: Place, /) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """Who asks a model, so that waiting is fair, and where.

    Askers take turns; a conversation stays with the host that has read it. `moved`
    hears of every change of place, from the first one on; it must return at once
    and must not raise.
    """

    asker: str = ""
    conversation: str = ""
    moved: Callable[[Place], None] = field(default=_unseen, compare=False)


TICKET: ContextVar[Ticket | None] = ContextVar("ticket", default=None)
"""The ticket of the question that the current task works on."""


class OpenQuestions(Protocol):
    """Whether somebody waits for an answer now, in any process."""

    async def any(self) -> bool:
        """Return true while a question is open and due."""
