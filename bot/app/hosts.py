"""The model hosts that the settings name, each with its models."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, assert_never

from bot.app.secret import revealed
from bot.backends import ollama, openai
from bot.backends.endpoint import Timeouts
from bot.backends.ollama import (
    OllamaEmbedder,
    OllamaHost,
    OllamaLanguageModel,
    Residency,
)
from bot.backends.openai import OpenAIEmbedder, OpenAIHost, OpenAILanguageModel
from bot.core.errors import BotError
from bot.core.reports import HostReport
from bot.settings import HostSettings

Server: TypeAlias = OllamaHost | OpenAIHost
Writer: TypeAlias = OllamaLanguageModel | OpenAILanguageModel
OneEmbedder: TypeAlias = OllamaEmbedder | OpenAIEmbedder


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredHost:
    """One model host of the settings, open; its kind is the type of `server`.

    `chat` and `embed` name the models it is asked for, None where it has no such
    part; `writer` and `embedder` are those models, on this host alone. `context` is
    what the settings say of the window, if they do.
    """

    name: str
    server: Server
    slots: int
    chat: str | None
    embed: str | None
    context: int | None
    writer: Writer | None
    embedder: OneEmbedder | None

    @property
    def models(self) -> tuple[str, ...]:
        """The models that the host has to have."""
        return tuple(name for name in (self.chat, self.embed) if name)

    async def report(self) -> HostReport:
        """Ask the host for everything that `check` shows; never raises."""
        match self.server:
            case OllamaHost():
                return await ollama.inspect(self.server, self.models)
            case OpenAIHost():
                return await openai.inspect(
                    self.server, self.models, writes=self.chat, context=self.context
                )
            case _:
                assert_never(self.server)

    async def warm_up(self) -> tuple[str, ...]:
        """Load its models, however long it takes; return warnings."""
        warnings: tuple[str, ...] = ()
        for model in (self.writer, self.embedder):
            try:
                warnings += (await model.warm_up() if model else None) or ()
            except BotError as error:
                warnings += (str(error),)
        return warnings


def configured(settings: HostSettings, opened: Server, /) -> ConfiguredHost:
    """Return a host with its models."""
    return ConfiguredHost(
        name=settings.name,
        server=opened,
        slots=settings.slots,
        chat=settings.chat,
        embed=settings.embed,
        context=settings.context,
        writer=_writer(settings, opened, settings.chat) if settings.chat else None,
        embedder=embedder(opened, settings.embed) if settings.embed else None,
    )


def server(settings: HostSettings, base: Path, /) -> Server:
    """Return the server of a host, to be entered and left."""
    kind = OllamaHost if settings.kind == "ollama" else OpenAIHost
    return kind(
        settings.url,
        bearer=revealed(settings.bearer),
        ca_file=base / settings.ca_file if settings.ca_file else None,
        timeouts=Timeouts(
            first_token=settings.first_token_timeout,
            between_tokens=settings.token_timeout,
            answer=settings.answer_timeout,
        ),
        allow_cloud=settings.allow_cloud,
    )


def embedder(opened: Server, model: str, /) -> OneEmbedder:
    """Return a model that embeds on one host."""
    match opened:
        case OllamaHost():
            return OllamaEmbedder(opened, model=model)
        case OpenAIHost():
            return OpenAIEmbedder(opened, model=model)
        case _:
            assert_never(opened)


def look(opened: Server, model: str, /) -> Callable[[], Awaitable[Sequence[str]]]:
    """Return what looks at how a model lies in the memory of one host."""
    match opened:
        case OllamaHost():
            return Residency(opened, [model]).look
        case OpenAIHost():
            return _unseen
        case _:
            assert_never(opened)


async def _unseen() -> Sequence[str]:
    return ()


def revive(writer: Writer, /) -> Callable[[], Awaitable[None]]:
    """Return what may bring a model that does not begin to answer back."""
    match writer:
        case OllamaLanguageModel():
            return writer.unload
        case OpenAILanguageModel():
            return _left
        case _:
            assert_never(writer)


async def _left() -> None:
    pass


def _writer(settings: HostSettings, opened: Server, model: str) -> Writer:
    match opened:
        case OllamaHost():
            return OllamaLanguageModel(opened, model=model, num_ctx=settings.num_ctx)
        case OpenAIHost():
            return OpenAILanguageModel(
                opened, model=model, context=settings.context, added=settings.request
            )
        case _:
            assert_never(opened)
