"""Everything that `shirube check` looks at, each thing opened by itself.

What is down must not hide the rest: nothing here needs the whole app.
"""

import asyncio
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Sequence,
)
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

from bot.app import sources, stores
from bot.app.checking.hosts import host_things
from bot.app.checking.slack import slack_things
from bot.app.discretion import kept_back
from bot.app.rooms import Rooms
from bot.app.running import now
from bot.app.secret import secrets
from bot.core.errors import BotError, Unavailable
from bot.core.model import Generation, Language
from bot.core.sync import SourceStatus
from bot.ops.check import LIMIT, Finding, Findings, Level, Speaker, Thing, aside, fault
from bot.ops.drift import SECONDS, drift, drift_findings
from bot.ops.models import known_findings
from bot.ops.stores import (
    Use,
    database_findings,
    engine_findings,
    generation_finding,
    key_finding,
)
from bot.settings import Settings, SourceSettings
from bot.settings.exposure import telling
from bot.state.report import report
from bot.state.store import State, state_site
from bot.text import findings as say
from bot.text.ageing import RIGHTS_OLD
from bot.text.discretion import KEPT_BACK
from bot.text.phrases import Phrase

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


@asynccontextmanager
async def things(
    settings: Settings,
    language: Language,
    /,
    *,
    whole: bool = False,
    clock: Callable[[], datetime] = now,
) -> AsyncIterator[Sequence[Thing]]:
    """Open the state database, and give all that there is to look at.

    With `whole` the index is compared with the catalogue to the last chunk,
    however long it takes.
    """
    async with AsyncExitStack() as stack:
        state: State | BotError
        try:
            async with asyncio.timeout(LIMIT):
                state = await stores.state(
                    settings, stack, writing=False, holder="check", clock=clock
                )
        except TimeoutError:
            state = Unavailable(say.LATE.say(language, seconds=f"{LIMIT:g}"))
        except BotError as error:
            state = error
        checking = _Checking(
            settings=settings,
            speaker=Speaker(language),
            state=state,
            whole=whole,
        )
        yield [*checking.things()]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checking:
    """What there is to look at, with what a look needs."""

    settings: Settings
    speaker: Speaker
    state: State | BotError
    whole: bool

    def things(self) -> Iterator[Thing]:
        """Name everything, in the order in which it is shown."""
        yield self._thing("settings", say.SETTINGS, self._settings)
        for source in self.settings.sources:
            yield self._source(source)
        yield self._thing("state", say.STATE, self._state)
        index = self._thing("index", say.INDEX, self._index)
        yield replace(index, limit=None) if self.whole else index
        if self.settings.index.backend == "weaviate":
            yield self._thing("index", say.INDEX, self._keys)
        yield from host_things(self.settings, self.speaker, self._active)
        yield from slack_things(self.settings, self.speaker, clock=now)

    async def _settings(self) -> Findings:
        folder = self.settings.folder()
        findings = [self.speaker.ok(say.SETTINGS_FINE, folder=folder)]
        if not self.settings.sources:
            findings.append(self.speaker.error(say.NO_SOURCES))
        hidden = secrets(self.settings)
        findings += [
            self.speaker.warning(say.TELLING, file=file)
            for file in self.settings.written()
            if telling(file, hidden)
        ]
        return findings

    def _source(self, source: SourceSettings) -> Thing:
        read = partial(_source_findings, self.settings, source, self.speaker)
        return Thing(
            name=f"source {source.name}",
            title=say.SOURCE.say(self.speaker.language, name=source.name),
            look=partial(aside, read),
            fault=Level.WARNING,  # slow is no reason to fail: a sync waits for longer
        )

    async def _state(self) -> Findings:
        if isinstance(self.state, BotError):
            raise self.state
        site = state_site(self.settings.folder(), url=self.settings.state.address())
        told = await report(site)
        rows = await self.state.catalogue.sources()
        return [
            *database_findings(told, self.speaker.language),
            *(
                self.speaker.warning(
                    say.LEFTOVER, source=row.source, count=row.documents
                )
                for row in sources.leftovers(rows, self.settings.sources)
            ),
            *self._kept_back(rows),
            *self._late(rows),
        ]

    def _kept_back(self, rows: Iterable[SourceStatus]) -> Iterator[Finding]:
        """Name sources that chats do not get, though no table says so."""
        if self.settings.slack.wanted:
            for row in kept_back(rows, self.settings.sources):
                yield self.speaker.warning(
                    KEPT_BACK, source=row.source, count=row.documents
                )

    def _late(self, rows: Iterable[SourceStatus]) -> Iterator[Finding]:
        """Name sources of which too little is used, because nobody read them."""
        ageing = stores.ageing(self.settings, now)
        for row in rows:
            if row.documents and ageing.late(row.source, row.last_success):
                days = ageing.valid[row.source] / timedelta(days=1)
                yield self.speaker.warning(
                    RIGHTS_OLD, source=row.source, days=f"{days:g}"
                )

    async def _active(self) -> Generation | None:
        return (
            None
            if isinstance(self.state, BotError)
            else await self.state.generations.active()
        )

    # --- the index -----------------------------------------------------------

    async def _index(self) -> Findings:
        state = None if isinstance(self.state, BotError) else self.state
        generation = await self._active()
        async with AsyncExitStack() as stack:
            index = stores.index(self.settings, stack, writing=False)
            told = await index.report(generation)
            findings = [
                *engine_findings(
                    told,
                    self.speaker.language,
                    copies=self.settings.index.replication,
                )
            ]
            if state and generation is None:
                findings.append(self.speaker.warning(say.NEVER_SYNCED))
            if state and generation:
                findings += known_findings(generation, self.speaker.language)
                try:
                    findings += await self._generation(generation, index, state)
                except BotError as error:
                    findings.append(fault(error, self.speaker.language))
        return findings

    async def _generation(
        self, generation: Generation, index: Rooms, state: State
    ) -> Findings:
        rows = await state.catalogue.sources()
        documents = sum(row.documents for row in rows)
        language = self.speaker.language
        if generation.spec.backend == "memory":  # each process has its own
            return [
                generation_finding(generation, language, documents=documents, chunks=0)
            ]
        found = await drift(
            generation,
            index=index,
            projection=state.projection,
            seconds=None if self.whole else SECONDS,
        )
        return [
            generation_finding(
                generation, language, documents=documents, chunks=found.chunks
            ),
            *drift_findings(found, language),
        ]

    async def _keys(self) -> Findings:
        """Prove what each key may do; a server that is away is said elsewhere."""
        language, place = self.speaker.language, self.settings.index.url
        findings = []
        for setting, use in _uses(self.settings):
            writing = use is not Use.READING
            async with stores.weaviate_index(self.settings, writing=writing) as index:
                try:
                    rights = await index.rights()
                except Unavailable:
                    continue
            if rights.anybody and not _on_this_machine(place):
                findings.append(self.speaker.warning(say.ANYBODY, place=place))
            elif not rights.anybody:
                findings.append(key_finding(setting, rights, use, language))
        return findings

    def _thing(
        self, name: str, title: Phrase, look: Callable[[], Awaitable[Findings]]
    ) -> Thing:
        return Thing(name=name, title=title.say(self.speaker.language), look=look)


def _source_findings(
    settings: Settings, source: SourceSettings, speaker: Speaker
) -> Findings:
    """Look at one source; blocks."""
    try:
        made = sources.connector(settings, source)
        problems = made.check()
        links = [] if problems else sources.samples(made)
    except BotError as error:
        return [fault(error, speaker.language)]
    if problems:
        return [
            speaker.error(
                say.SOURCE_PROBLEM,
                source=source.name,
                what=problem.what,
                fix=problem.fix,
            )
            for problem in problems
        ]
    readable = speaker.ok(say.READABLE, source=source.name)
    if not links:
        return [readable, speaker.ok(say.NO_LINKS, source=source.name)]
    shown = " ".join(links)
    return [readable, speaker.ok(say.LINKS, source=source.name, links=shown)]


def _uses(settings: Settings) -> Iterable[tuple[str, Use]]:
    """Say which keys are set, and for what each is used."""
    if settings.index.reader_key is None:
        return [("index.api_key", Use.BOTH)]
    reads = ("index.reader_key", Use.READING)
    if settings.index.api_key is None:
        return [reads]
    return [reads, ("index.api_key", Use.WRITING)]


def _on_this_machine(url: str) -> bool:
    return urlsplit(url).hostname in _HERE
