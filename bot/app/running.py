"""The running app: what commands ask of the rooms, wired together."""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.answering.pipeline import Answering
from bot.app import sources
from bot.app.hosts import ConfiguredHost
from bot.app.models import Models
from bot.app.rooms import Rooms
from bot.chat.console import Desk
from bot.chat.entries import Entries
from bot.core.access import Audience, principal
from bot.core.errors import ConfigError, Unavailable
from bot.core.model import Language, Profile
from bot.core.ports import Embedder, LanguageModel
from bot.core.sync import SourceStatus
from bot.ingest.engine import Engine
from bot.ingest.plan import Listing, SyncPlan
from bot.ingest.progress import Progress
from bot.settings import Settings, SourceSettings
from bot.state.store import State
from connectors.api import Connector
from connectors.errors import SourceError


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """Everything that runs, wired together."""

    settings: Settings
    state: State
    index: Rooms
    models: Models
    engine: Engine
    answering: Answering
    clock: Callable[[], datetime] = now

    @property
    def hosts(self) -> tuple[ConfiguredHost, ...]:
        """The model hosts, each by itself."""
        return self.models.hosts

    @property
    def model(self) -> LanguageModel | None:
        """The model that writes."""
        return self.models.gate

    @property
    def embedder(self) -> Embedder | None:
        """The model that embeds documents."""
        return self.models.documents

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
            entries=Entries(
                questions=self.state.questions,
                upkeep=self.state.inbox_upkeep,
                clock=self.clock,
            ),
            audience=Audience(principals=chosen),
            clock=self.clock,
            language=language,
            profile=profile or self.settings.answers.profile,
        )

    def chosen(self, name: str | None, /) -> Sequence[SourceSettings]:
        """Return one source by its name, or all of them."""
        named = self.settings.sources
        if not named:
            raise ConfigError(
                "there are no sources; add a [[sources]] table to shirube.toml, "
                "or let `shirube init` write one"
            )
        if name is None:
            return named
        for source in named:
            if source.name == name:
                return [source]
        names = [source.name for source in named]
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
        raise ConfigError(f"no source {name!r}; {hint}")

    def connector(self, source: SourceSettings, /) -> Connector:
        """Return the connector of a source; raises `ConfigError` for its options."""
        return sources.connector(self.settings, source)

    async def leftovers(self) -> Sequence[SourceStatus]:
        """Return the sources that are answered from and that no setting names."""
        rows = await self.state.catalogue.sources()
        return sources.leftovers(rows, self.settings.sources)

    async def forget_texts(self) -> None:
        """Forget what was said longer ago than the settings want it kept."""
        keep = self.settings.retention.texts
        await self.state.inbox_upkeep.purge(before=self.clock() - keep)

    async def watch(self) -> None:
        """Look after the model hosts, until cancelled."""
        await self.models.watch()

    async def warm_up(self) -> None:
        """Load the models; a host that does not answer is found out when asked."""
        await self.models.warm_up()

    async def preview(
        self, source: SourceSettings, progress: Progress, /
    ) -> tuple[Listing, SyncPlan]:
        """Say what a sync of a source would do; raises `BotError`."""
        connector = self.connector(source)
        try:
            return await self.engine.preview(source.name, connector, progress=progress)
        except SourceError as error:
            raise Unavailable(str(error)) from error
