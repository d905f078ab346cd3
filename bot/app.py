"""The composition root: settings in, a running app out."""

import contextlib
import difflib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import entry_points
from typing import Protocol, assert_never

from pydantic import SecretStr

from bot.answering.pipeline import Answering
from bot.answering.retrieval import Retrieval
from bot.backends import lance, weaviate
from bot.backends.memory import MemoryIndex
from bot.backends.ollama import (
    OllamaEmbedder,
    OllamaHost,
    OllamaLanguageModel,
    Timeouts,
)
from bot.chat.console import Desk
from bot.core.access import Audience, principal
from bot.core.errors import ConfigError, Unavailable
from bot.core.model import Language, Profile
from bot.core.ports import (
    ActiveGeneration,
    Catalogue,
    ChunkStore,
    Embedder,
    IndexGenerations,
    LanguageModel,
    PassageIndex,
)
from bot.core.sync import SourceStatus
from bot.ingest.engine import Engine
from bot.ingest.generations import Build
from bot.ingest.plan import Listing, SyncPlan
from bot.ingest.progress import Progress, silent
from bot.ingest.sync import Stores
from bot.settings import Settings, SourceSettings
from bot.state.store import State, open_state, writer_lock
from connectors.api import Connector, Context
from connectors.errors import OptionsError, SourceError

CONNECTORS = "shirube.connectors"

NONE = "none"
"""The name of a model that is switched off."""


class Index(PassageIndex, ChunkStore, IndexGenerations, Protocol):
    """What an index backend is."""


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """Everything that runs, wired together."""

    settings: Settings
    state: State
    index: Index
    host: OllamaHost
    embedder: OllamaEmbedder | None
    model: OllamaLanguageModel | None
    engine: Engine
    answering: Answering
    clock: Callable[[], datetime] = now

    def desk(
        self,
        language: Language,
        /,
        *,
        profile: Profile | None = None,
        names: Sequence[str] | None = None,
    ) -> Desk:
        """Return a desk for the person at the terminal.

        `names` narrows what that person holds; a name that is not held is a
        `ConfigError`, because it would widen it.
        """
        held = self.settings.console.held()
        chosen = frozenset(map(principal, names)) if names else held
        if chosen - held:
            raise ConfigError(
                f"the terminal does not hold {', '.join(sorted(chosen - held))}; "
                "add it to console.principals"
            )
        return Desk(
            answering=self.answering,
            conversations=self.state.conversations,
            audience=Audience(principals=chosen),
            clock=self.clock,
            language=language,
            profile=profile or self.settings.answers.profile,
        )

    def chosen(self, name: str | None, /) -> Sequence[SourceSettings]:
        """Return one source by its name, or all of them."""
        sources = self.settings.sources
        if not sources:
            raise ConfigError(
                "there are no sources; add a [[sources]] table to shirube.toml, "
                "or let `shirube init` write one"
            )
        if name is None:
            return sources
        for source in sources:
            if source.name == name:
                return [source]
        names = [source.name for source in sources]
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
        raise ConfigError(f"no source {name!r}; {hint}")

    def connector(self, source: SourceSettings, /) -> Connector:
        """Return the connector of a source; raises `ConfigError` for its options."""
        found = {point.name: point for point in entry_points(group=CONNECTORS)}
        if source.connector not in found:
            near = difflib.get_close_matches(source.connector, found, n=1)
            hint = near[0] if near else ", ".join(sorted(found))
            raise ConfigError(
                f"source {source.name!r}: no connector {source.connector!r}; try {hint}"
            )
        context = Context(
            source=source.name,
            options=source.options,
            base=self.settings.base,
            cache=self.settings.folder() / "sources" / source.name,
            layers=(frozenset(source.access),) if source.access else (),
            link=source.link,
        )
        try:
            connect = found[source.connector].load()
            connector: Connector = connect(context)
        except OptionsError as error:
            raise ConfigError(str(error)) from error
        return connector

    async def leftovers(self) -> Sequence[SourceStatus]:
        """Return the sources that are answered from and that no setting names."""
        named = {source.name for source in self.settings.sources}
        return [
            row
            for row in await self.state.catalogue.sources()
            if row.documents and row.source not in named
        ]

    async def warm_up(self) -> None:
        """Load the models; a host that does not answer is found out when asked."""
        with contextlib.suppress(Unavailable, ConfigError):
            if self.model is not None:
                await self.model.warm_up()
            if self.embedder is not None:
                await self.embedder.warm_up()

    def samples(self, connector: Connector, /) -> list[str]:
        """Return sample links; raises `BotError` where the source cannot be read."""
        try:
            return connector.samples()
        except SourceError as error:
            raise Unavailable(str(error)) from error

    async def preview(
        self, source: SourceSettings, progress: Progress, /
    ) -> tuple[Listing, SyncPlan]:
        """Say what a sync of a source would do; raises `BotError`."""
        connector = self.connector(source)
        try:
            return await self.engine.preview(source.name, connector, progress=progress)
        except SourceError as error:
            raise Unavailable(str(error)) from error


class Searchable(Protocol):
    """What answering needs of an index with its catalogue; `evaluation` has its own."""

    @property
    def index(self) -> PassageIndex:
        """What is searched."""

    @property
    def catalogue(self) -> Catalogue:
        """What may be shown."""

    @property
    def generations(self) -> ActiveGeneration:
        """Which build of the index answers."""

    @property
    def embedder(self) -> Embedder | None:
        """What embeds questions."""


def answering(over: Searchable, model: LanguageModel | None, /) -> Answering:
    """Return what answers questions over an index."""
    return Answering(
        retrieval=Retrieval(
            index=over.index, catalogue=over.catalogue, embedder=over.embedder
        ),
        index=over.index,
        catalogue=over.catalogue,
        generations=over.generations,
        model=model,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Live:
    """The team's own documents."""

    index: PassageIndex
    catalogue: Catalogue
    generations: ActiveGeneration
    embedder: Embedder | None


@asynccontextmanager
async def opened(
    settings: Settings, /, *, writing: bool = False, clock: Callable[[], datetime] = now
) -> AsyncIterator[App]:
    """Open everything, and close it again in reverse order.

    `writing` takes the writer lock, which one process can hold.
    """
    async with AsyncExitStack() as stack:
        state = await _state(settings, stack, writing=writing, clock=clock)
        index = await _index(settings, stack)
        host = await stack.enter_async_context(model_host(settings))
        embedder = _embedder(settings, host)
        model = _model(settings, host)
        build = Build(
            generations=state.generations,
            index=index,
            chunks=index,
            projection=state.projection,
        )
        live = _Live(
            index=index,
            catalogue=state.catalogue,
            generations=state.generations,
            embedder=embedder,
        )
        engine = _engine(
            settings=settings,
            state=state,
            index=index,
            build=build,
            embedder=embedder,
            clock=clock,
        )
        if settings.index.backend == "memory":
            await engine.restore(progress=silent)
        yield App(
            settings=settings,
            state=state,
            index=index,
            host=host,
            embedder=embedder,
            model=model,
            engine=engine,
            answering=answering(live, model),
            clock=clock,
        )


async def _state(
    settings: Settings,
    stack: AsyncExitStack,
    *,
    writing: bool,
    clock: Callable[[], datetime],
) -> State:
    folder, url = settings.folder(), settings.state.address()
    if writing:
        await stack.enter_async_context(writer_lock(folder, holder="sync", url=url))
    return await stack.enter_async_context(open_state(folder, clock=clock, url=url))


def _engine(
    *,
    settings: Settings,
    state: State,
    index: Index,
    build: Build,
    embedder: Embedder | None,
    clock: Callable[[], datetime],
) -> Engine:
    stores = Stores(
        ledger=state.ledger,
        runs=state.runs,
        projection=state.projection,
        quarantine=state.quarantine,
        chunks=index,
    )
    return Engine(
        backend=settings.index.backend,
        build=build,
        stores=stores,
        cache=state.vectors,
        embedder=embedder,
        clock=clock,
    )


async def _index(settings: Settings, stack: AsyncExitStack) -> Index:
    index = settings.index
    match index.backend:
        case "memory":
            return MemoryIndex()
        case "lance":
            opening = lance.open_index(settings.folder() / "index")
            return await stack.enter_async_context(opening)
        case "weaviate":
            return await stack.enter_async_context(
                weaviate.open_index(
                    index.url,
                    grpc=index.grpc,
                    api_key=_secret(index.api_key),
                    prefix=index.prefix,
                    replication=index.replication,
                    shards=index.shards,
                )
            )
        case _:
            assert_never(index.backend)


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value else None


def model_host(settings: Settings, /) -> OllamaHost:
    """Return the configured model host, to be entered and left."""
    ollama = settings.ollama
    return OllamaHost(
        ollama.url,
        bearer=_secret(ollama.bearer),
        ca_file=settings.base / ollama.ca_file if ollama.ca_file else None,
        timeouts=Timeouts(
            first_token=ollama.first_token_timeout,
            between_tokens=ollama.token_timeout,
            answer=ollama.answer_timeout,
        ),
        allow_cloud=ollama.allow_cloud,
    )


def _embedder(settings: Settings, host: OllamaHost) -> OllamaEmbedder | None:
    name = settings.ollama.embed_model
    return None if name == NONE else OllamaEmbedder(host, model=name)


def _model(settings: Settings, host: OllamaHost) -> OllamaLanguageModel | None:
    ollama = settings.ollama
    if ollama.chat_model == NONE:
        return None
    return OllamaLanguageModel(host, model=ollama.chat_model, num_ctx=ollama.num_ctx)
